"""How fast deliveries go, as ratios to a plain design measured in the same run: `make bench`."""
