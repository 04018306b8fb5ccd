"""When a language model may be asked: so many at a time, and not while it keeps failing. No Django.

Who waits for an answer holds one of the web process's threads. A model that hangs must not come to
hold all of them, or nothing else that the process serves would go on. So there is room for some,
and whoever finds none is told so at once. After failures in a row the model is left alone for a
while; then one question tries it, and the others are told no until that has ended, or for as long
again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from chatbots.counting import counted

FAILURES_IN_A_ROW: Final = 5
REST_SECONDS: Final = 10.0


class Closed(Exception):
    """Why the model may not be asked now: a sentence's end, for the log."""


class Gate:
    """`enter` before asking and `leave` when the exchange is over; say what became of it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._inside = 0
        self._failures = 0
        self._rests_until = 0.0

    def enter(self, at_once: int) -> None:
        """Take one of `at_once` places. Raises Closed, at once, where that cannot be."""
        with self._lock:
            if self._inside >= at_once:
                are = "is" if self._inside == 1 else "are"
                raise Closed(f"{counted(self._inside, 'answer')} {are} being waited for already.")
            if self._failures >= FAILURES_IN_A_ROW:
                left = self._rests_until - self._clock()
                if left > 0:
                    raise Closed(f"it failed {self._failures} times in a row; {left:.0f} s to go.")
                # This one tries it.
                self._rests_until = self._clock() + REST_SECONDS
            self._inside += 1

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1

    def answered(self) -> None:
        """It is well, whatever the answer was."""
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        """It was out of reach, too slow, or in trouble."""
        with self._lock:
            self._failures += 1
            self._rests_until = self._clock() + REST_SECONDS
