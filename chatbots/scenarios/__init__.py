"""Scenarios: whole conversations in small files, and the player that plays them in real time."""
