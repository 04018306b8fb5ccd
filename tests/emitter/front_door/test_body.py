"""Reading a body: its limit, its deadlines, and what all bodies together may take."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emitter.front_door import body
from emitter.front_door.budget import MOST_BYTES, SMALL_BYTES, Budget

LEFT = {"type": "http.disconnect"}


def parts(*contents: bytes, ends: bool = True) -> list[dict[str, Any]]:
    return [
        {
            "type": "http.request",
            "body": content,
            "more_body": not (ends and place == len(contents)),
        }
        for place, content in enumerate(contents, 1)
    ]


def client(messages: Sequence[dict[str, Any]]) -> Callable[[], Awaitable[Any]]:
    """Sends these, and then nothing."""
    left = list(messages)

    async def receive() -> Any:
        if left:
            return left.pop(0)
        return await asyncio.sleep(3600)

    return receive


def read(
    messages: Sequence[dict[str, Any]], limit: int = 1000, budget: Budget | None = None
) -> body.Body:
    return asyncio.run(body.read(client(messages), limit, budget or Budget()))


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=20), st.integers(0, 600))
def test_a_body_is_what_came_or_one_byte_more_than_its_limit(
    contents: list[bytes], limit: int
) -> None:
    whole = b"".join(contents)
    came = read(parts(*contents), limit)
    if len(whole) <= limit:
        assert (came.content, came.is_whole) == (whole, True)
    else:
        assert came.content == whole[: limit + 1]


def test_past_the_limit_nothing_more_is_read() -> None:
    came = read([*parts(b"x" * 600, b"y" * 600, ends=False), LEFT], 1000)
    assert (len(came.content), came.is_whole) == (1001, False)


@pytest.mark.parametrize("limits", [("SILENT_SECONDS", 0.05), ("WHOLE_SECONDS", 0.05)])
def test_what_does_not_come_in_time_is_given_up(
    monkeypatch: pytest.MonkeyPatch, limits: tuple[str, float]
) -> None:
    monkeypatch.setattr(body, *limits)
    budget = Budget(10**6)
    with pytest.raises(body.TooSlow):
        read(parts(b"x" * 200_000, ends=False), 10**6, budget)
    assert budget.has(10**6)


def test_one_that_comes_byte_by_byte_has_a_deadline_for_all_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(body, "WHOLE_SECONDS", 0.2)

    async def drip() -> Any:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x", "more_body": True}

    with pytest.raises(body.TooSlow):
        asyncio.run(body.read(drip, 1000, Budget()))


def test_a_client_that_goes_away_is_told_from_a_slow_one() -> None:
    budget = Budget(10**6)
    with pytest.raises(body.Left):
        read([*parts(b"x" * 200_000, ends=False), LEFT], 10**6, budget)
    assert budget.has(10**6)


def test_large_bodies_share_what_there_is_and_small_ones_need_nothing_of_it() -> None:
    budget = Budget(300_000)
    first = read(parts(b"x" * 100_000, b"x" * 100_000), 10**6, budget)
    assert first.held == 200_000
    with pytest.raises(body.TooMuch):
        read(parts(b"x" * 100_000, b"x" * 100_000), 10**6, budget)
    assert budget.has(100_000)
    assert not budget.has(100_001)
    assert read(parts(b"x" * SMALL_BYTES), 10**6, Budget(0)).held == 0
    budget.give_back(first.held)
    assert read(parts(b"x" * 250_000), 10**6, budget).held == 250_000
    assert MOST_BYTES >= 8 * 4 * 1024 * 1024  # Some of the largest that any call takes.


def test_the_rest_is_read_for_a_while_so_that_the_answer_can_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(body, "DRAINED_BYTES", 1000)
    monkeypatch.setattr(body, "SILENT_SECONDS", 0.05)
    for messages in (
        parts(b"x" * 400, b"y" * 400),
        parts(*[b"x" * 400] * 4, ends=False),
        [*parts(b"x", ends=False), LEFT],
        parts(b"x", ends=False),
    ):
        asyncio.run(asyncio.wait_for(body.drain(client(messages)), 5))
