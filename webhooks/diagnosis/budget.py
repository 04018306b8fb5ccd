"""How much work one diagnosis may be: whoever holds a key may ask for as many as they like."""

from __future__ import annotations

import time
from typing import Final

# Of this thread's CPU. The call around it (reading the request, the secrets) fits into 0.3 s too.
SECONDS: Final = 0.22
# Seconds of this thread's CPU. Tests of what is named, not of how soon, let it run slower.
clock = time.thread_time


class Spent(Exception):
    """The time is over."""


class Budget:
    """CPU time of this thread from now on, in seconds; what it ends is noted, once each."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._until = clock() + seconds
        self.not_tried: list[str] = []

    def extend(self, seconds: float) -> None:
        """Give it so much from now on: there is something to say, and it has to be put in words."""
        self._until = max(self._until, clock() + seconds)

    def check(self) -> None:
        """Raise Spent when nothing is left."""
        if self.left() <= 0:
            raise Spent

    def left(self) -> float:
        """Seconds left; below zero when it is spent."""
        return self._until - clock()

    def spent(self, what: str = "") -> bool:
        """Whether nothing is left; then `what` is noted as not tried."""
        if self.left() > 0:
            return False
        self.skip(what)
        return True

    def skip(self, what: str) -> None:
        """Note that `what`, a part of a sentence, is not tried."""
        if what and what not in self.not_tried:
            self.not_tried.append(what)
