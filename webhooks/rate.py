"""At most so many deliveries per second for one webhook. Pure: knows no Django.

A generic cell rate algorithm: all that is kept is the moment at which the next one may go. What is
allowed at a time is small, so that in no second, wherever it begins, more than the limit goes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

MOST_PER_SECOND = 1000
# A limit of 500 is served in steps of 10, fifty times a second, not one by one.
STEPS_PER_SECOND = 50


@dataclass(frozen=True, slots=True)
class Rate:
    """`per_second`: the limit, 1 to MOST_PER_SECOND."""

    per_second: int

    @property
    def burst(self) -> int:
        """How many may go at once after a pause."""
        return math.ceil(self.per_second / STEPS_PER_SECOND)

    @property
    def gap(self) -> timedelta:
        """Between two, on average. A burst and a second's worth after it make the limit."""
        return timedelta(seconds=1 / (self.per_second - self.burst + 1))

    def allowed(self, next_at: datetime | None, now: datetime) -> int:
        """How many may go now, when the next one may go at `next_at` (None: none went yet)."""
        if next_at is None:
            return self.burst
        if next_at > now:
            return 0
        return min(self.burst, (now - next_at) // self.gap + 1)

    def after(self, next_at: datetime | None, now: datetime, taken: int) -> datetime:
        """When the next one may go after `taken`, at least one, went now."""
        longest_pause = now - (self.burst - 1) * self.gap
        start = longest_pause if next_at is None else max(next_at, longest_pause)
        return start + taken * self.gap
