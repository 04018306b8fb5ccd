"""What a worker offers an endpoint after its answers: more, no more, or half."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.webhooks.due import made_up
from webhooks import breaker
from webhooks import traffic as traffic_module
from webhooks.outcome import Outcome
from webhooks.queue import MOST_BYTES, Due, Lane, Taken
from webhooks.room import FIRST, QUICK_MS
from webhooks.traffic import EXTRA, FIRST_BYTES, SLOTS, Traffic

LANE = Lane(id=7, endpoint_id=7)
ONE = made_up(endpoint_id=7, lane=7)
QUICK = Outcome(duration_ms=QUICK_MS, status_code=200)
SLOW = Outcome(duration_ms=QUICK_MS + 1, status_code=200)
TIMED_OUT = Outcome(duration_ms=10_000, error_kind="timeout")
QUICK_ERROR = Outcome(duration_ms=1, status_code=500, error_kind="http_status")
REFUSED = Outcome(duration_ms=1, error_kind="connect")


def fresh() -> Traffic:
    """The traffic of a worker that has claimed ordinary events."""
    traffic = Traffic()
    traffic.note_sizes([made_up(body=b"x" * 1000)])
    return traffic


def offered(traffic: Traffic) -> int:
    """The most that the endpoint may take now."""
    asks = traffic.asks([LANE], workers=1)
    return asks[0].most if asks else 0


def end(traffic: Traffic, *outcomes: Outcome) -> None:
    """One request after the other."""
    for outcome in outcomes:
        traffic.began(ONE, is_probe=False)
        traffic.ended(ONE, outcome)


def test_each_quick_success_leaves_room_for_one_more() -> None:
    traffic = fresh()
    assert offered(traffic) == FIRST
    end(traffic, QUICK)
    assert offered(traffic) == FIRST + 1
    end(traffic, *[QUICK] * 9)
    assert offered(traffic) == FIRST + 10


@pytest.mark.parametrize("outcome", [SLOW, QUICK_ERROR, REFUSED])
def test_a_slow_success_or_a_failure_leaves_the_room_as_it_is(outcome: Outcome) -> None:
    traffic = fresh()
    end(traffic, QUICK, *[outcome] * 10)
    assert offered(traffic) == FIRST + 1


def test_each_timeout_halves_the_room_down_to_one() -> None:
    traffic = fresh()
    end(traffic, *[QUICK] * 8)
    most = [offered(traffic)]
    for _ in range(5):
        end(traffic, TIMED_OUT)
        most.append(offered(traffic))
    assert most == [16, 8, 4, 2, 1, 1]


def test_what_is_open_is_not_offered_again_until_it_ends() -> None:
    traffic = fresh()
    for _ in range(3):
        traffic.began(ONE, is_probe=False)
    assert offered(traffic) == FIRST - 3
    traffic.ended(ONE, SLOW)
    assert offered(traffic) == FIRST - 2


def test_the_room_of_one_endpoint_is_not_that_of_another() -> None:
    traffic = fresh()
    end(traffic, *[TIMED_OUT] * 3)
    other = traffic.asks([Lane(id=8, endpoint_id=8)], workers=1)
    assert (offered(traffic), other[0].most) == (1, FIRST)


def answered() -> Traffic:
    """The traffic of a worker that got an answer."""
    traffic = fresh()
    end(traffic, QUICK)
    return traffic


def test_requests_to_a_server_that_never_answered_take_no_slot_from_the_others() -> None:
    traffic = answered()
    hanging = made_up(endpoint_id=8, lane=8)
    for open_ in range(1, EXTRA + 3):
        traffic.began(hanging, is_probe=False)
        assert traffic.free == SLOTS - max(0, open_ - EXTRA)
    traffic.ended(hanging, TIMED_OUT)
    assert traffic.free == SLOTS - 1


def test_the_bodies_of_all_open_requests_are_bounded() -> None:
    traffic = Traffic()
    assert traffic.free == MOST_BYTES // FIRST_BYTES  # A first claim, of who knows what.
    large = made_up(endpoint_id=7, lane=7, body=b"x" * 100_000)
    traffic.note_sizes([large])
    claimed = traffic.free
    assert 0 < claimed * 100_000 <= MOST_BYTES
    for _ in range(claimed):
        traffic.began(large, is_probe=False)
    assert traffic.free <= 0
    traffic.ended(large, QUICK)
    assert traffic.free == 1
    # Small ones again: what is still open counts as what it is.
    traffic.note_sizes([made_up(body=b"x" * 100)])
    assert traffic.free == min(SLOTS - claimed + 1, (MOST_BYTES - (claimed - 1) * 100_000) // 101)


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 300_000)), max_size=60))
def test_when_all_is_over_all_is_free(sent: list[tuple[int, int]]) -> None:
    traffic = answered()
    free = traffic.free
    claimed = [made_up(endpoint_id=place, body=b"x" * size) for place, size in sent]
    for one in claimed:
        traffic.began(one, is_probe=False)
    assert traffic.free <= free
    for one in claimed:
        traffic.ended(one, SLOW)
    assert traffic.free == free


def test_a_lane_that_gives_nothing_though_it_is_due_is_stuck_until_it_gives() -> None:
    traffic = Traffic()
    due = Due(lanes=[LANE, Lane(8, 8)], probes=[Lane(9, 9)], next_seconds=None, last_lane=0)
    asks = traffic.asks(due.lanes, workers=1)
    assert traffic.note_appetites(asks, [(7, 8), (8, 8), (9, 1)], Taken([made_up(lane=8)], []))
    assert traffic.stuck(due) == [7, 9]
    # Not asked again and again.
    assert not traffic.note_appetites(asks, [(7, 1)], Taken([], []))
    traffic.note_appetites(asks, [(7, 1)], Taken([ONE], []))
    assert traffic.stuck(due) == [9]


def test_a_lane_that_gave_less_because_bodies_were_large_is_not_stuck() -> None:
    traffic = Traffic()
    due = Due(lanes=[LANE, Lane(8, 8)], probes=[], next_seconds=None, last_lane=0)
    asks = traffic.asks(due.lanes, workers=1)
    large = made_up(lane=7, conversation="c", body=b"x" * MOST_BYTES)
    assert traffic.note_appetites(asks, [(7, 8), (8, 8)], Taken([large], []))
    assert traffic.stuck(due) == []
    assert [ask.appetite for ask in traffic.asks(due.lanes, workers=1)] == [
        ask.appetite for ask in asks
    ]


def test_a_lane_in_order_that_gives_less_is_stuck_too() -> None:
    traffic = Traffic()
    due = Due(lanes=[LANE], probes=[], next_seconds=None, last_lane=0)
    taken = Taken([made_up(lane=7, conversation="c")], [])
    assert traffic.note_appetites(traffic.asks(due.lanes, workers=1), [(7, 8)], taken)
    assert traffic.stuck(due) == [7]


def test_a_lane_that_had_nothing_for_a_probe_is_passed_over_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    probes: list[int] = []
    monkeypatch.setattr(breaker, "begin_probe", lambda endpoint_id: True)
    monkeypatch.setattr(breaker, "probe_now", probes.append)
    traffic = Traffic()
    both = [LANE, Lane(id=8, endpoint_id=8)]
    assert traffic.begin_probes(both, 10) == both
    assert traffic.give_back(both, Taken([made_up(lane=8)], []), {8})
    assert probes == [LANE.endpoint_id]
    assert traffic.begin_probes(both, 10) == both[1:]
    assert not traffic.give_back(both[1:], Taken([made_up(lane=8)], []), {8})
    # One that could not be sent is no reason to leave it to others.
    assert traffic.give_back(both[1:], Taken([made_up(lane=8)], []), set())
    assert traffic.begin_probes(both, 10) == both[1:]
    monkeypatch.setattr(traffic_module, "BARREN_SECONDS", 0)
    traffic.give_back([LANE], Taken([], []), set())
    assert traffic.begin_probes(both, 10) == both
