"""The way in: everything that speaks HTTP to the emitter comes through `door.FrontDoor`."""
