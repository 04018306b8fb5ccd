"""How many requests may be open to one endpoint at a time. Pure: knows no Django."""

from __future__ import annotations

import math
from dataclasses import dataclass

FIRST = 8
MOST = 256
# An answer within this long leaves the endpoint room for more.
QUICK_MS = 250


@dataclass(slots=True)
class Room:
    """Grows by one with every quick success, halves with every timeout, never below one.

    An endpoint that hangs is soon down to one open request, so that a few hanging endpoints cannot
    fill the engine; one that answers quickly soon has all the room that helps it.
    """

    limit: int = FIRST
    in_flight: int = 0
    # The endpoint has answered this process at least once.
    answered: bool = False
    # Requests in a row that did not reach the endpoint, the kinds of their errors in the order in
    # which they were first seen, and whether the one in flight is a probe: see breaker.py.
    unreached: int = 0
    unreached_kinds: tuple[str, ...] = ()
    probing: bool = False

    def left(self, workers: int = 1) -> int:
        """What this process may add: the limit is for all `workers` together."""
        return max(0, math.ceil(self.limit / workers) - self.in_flight)

    def began(self) -> None:
        self.in_flight += 1

    def missed(self, kind: str) -> None:
        """One more in a row did not reach the endpoint."""
        if not self.unreached:
            self.unreached_kinds = ()
        self.unreached += 1
        if kind not in self.unreached_kinds:
            self.unreached_kinds += (kind,)

    def ended(self, *, quickly: bool, timed_out: bool) -> None:
        """`quickly`: succeeded within QUICK_MS."""
        self.in_flight -= 1
        if quickly:
            self.limit = min(MOST, self.limit + 1)
        elif timed_out:
            self.limit = max(1, self.limit // 2)


def offer(room: Room, *, workers: int = 1, free: int, slots: int, unanswered: int) -> int:
    """How many of the `free` of all `slots` an endpoint may take now, being one of `workers`.

    Never more than half of what is free, so that something is left for the next. Endpoints that
    have not answered yet, which hold `unanswered` slots between them, share at most half of all,
    and have one each once a quarter is taken: a hundred that hang from the start leave the others
    their room.
    """
    most = room.left(workers)
    if not room.answered:
        if unanswered >= slots // 2:
            most = 0
        elif unanswered >= slots // 4:
            most = min(most, max(0, 1 - room.in_flight))
    return min(most, max(1, free // 2))
