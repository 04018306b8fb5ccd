"""`python -m emitter.cli`."""

from __future__ import annotations

from emitter.cli.main import run

run()
