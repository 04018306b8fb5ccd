"""What one worker may have open: in all, for one account, to one server. Pure: knows no Django.

Whoever comes first may hold a slot for ten seconds. So no account gets all of anything, and a
reserve is kept for accounts that have few open: they are served whatever the others do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from webhooks.room import Room, Run

# Requests open at a time. An idle socket costs little; what bounds the work is the database.
SLOTS: Final = 512
# Of those to webhooks that have not answered yet, so many come on top: where ten of them hang, the
# others' claims are as large as ever.
EXTRA: Final = SLOTS // 4
# So many come on top, too, for accounts with fewer than FEW.
RESERVE: Final = SLOTS // 4
FEW: Final = 8
ACCOUNT_SLOTS: Final = 7 * SLOTS // 8
# The bodies of all open requests, about; that of an event may have 256 KiB. A quarter of it is the
# reserve.
MOST_BYTES: Final = 8 * 1024 * 1024
SHARED_BYTES: Final = 3 * MOST_BYTES // 4
ACCOUNT_BYTES: Final = 3 * SHARED_BYTES // 4
FEW_BYTES: Final = 512 * 1024
# What a body is thought to have before any of the account was seen.
FIRST_BYTES: Final = 64 * 1024
# Requests open to one server, and how many of them may be one account's.
SERVER_SLOTS: Final = 320
ACCOUNT_SERVER_SLOTS: Final = 256
# Requests open to webhooks that have not answered yet: a hundred that hang from the start leave the
# others their room. From half of it on they have one each. An account may have all of them, three
# claims' worth: with less, a claim waits for answers where each delivery is a webhook's first. Each
# other account still has its few.
UNANSWERED: Final = 3 * SLOTS // 4


@dataclass(slots=True)
class Usage:
    """What one account has open."""

    in_flight: int = 0
    bytes: int = 0
    unanswered: int = 0
    # What a body of its had in the last claim.
    typical: int = FIRST_BYTES

    @property
    def share(self) -> float:
        """Of the open requests, or of their bytes, whichever is larger."""
        return max(self.in_flight / SLOTS, self.bytes / MOST_BYTES)

    @property
    def unit(self) -> float:
        """What one request more adds to it."""
        return max(1 / SLOTS, self.typical / MOST_BYTES)

    @property
    def few(self) -> int:
        """How many more it may have though the others hold all that is shared."""
        if not self.in_flight:
            return max(1, min(FEW, FEW_BYTES // self.typical))
        return max(0, min(FEW - self.in_flight, (FEW_BYTES - self.bytes) // self.typical))

    @property
    def most(self) -> int:
        """How many more it may have in any case."""
        by_bytes = (ACCOUNT_BYTES - self.bytes) // self.typical
        return max(min(ACCOUNT_SLOTS - self.in_flight, by_bytes), self.few)

    def left_unanswered(self, room: Room, offered: int, everybody: int) -> int:
        """How many more may go to a webhook that has not answered yet, when `offered` are about to
        go to others like it, and `everybody` has so many."""
        own = self.unanswered + offered
        if own < FEW:
            return FEW - own
        if everybody >= UNANSWERED:
            return 0
        if everybody >= UNANSWERED // 2:
            return max(0, 1 - room.in_flight)
        return UNANSWERED - everybody


@dataclass(slots=True)
class Server:
    """What is open to one server, by account too, and how it could be reached."""

    in_flight: int = 0
    of_account: dict[int, int] = field(default_factory=dict)
    run: Run = field(default_factory=Run)
    probing: bool = False

    def began(self, account_id: int) -> None:
        self.in_flight += 1
        self.of_account[account_id] = self.of_account.get(account_id, 0) + 1

    def ended(self, account_id: int) -> None:
        self.in_flight -= 1
        left = self.of_account[account_id] - 1
        if left:
            self.of_account[account_id] = left
        else:
            del self.of_account[account_id]

    def left(self, account_id: int) -> int:
        """How many more requests of an account may be open to it."""
        own = self.of_account.get(account_id, 0)
        shared = min(SERVER_SLOTS - self.in_flight, ACCOUNT_SERVER_SLOTS - own)
        return max(shared, FEW - own)
