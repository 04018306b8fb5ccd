"""Never more than the limit in any second, and nearly the limit when there is enough to send."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.rate import MOST_PER_SECOND, Rate

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def sent(rate: Rate, looks: list[tuple[float, int]]) -> list[datetime]:
    """When each one goes, with looks so many seconds apart that each want so many."""
    now, next_at, moments = NOON, None, []
    for pause, wanted in looks:
        now += timedelta(seconds=pause)
        taken = min(wanted, rate.allowed(next_at, now))
        if taken:
            next_at = rate.after(next_at, now, taken)
            moments += [now] * taken
    return moments


@given(
    per_second=st.integers(1, MOST_PER_SECOND),
    looks=st.lists(
        st.tuples(
            st.floats(0, 0.05) | st.floats(0, 3),
            st.integers(0, 5) | st.just(10_000),
        ),
        max_size=200,
    ),
)
def test_no_second_has_more_than_the_limit(per_second: int, looks: list[tuple[float, int]]) -> None:
    moments = sent(Rate(per_second), looks)
    for first, last in zip(moments, moments[per_second:], strict=False):
        # A microsecond is the finest that a moment can say.
        assert last - first >= SECOND - timedelta(microseconds=per_second)


@pytest.mark.parametrize("per_second", [1, 2, 10, 50, 51, 100, 333, 1000])
def test_a_backlog_goes_at_nearly_the_limit(per_second: int) -> None:
    looks = [(0.001, 10_000)] * 10_000
    assert 0.9 * per_second <= len(sent(Rate(per_second), looks)) / 10 <= per_second + 1


@given(st.integers(1, MOST_PER_SECOND), st.floats(0, 100))
def test_what_is_not_taken_is_not_lost(per_second: int, pause: float) -> None:
    rate = Rate(per_second)
    next_at = rate.after(None, NOON, 1)
    later = NOON + timedelta(seconds=pause)
    once = rate.allowed(next_at, later)
    assert rate.allowed(next_at, later) == once
    assert rate.allowed(next_at, max(later, next_at)) >= 1
    assert once <= rate.burst


def test_a_limit_of_one_is_one_a_second() -> None:
    rate = Rate(1)
    assert rate.allowed(None, NOON) == 1
    next_at = rate.after(None, NOON, 1)
    assert next_at == NOON + SECOND
    assert rate.allowed(next_at, NOON + SECOND - timedelta(microseconds=1)) == 0
    assert rate.allowed(next_at, NOON + SECOND) == 1
