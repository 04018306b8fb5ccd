"""How many requests may be open to one webhook at a time, and how many failed in a row. Pure: knows
no Django."""

from __future__ import annotations

from dataclasses import dataclass, field

FIRST = 8
MOST = 256
# An answer within this long leaves the webhook room for more.
QUICK_MS = 250
# What was learnt is forgotten when nothing was heard for so long.
FORGOTTEN_SECONDS = 60.0
# After its receiver had asked to be left alone, a webhook has one request open at a time for so
# long: a receiver that counts would refuse the rest of a burst as it did before.
CAREFUL_SECONDS = 2.0
# Failures in a row, in one worker, after which something is held back: see breaker.py.
RUN = 20


@dataclass(slots=True)
class Run:
    """Failures in a row, and the kinds of their errors in the order in which they first came."""

    length: int = 0
    kinds: tuple[str, ...] = ()

    def add(self, kind: str) -> bool:
        """One more; True when something is to be held back: after RUN, and so many more where that
        could not be done."""
        if not self.length:
            self.kinds = ()
        self.length += 1
        if kind not in self.kinds:
            self.kinds += (kind,)
        return self.length % RUN == 0

    def end(self) -> bool:
        """Something got through; True when it had been long enough to hold something back."""
        was_held, self.length = self.length >= RUN, 0
        return was_held


@dataclass(slots=True)
class Room:
    """Grows by one with every quick success, halves with every timeout, never below one. Up to
    FIRST it grows with slow ones, too: that much anybody gets of whom nothing is known.

    A webhook that hangs is soon down to one open request, so that a few of them cannot fill the
    engine; one that answers quickly soon has all the room that helps it. After a stop it begins
    with one: nobody knows what is there now.
    """

    limit: int = FIRST
    in_flight: int = 0
    # The webhook's; what was learnt of another one tells nothing of this.
    generation: int = 0
    # It has answered this process at least once.
    answered: bool = False
    # The one in flight is a probe: see breaker.py.
    probing: bool = False
    # When (monotonic seconds) something was last heard of it.
    heard_at: float = 0.0
    # Until when its receiver had asked to be left alone, the last time (seconds since 1970), and
    # when (monotonic seconds) it may grow again.
    asked_until: float | None = None
    grows_from: float = 0.0
    # Its requests that were not answered, though the server was reached.
    run: Run = field(default_factory=Run)

    def left(self, workers: int = 1) -> int:
        """What this process may add: the limit is for all `workers` together."""
        return max(0, -(-self.limit // workers) - self.in_flight)

    def began(self) -> None:
        self.in_flight += 1

    def ended(self, *, succeeded: bool, quickly: bool, timed_out: bool) -> None:
        """`quickly`: succeeded within QUICK_MS."""
        self.in_flight -= 1
        if quickly or (succeeded and self.limit < FIRST):
            self.limit = min(MOST, self.limit + 1)
        elif timed_out:
            self.limit = max(1, self.limit // 2)

    def start_over(self) -> None:
        """It was stopped, or leads elsewhere: one request tells how it is now."""
        self.limit, self.answered = 1, False
        self.run.end()

    def was_left_alone(self, asked_until: float, now: float) -> None:
        """What its receiver had asked for is over; what was learnt before is no reason to send as
        much at once as then. Told of the same moment again, nothing changes."""
        if asked_until != self.asked_until:
            self.asked_until, self.grows_from, self.limit = asked_until, now + CAREFUL_SECONDS, 1

    def forget(self) -> None:
        """Nothing was heard for long: what was learnt in good days is no reason for 256 at once."""
        self.limit = min(self.limit, FIRST)
