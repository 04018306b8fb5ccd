"""Which secrets sign beside the present one: all of the last day, four signatures at most."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from webhooks import rotation

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(hours=rotation.PREVIOUS_SECRET_HOURS)


def rotated(*hours: float) -> list[list[str]]:
    """What is kept after a rotation at each of these hours past noon; the tokens are 0, 1, …"""
    kept: list[list[str]] = []
    for number, hour in enumerate(hours):
        kept = rotation.replaced(kept, str(number), NOON + timedelta(hours=hour))
    return kept


def signing(kept: list[list[str]], hour: float) -> list[str]:
    return [token for token, _ in rotation.still_signing(kept, NOON + timedelta(hours=hour))]


def test_a_second_rotation_within_the_day_drops_nothing() -> None:
    kept = rotated(0, 0.001)
    assert signing(kept, 1) == ["1", "0"]


def test_each_ends_a_day_after_it_was_replaced() -> None:
    kept = rotated(0, 10)
    assert signing(kept, 23.9) == ["1", "0"]
    assert signing(kept, 24) == ["1"]
    assert signing(kept, 34) == []
    assert rotation.until(kept, NOON) == NOON + timedelta(hours=34)
    assert rotation.until(kept, NOON + timedelta(hours=34)) is None


@given(st.lists(st.floats(0, 100), max_size=12).map(sorted), st.floats(0, 30))
def test_the_newest_of_the_last_day_sign_and_no_more_than_four_with_the_present(
    hours: list[float], later: float
) -> None:
    kept = rotated(*hours)
    now = (hours[-1] if hours else 0) + later
    young = [str(n) for n, hour in enumerate(hours) if NOON + timedelta(hours=now) < _end(hour)]
    assert signing(kept, now) == young[::-1][: rotation.MOST_SECRETS - 1]
    assert len(kept) < rotation.MOST_SECRETS


def _end(hour: float) -> datetime:
    return NOON + timedelta(hours=hour) + DAY
