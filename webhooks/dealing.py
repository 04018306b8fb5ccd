"""How one claim's places are shared out among the lanes with due work. Pure: knows no Django.

Dealt evenly, 50 endpoints with a backlog each have ten requests open, and each request finds a
connection that the one before it left. A claim that gave the first endpoints all their room would
open new connections to each in turn, and have no place to keep them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# What a lane is thought to have due before anything was claimed from it.
FIRST_APPETITE = 8
# More requests than are ever open to one endpoint.
NO_LEVEL = 1 << 20


@dataclass(slots=True)
class Ask:
    """What a lane with due work could take: `most` by its endpoint's room, which has `in_flight`
    requests open, and `appetite` by what it took before."""

    lane: int
    most: int
    in_flight: int
    appetite: int

    def at(self, level: int) -> int:
        """What it is dealt when each endpoint is filled up to `level` open requests."""
        return max(0, min(self.most, self.appetite, level - self.in_flight))


def deal(asks: Sequence[Ask], places: int) -> list[tuple[int, int]]:
    """For each lane how many of the `places` it may take, in the order of `asks`; none with zero.

    Like water: those with the fewest open requests first, up to one level for all.
    """
    if sum(ask.at(NO_LEVEL) for ask in asks) <= places:
        level, left = NO_LEVEL, 0
    else:
        low, high = 0, max(ask.in_flight + ask.most for ask in asks)
        while low < high:
            middle = (low + high + 1) // 2
            if sum(ask.at(middle) for ask in asks) <= places:
                low = middle
            else:
                high = middle - 1
        level = low
        left = places - sum(ask.at(level) for ask in asks)
    dealt = []
    for ask in asks:
        share = ask.at(level)
        if left and ask.at(level + 1) > share:
            share += 1
            left -= 1
        if share:
            dealt.append((ask.lane, share))
    return dealt


def next_appetite(offered: int, taken: int) -> int:
    """What to offer a lane next that took `taken` of the `offered`: more, if it took all."""
    return 2 * offered if taken >= offered else max(1, taken)
