"""Times are the database's, however wrong the worker's own clock is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from webhooks import clock
from webhooks.clock import DatabaseClock

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp()


class Hands:
    """What time.monotonic() says."""

    def __init__(self) -> None:
        self.at = 1000.0

    def monotonic(self) -> float:
        return self.at


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    made = Hands()
    monkeypatch.setattr(clock, "time", made)
    return made


def shown(found: DatabaseClock) -> float:
    return found.now().timestamp() - NOON


def test_between_readings_time_goes_on(hands: Hands) -> None:
    made = DatabaseClock()
    made.read(NOON)
    assert shown(made) == 0
    hands.at += 2.5
    assert shown(made) == pytest.approx(2.5)


def test_a_reading_that_arrived_late_does_not_set_it_back(hands: Hands) -> None:
    made = DatabaseClock()
    made.read(NOON)
    hands.at += 1
    made.read(NOON + 0.8)  # Took 0.2 s to get here.
    assert shown(made) == pytest.approx(1, abs=0.002)


def test_an_earlier_reading_is_put_right(hands: Hands) -> None:
    made = DatabaseClock()
    made.read(NOON - 0.3)  # Took 0.3 s.
    hands.at += 1
    made.read(NOON + 1)
    assert shown(made) == pytest.approx(1)


def test_a_clock_that_runs_slower_is_followed(hands: Hands) -> None:
    made = DatabaseClock()
    made.read(NOON)
    for second in range(1, 1001):
        hands.at += 1
        made.read(NOON + second * 0.9999)
    assert shown(made) == pytest.approx(999.9, abs=0.01)


def test_a_clock_that_was_set_is_followed_at_once(hands: Hands) -> None:
    made = DatabaseClock()
    made.read(NOON)
    hands.at += 1
    made.read(NOON - 3600)
    assert shown(made) == pytest.approx(-3600)


def test_before_the_first_reading_it_is_this_machines() -> None:
    before = datetime.now(UTC)
    assert before <= DatabaseClock().now() <= datetime.now(UTC)
