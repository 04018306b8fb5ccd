"""What a worker offers an endpoint after its answers: more, no more, or half."""

from __future__ import annotations

import pytest

from webhooks.outcome import Outcome
from webhooks.queue import Lane
from webhooks.room import FIRST, QUICK_MS
from webhooks.traffic import Traffic

LANE = Lane(id=7, endpoint_id=7)
QUICK = Outcome(duration_ms=QUICK_MS, status_code=200)
SLOW = Outcome(duration_ms=QUICK_MS + 1, status_code=200)
TIMED_OUT = Outcome(duration_ms=10_000, error_kind="timeout")
QUICK_ERROR = Outcome(duration_ms=1, status_code=500, error_kind="http_status")
REFUSED = Outcome(duration_ms=1, error_kind="connect")


def offered(traffic: Traffic) -> int:
    """The most that the endpoint may take now."""
    asks = traffic.asks([LANE], workers=1)
    return asks[0].most if asks else 0


def end(traffic: Traffic, *outcomes: Outcome) -> None:
    """One request after the other."""
    for outcome in outcomes:
        traffic.began(LANE.endpoint_id, is_probe=False)
        traffic.ended(LANE.endpoint_id, outcome)


def test_each_quick_success_leaves_room_for_one_more() -> None:
    traffic = Traffic()
    assert offered(traffic) == FIRST
    end(traffic, QUICK)
    assert offered(traffic) == FIRST + 1
    end(traffic, *[QUICK] * 9)
    assert offered(traffic) == FIRST + 10


@pytest.mark.parametrize("outcome", [SLOW, QUICK_ERROR, REFUSED])
def test_a_slow_success_or_a_failure_leaves_the_room_as_it_is(outcome: Outcome) -> None:
    traffic = Traffic()
    end(traffic, QUICK, *[outcome] * 10)
    assert offered(traffic) == FIRST + 1


def test_each_timeout_halves_the_room_down_to_one() -> None:
    traffic = Traffic()
    end(traffic, *[QUICK] * 8)
    most = [offered(traffic)]
    for _ in range(5):
        end(traffic, TIMED_OUT)
        most.append(offered(traffic))
    assert most == [16, 8, 4, 2, 1, 1]


def test_what_is_open_is_not_offered_again_until_it_ends() -> None:
    traffic = Traffic()
    for _ in range(3):
        traffic.began(LANE.endpoint_id, is_probe=False)
    assert offered(traffic) == FIRST - 3
    traffic.ended(LANE.endpoint_id, SLOW)
    assert offered(traffic) == FIRST - 2


def test_the_room_of_one_endpoint_is_not_that_of_another() -> None:
    traffic = Traffic()
    end(traffic, *[TIMED_OUT] * 3)
    fresh = traffic.asks([Lane(id=8, endpoint_id=8)], workers=1)
    assert (offered(traffic), fresh[0].most) == (1, FIRST)
