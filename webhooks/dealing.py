"""How one claim's places are shared out: among the accounts first, then among the webhooks of each.
Pure: knows no Django.

Among accounts it is dominant resource fairness (Ghodsi and others, NSDI 2011): whoever holds the
smallest share, of the open requests or of their bytes, whichever is larger, has the next place. A
request that is open for long holds its share for long, so slow receivers pay for their time.

Among the webhooks of an account places are dealt evenly. 50 webhooks with a backlog each then have
ten requests open, and each request finds a connection that the one before it left. A claim that
gave the first webhooks all their room would open new connections to each in turn, and have no place
to keep them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heapreplace

# What a webhook is thought to have due before anything was claimed from it.
FIRST_APPETITE = 8


@dataclass(slots=True)
class Ask:
    """A webhook with due work, of which `in_flight` requests are open: it would take `wanted` more,
    by its room and by what it took before."""

    webhook_id: int
    wanted: int
    in_flight: int

    def at(self, level: int) -> int:
        """What it is dealt when each webhook is filled up to `level` open requests."""
        return max(0, min(self.wanted, level - self.in_flight))


@dataclass(slots=True)
class Demand:
    """What an account could take, `most` in all, when it holds `share` (0 to 1) of what there is
    and each place more is another `unit` of it, with about `size` bytes."""

    asks: Sequence[Ask]
    most: int
    share: float = 0.0
    unit: float = 1.0
    size: int = 0
    wanted: int = field(init=False)

    def __post_init__(self) -> None:
        self.wanted = max(0, min(self.most, sum(ask.wanted for ask in self.asks)))


def share(demands: Sequence[Demand], places: int, most_bytes: int) -> list[int]:
    """For each account how many of the `places` it may take, of `most_bytes` in all."""
    dealt = [demand.wanted for demand in demands]
    size = sum(n * demand.size for n, demand in zip(dealt, demands, strict=True))
    if sum(dealt) <= places and size <= most_bytes:
        return dealt
    dealt = [0] * len(demands)
    waiting = [(one.share, number) for number, one in enumerate(demands) if one.wanted]
    heapify(waiting)
    while places > 0 and waiting:
        held, number = waiting[0]
        demand = demands[number]
        if demand.size > most_bytes or dealt[number] >= demand.wanted:
            heappop(waiting)
            continue
        dealt[number] += 1
        places -= 1
        most_bytes -= demand.size
        heapreplace(waiting, (held + demand.unit, number))
    return dealt


def deal(asks: Sequence[Ask], places: int) -> list[tuple[int, int]]:
    """For each webhook how many of the `places` it may take, in the order of `asks`; none with 0.

    Like water: those with the fewest open requests first, up to one level for all.
    """
    if sum(ask.wanted for ask in asks) <= places:
        return [(ask.webhook_id, ask.wanted) for ask in asks if ask.wanted]
    level, left = _level(asks, places)
    dealt = []
    for ask in asks:
        share = ask.at(level)
        if left and ask.at(level + 1) > share:
            share += 1
            left -= 1
        if share:
            dealt.append((ask.webhook_id, share))
    return dealt


def _level(asks: Sequence[Ask], places: int) -> tuple[int, int]:
    """How high the `places`, too few for all, fill the `asks`, and how many are left then."""
    # How many more take part in filling each level than the one below it.
    joining = [0] * (1 + max(ask.in_flight + ask.wanted for ask in asks))
    for ask in asks:
        joining[ask.in_flight] += 1
        joining[ask.in_flight + ask.wanted] -= 1
    level, taking_part = 0, joining[0]
    while taking_part <= places:
        places -= taking_part
        level += 1
        taking_part += joining[level]
    return level, places


def next_appetite(offered: int, taken: int) -> int:
    """What to offer a webhook next that took `taken` of the `offered`: more, if it took all."""
    return 2 * offered if taken >= offered else max(1, taken)
