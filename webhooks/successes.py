"""Webhooks that succeeded, until their rows say so.

Writing it costs a good part of what a delivery costs. So it waits until there is nothing else to
do, for five seconds at most; and what follows within five seconds is not told again.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from itertools import islice, takewhile

from webhooks.queue import Finished, Success, counts_as_failure, failures_of

LATE_SECONDS = 5.0
TOLD_SECONDS = 5.0
HELD_SECONDS = 1.0
# As many as make a statement of a few milliseconds.
AT_ONCE = 256
MOST_REMEMBERED = 20_000


class Successes:
    """Those of one process. Moments are its own monotonic seconds."""

    def __init__(self) -> None:
        # By webhook and generation, the first success that its row does not tell of. The longest
        # untold first.
        self._untold: dict[tuple[int, int], float] = {}
        self._told_at: dict[tuple[int, int], float] = {}
        # Those whose rows somebody held when they were to be told, and when that was.
        self._held: dict[tuple[int, int], float] = {}
        self._held_at = 0.0

    def __len__(self) -> int:
        return len(self._untold)

    def note(self, finished: Iterable[Finished]) -> None:
        """Remember what came back."""
        now = time.monotonic()
        long_ago = now - TOLD_SECONDS
        for one in finished:
            key = one.claimed.webhook_id, one.claimed.generation
            if counts_as_failure(one):
                self._told_at.pop(key, None)
            elif key in self._held:
                pass
            elif not one.claimed.is_experiment and self._told_at.get(key, long_ago) <= long_ago:
                self._untold.setdefault(key, now)

    def to_tell(self, *, idle: bool) -> list[Success]:
        """Those whose turn has come: a few at a time, and while there is other work only those
        that have waited for long."""
        now = time.monotonic()
        if self._held and now >= self._held_at + HELD_SECONDS:
            self._untold, self._held = self._held | self._untold, {}
        before = now if idle else now - LATE_SECONDS
        longest = takewhile(lambda one: one[1] <= before, self._untold.items())
        return [
            Success(webhook, now - moment, generation)
            for (webhook, generation), moment in islice(longest, AT_ONCE)
        ]

    def of_failing(self, finished: Iterable[Finished]) -> list[Success]:
        """Those of webhooks that have failed since: the success is told before the failure is."""
        if not self._untold:
            return []
        now = time.monotonic()
        failed = failures_of(finished) & self._untold.keys()
        return [Success(key[0], now - self._untold[key], key[1]) for key in failed]

    def told(self, successes: Sequence[Success], held: Collection[int] = ()) -> None:
        """The rows say so now, but for those of the webhooks that are `held` by somebody else: they
        come again in a second."""
        if len(self._told_at) > MOST_REMEMBERED:
            self._told_at.clear()
        now = time.monotonic()
        for one in successes:
            key = one.webhook_id, one.generation
            moment = self._untold.pop(key)
            if one.webhook_id in held:
                self._held[key], self._held_at = moment, now
            else:
                self._told_at[key] = now
