"""What has to be true once the dust has settled, whatever was killed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def interrupted_of(
    deliveries: Mapping[str, Sequence[Any]], arrived: Counter[str], expected: Iterable[str]
) -> int:
    """Hold the attempts against what arrived; returns how many were interrupted.

    `deliveries` has of each its status, whether it is in somebody's hand, how many attempts it
    counts, and the number and error of each (workload.py, attempts).

    Each of the `expected` has its delivery and arrived, and nothing else; none is stuck; each has
    the attempts 1 to n that it counts, of which one succeeded; and it arrived no more often than
    was attempted: what arrived twice was in the hand of a worker that was lost, and a row says so.
    """
    assert set(arrived) == set(deliveries) == set(expected)
    interrupted = 0
    for name, (status, leased, begun, attempts) in deliveries.items():
        kinds = [kind for _, kind in attempts]
        assert (status, leased) == ("succeeded", False), (name, status, attempts)
        assert [number for number, _ in attempts] == list(range(1, begun + 1)), (name, attempts)
        assert kinds.count("") == 1, (name, attempts)
        assert set(kinds) <= {"", "interrupted"}, (name, attempts)
        assert arrived[name] <= begun, (name, attempts)
        interrupted += kinds.count("interrupted")
    return interrupted
