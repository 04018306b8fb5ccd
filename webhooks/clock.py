"""The database's clock, as far as a worker can tell it. Pure: knows no Django."""

from __future__ import annotations

import time
from datetime import UTC, datetime

# A reading is late by what it took to arrive: the one that was least late is the best. Older ones
# count for this much less per second, so that a clock that runs differently is followed.
TRUST_LOST_PER_SECOND = 0.001
# Somebody set the clock.
STEP_SECONDS = 1.0


class DatabaseClock:
    """Tells what the database's clock shows, between two readings of it.

    Whatever is sent or recorded by time goes by this one clock; the worker's own may be wrong.
    """

    def __init__(self) -> None:
        self._ahead: float | None = None
        self._read_at = 0.0

    def read(self, now: float) -> None:
        """The database's clock shows `now`, in seconds since 1970."""
        here = time.monotonic()
        ahead = now - here
        if self._ahead is not None and abs(ahead - self._ahead) < STEP_SECONDS:
            trusted = self._ahead - TRUST_LOST_PER_SECOND * (here - self._read_at)
            ahead = max(ahead, trusted)
        self._ahead, self._read_at = ahead, here

    def now(self) -> datetime:
        """The time, by the last reading; before the first one, this machine's."""
        if self._ahead is None:
            return datetime.now(UTC)
        return datetime.fromtimestamp(self._ahead + time.monotonic(), UTC)
