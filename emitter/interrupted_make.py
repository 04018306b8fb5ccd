"""Notices that the `make` which runs us was interrupted.

GNU make passes a SIGTERM on to its recipe, but not a SIGINT: it takes for granted that the terminal
has sent that to everyone. The stop button of an editor signals make alone, and make then waits for
us for ever. All that shows of it is that make no longer catches the signal.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path


def watch() -> Callable[[], bool] | None:
    """A function that says whether make was interrupted; None where there is nothing to watch."""
    parent = Path("/proc") / str(os.getppid())
    try:
        if "make" not in (parent / "comm").read_text() or not _catches_interrupt(parent):
            return None
    except OSError:
        return None  # No /proc here.

    def interrupted() -> bool:
        try:
            return not _catches_interrupt(parent)
        except OSError:
            return True  # make is gone altogether.

    return interrupted


def _catches_interrupt(process: Path) -> bool:
    for line in (process / "status").read_text().splitlines():
        if line.startswith("SigCgt:"):
            return bool(int(line.split()[1], 16) >> (signal.SIGINT - 1) & 1)
    return False
