"""Attempts that are over, until they are written down.

What somebody else holds at that moment (a worker that stands still, a person with a transaction
open) is kept and tried again each second; all others are written meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator

from webhooks.queue import Finished

HELD_SECONDS = 1.0
# What one statement carries: an answer may have 80 KiB.
MOST_BYTES = 4 * 1024 * 1024


class Recording:
    """Those of one worker. The engine's thread alone uses it."""

    def __init__(self) -> None:
        self._new: list[Finished] = []
        self._held: list[Finished] = []
        self._tried_at = 0.0

    def __len__(self) -> int:
        return len(self._new) + len(self._held)

    def add(self, one: Finished) -> None:
        """An attempt is over."""
        self._new.append(one)

    def chunks(self) -> Iterator[tuple[list[Finished], bool]]:
        """What is to be written now, and whether it was held by somebody before. Each is to be
        followed by `wrote`; what is not, as when the database is away, comes again."""
        now = time.monotonic()
        if self._held and now >= self._tried_at + HELD_SECONDS:
            self._tried_at = now
            yield self._held, True
        while self._new:
            yield self._new[: self._most()], False

    def wrote(self, chunk: list[Finished], left: Collection[Finished]) -> None:
        """A chunk was written, but for what is `left`: somebody holds it."""
        if chunk is self._held:
            self._held = list(left)
        else:
            del self._new[: len(chunk)]
            if not self._held:
                self._tried_at = time.monotonic()
            self._held += left

    def _most(self) -> int:
        """How many make a chunk."""
        size = 0
        for count, one in enumerate(self._new, 1):
            size += len(one.outcome.response_body) + len(one.outcome.response_head)
            if size >= MOST_BYTES:
                return count
        return len(self._new)
