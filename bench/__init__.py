"""How fast it goes, as ratios to something measured in the same run: `make bench`."""
