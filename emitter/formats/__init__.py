"""How the dashboard writes what is not text (FORMAT_MODULE_PATH)."""
