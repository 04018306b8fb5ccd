"""The `emitter` command: a client of the REST API, for people who write receivers."""
