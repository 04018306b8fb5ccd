"""What has to be true once the dust has settled, whatever was killed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tests.process.stack import Stack


def interrupted_of(
    stack: Stack, chatbot: str, arrived: Counter[str], expected: Iterable[str]
) -> int:
    """Hold the attempts against what arrived; returns how many were interrupted.

    Each of the `expected` chatlogs arrived; none is stuck; each delivery has the attempts 1 to n,
    of which one succeeded; and it arrived no more often than was attempted: what arrived twice was
    in the hand of a worker that was lost, and a row says so.
    """
    assert set(arrived) == set(expected)
    interrupted = 0
    for chatlog, (status, leased, attempts) in stack.do("attempts", chatbot=chatbot).items():
        kinds = [kind for _, kind in attempts]
        assert (status, leased) == ("succeeded", False), (chatlog, status, attempts)
        assert [number for number, _ in attempts] == list(range(1, len(attempts) + 1)), chatlog
        assert kinds.count("") == 1, (chatlog, attempts)
        assert set(kinds) <= {"", "interrupted"}, (chatlog, attempts)
        assert arrived[chatlog] <= len(attempts), (chatlog, attempts)
        interrupted += kinds.count("interrupted")
    return interrupted
