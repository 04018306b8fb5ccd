"""The standard streams of a process that goes on when nobody reads them any more."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from typing import TextIO


def settle() -> None:
    """Make the streams take every letter, and have each of the three lead somewhere."""
    # A descriptor that is free would go to the next socket, and what is printed into it.
    while (place := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(place, True)
    os.close(place)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A letter that the encoding does not have is shown as \xeb, and nothing is lost.
            stream.reconfigure(errors="backslashreplace")


def say(text: str, stream: TextIO | None) -> None:
    """Lines for whoever reads `stream`; where it is closed or full, that is nobody."""
    if stream is None:
        return
    try:
        stream.write(f"{text}\n")
        stream.flush()
    except OSError:
        forget(stream.fileno())


def is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def forget(descriptor: int) -> None:
    """Python flushes its streams once more at its end: into nothing, then."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, descriptor)
    os.close(nothing)
