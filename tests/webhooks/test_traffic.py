"""What a worker offers each webhook, account and server, after what it has open and has learnt."""

from __future__ import annotations

import time
from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.webhooks.due import made_up
from webhooks import breaker
from webhooks import traffic as traffic_module
from webhooks.breaker import Change, To
from webhooks.limits import (
    ACCOUNT_BYTES,
    ACCOUNT_SLOTS,
    EXTRA,
    FEW,
    MOST_BYTES,
    RESERVE,
    SERVER_SLOTS,
    SLOTS,
    UNANSWERED,
)
from webhooks.models import Endpoint, HeldBack, Webhook
from webhooks.outcome import Outcome
from webhooks.queue import MOST_LANES, Claimed, Lane, Offer, Taken
from webhooks.room import FIRST, MOST, QUICK_MS
from webhooks.traffic import FEW_LANES, Traffic

LANE = Lane(webhook_id=7, account_id=1, endpoint_id=7)
QUICK = Outcome(duration_ms=QUICK_MS, status_code=200)
SLOW = Outcome(duration_ms=QUICK_MS + 1, status_code=200)
TIMED_OUT = Outcome(duration_ms=10_000, error_kind="timeout", phase="sent")
QUICK_ERROR = Outcome(duration_ms=1, status_code=500, error_kind="http_status")
REFUSED = Outcome(duration_ms=1, error_kind="connect", phase="connect")
NOTHING = Taken([], [], [], {})


@pytest.fixture(autouse=True)
def changes(monkeypatch: pytest.MonkeyPatch) -> list[Change]:
    """What was held back, let go and probed, without a database."""
    told: list[Change] = []
    monkeypatch.setattr(breaker, "apply", told.extend)
    monkeypatch.setattr(breaker, "begin_probes", lambda what, pks: set(pks))
    return told


def of(lane: Lane, size: int = 1000) -> Claimed:
    """A delivery of this webhook's."""
    return made_up(
        webhook_id=lane.webhook_id,
        account_id=lane.account_id,
        endpoint_id=lane.endpoint_id,
        generation=lane.generation,
        body=b"x" * size,
    )


def fresh(*lanes: Lane, size: int = 1000) -> Traffic:
    """The traffic of a worker that has claimed events of this size."""
    traffic = Traffic()
    claimed = [of(lane, size) for lane in lanes or (LANE,)]
    traffic.note([], lanes, Taken(claimed, [], [], {}), is_cut=False)
    return traffic


def offered(traffic: Traffic, *lanes: Lane, most: int = 1000) -> dict[int, int]:
    """By webhook, the most that a claim may take, were as much due of each."""
    traffic._appetites = {lane.webhook_id: 1000 for lane in lanes or (LANE,)}
    return {one.webhook_id: one.room for one in traffic.offers(lanes or (LANE,), 1, most)}


def end(traffic: Traffic, *outcomes: Outcome, lane: Lane = LANE) -> None:
    """One request after the other."""
    for outcome in outcomes:
        traffic.began(of(lane), is_probe=False)
        traffic.ended(of(lane), outcome)
    traffic.settle()


def open_many(traffic: Traffic, lane: Lane, count: int, size: int = 1000) -> None:
    for _ in range(count):
        traffic.began(of(lane, size), is_probe=False)


def account(number: int, webhooks: int = 1, *, endpoint: int | None = None) -> list[Lane]:
    """The webhooks of an account, each on a server of its own, or all on one."""
    first = number * 10_000
    return [
        Lane(first + place, number, first + place if endpoint is None else endpoint)
        for place in range(webhooks)
    ]


# ---------------------------------------------------------------- the room of a webhook


def test_each_quick_success_leaves_room_for_one_more() -> None:
    traffic = fresh()
    assert offered(traffic) == {7: FIRST}
    end(traffic, QUICK)
    assert offered(traffic) == {7: FIRST + 1}
    end(traffic, *[QUICK] * 9)
    assert offered(traffic) == {7: FIRST + 10}


@pytest.mark.parametrize("outcome", [SLOW, QUICK_ERROR, REFUSED])
def test_a_slow_success_or_a_failure_leaves_the_room_as_it_is(outcome: Outcome) -> None:
    traffic = fresh()
    end(traffic, QUICK, *[outcome] * 10)
    assert offered(traffic) == {7: FIRST + 1}


def test_each_timeout_halves_the_room_down_to_one() -> None:
    traffic = fresh()
    end(traffic, *[QUICK] * 8)
    most = [offered(traffic)[7]]
    for _ in range(5):
        end(traffic, TIMED_OUT)
        most.append(offered(traffic)[7])
    assert most == [16, 8, 4, 2, 1, 1]


def test_what_is_open_is_not_offered_again_until_it_ends() -> None:
    traffic = fresh()
    open_many(traffic, LANE, 3)
    assert offered(traffic) == {7: FIRST - 3}
    traffic.ended(of(LANE), SLOW)
    assert offered(traffic) == {7: FIRST - 2}


def test_two_webhooks_of_one_server_have_a_room_each() -> None:
    one, two = account(1, 2, endpoint=5)
    traffic = fresh(one)
    for lane in (one, two):
        end(traffic, QUICK, lane=lane)
    end(traffic, *[TIMED_OUT] * 4, lane=one)
    assert offered(traffic, one, two) == {one.webhook_id: 1, two.webhook_id: FIRST + 1}


def test_after_a_stop_a_webhook_begins_with_one() -> None:
    traffic = fresh()
    end(traffic, *[QUICK] * MOST)
    assert offered(traffic) == {7: MOST}
    enabled = LANE._replace(generation=1)
    assert offered(traffic, enabled) == {7: 1}
    end(traffic, QUICK, lane=enabled)
    assert offered(traffic, enabled) == {7: 2}
    # Another worker has not seen it before: the same.
    assert offered(fresh(), enabled) == {7: 1}


@pytest.mark.parametrize("failure", [TIMED_OUT, REFUSED])
def test_after_a_hold_that_another_workers_probe_ended_a_webhook_begins_anew(
    failure: Outcome, changes: list[Change]
) -> None:
    traffic = fresh()
    end(traffic, *[QUICK] * 50, *[failure] * 20)
    assert [one.to for one in changes] == [To.HOLD]
    offered(traffic)
    end(traffic, *[failure] * 19)
    assert [one.to for one in changes] == [To.HOLD]
    end(traffic, failure)
    assert [one.to for one in changes] == [To.HOLD] * 2


# ---------------------------------------------------------------- what is open


def test_requests_to_a_webhook_that_never_answered_take_no_slot_from_the_others() -> None:
    traffic = fresh()
    free = traffic.free
    hanging = Lane(8, 1, 8)
    for open_ in range(1, EXTRA + 3):
        open_many(traffic, hanging, 1)
        assert traffic.free == free - max(0, open_ - EXTRA)
    traffic.ended(of(hanging), TIMED_OUT)
    assert traffic.free == free - 1


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 300_000)), max_size=60))
def test_when_all_is_over_all_is_free(sent: list[tuple[int, int]]) -> None:
    traffic = fresh()
    before = (traffic.free, traffic.free_bytes)
    claimed = [of(Lane(place, place % 2, place), size) for place, size in sent]
    for one in claimed:
        traffic.began(one, is_probe=False)
    assert traffic.free <= before[0]
    for one in claimed:
        traffic.ended(one, SLOW)
    assert (traffic.free, traffic.free_bytes) == before
    assert all(usage.in_flight == usage.unanswered == 0 for usage in traffic._accounts.values())
    assert all(not server.of_account for server in traffic._servers.values())


def test_the_bodies_of_all_open_requests_are_bounded() -> None:
    traffic = fresh(size=100_000)
    end(traffic, *[QUICK] * MOST)
    claimed = offered(traffic)[7]
    assert 0 < claimed * 100_000 <= ACCOUNT_BYTES
    open_many(traffic, LANE, claimed, size=100_000)
    assert offered(traffic) == {}
    traffic.ended(of(LANE, 100_000), QUICK)
    assert offered(traffic) == {7: 1}


# ---------------------------------------------------------------- among accounts


def test_no_account_has_all_slots_and_a_few_are_there_for_whoever_has_none() -> None:
    slow, other = account(1, 2), account(2)[0]
    traffic = fresh(*slow, other)
    for lane in slow:
        end(traffic, *[QUICK] * MOST, lane=lane)
    taken = offered(traffic, *slow)
    assert sum(taken.values()) == ACCOUNT_SLOTS
    for lane in slow:
        open_many(traffic, lane, taken[lane.webhook_id])
    assert offered(traffic, *slow) == {}
    assert offered(traffic, other) == {other.webhook_id: FIRST}


def test_where_everything_shared_is_taken_each_new_account_still_has_a_few() -> None:
    traffic = fresh()
    for number in range(2):
        (lane,) = account(number)
        end(traffic, QUICK, lane=lane)
        open_many(traffic, lane, SLOTS // 2)
    assert traffic.free == RESERVE
    newcomers = [account(number)[0] for number in range(10, 10 + 2 * RESERVE // FEW)]
    given_now = offered(traffic, *newcomers)
    assert sum(given_now.values()) == RESERVE
    assert set(given_now.values()) == {FEW}
    # The rest of them have theirs first, the next time.
    again = offered(traffic, *newcomers)
    assert not given_now.keys() & again.keys()


def test_large_bodies_of_one_account_leave_the_others_theirs() -> None:
    large, small = account(1, 4), account(2)[0]
    traffic = fresh(*large, size=255 * 1024)
    traffic.note([], [], Taken([of(small)], [], [], {}), is_cut=False)
    for lane in large:
        end(traffic, *[QUICK] * 20, lane=lane)
    for _ in range(3):
        for webhook_id, count in offered(traffic, *large).items():
            open_many(traffic, next(o for o in large if o.webhook_id == webhook_id), count, 261_120)
    assert traffic.free_bytes > MOST_BYTES - ACCOUNT_BYTES - 261_120
    assert offered(traffic, *large) == {}
    assert offered(traffic, small) == {small.webhook_id: FIRST}


def test_ten_thousand_webhooks_that_hang_leave_one_that_nobody_knows_its_turn() -> None:
    hanging, other = account(1, 1000), account(2)[0]
    traffic = fresh(*hanging[:1], other)
    for _ in range(50):
        for offer in traffic.offers(hanging, 1, 256):
            lane = hanging[offer.webhook_id - 10_000]
            open_many(traffic, lane, offer.room)
    assert traffic._accounts[1].unanswered <= UNANSWERED
    assert offered(traffic, other) == {other.webhook_id: FIRST}


def test_whoever_has_little_open_comes_before_whoever_has_much() -> None:
    busy, idle = account(1, 40), account(2, 40)
    traffic = fresh(*busy, *idle)
    for lane in (*busy, *idle):
        end(traffic, QUICK, lane=lane)
    for lane in busy:
        open_many(traffic, lane, 5)
    taken = offered(traffic, *busy, *idle, most=100)
    assert sum(taken.get(lane.webhook_id, 0) for lane in idle) == 100


def test_a_place_that_does_not_do_for_all_goes_round() -> None:
    lanes = account(1, 9)
    traffic = fresh(*lanes)
    turns = [sorted(offered(traffic, *lanes, most=4)) for _ in range(9)]
    assert {webhook for turn in turns for webhook in turn} == {lane.webhook_id for lane in lanes}
    assert all(len(turn) == 4 for turn in turns)


def test_where_there_are_more_webhooks_than_places_few_are_looked_for() -> None:
    lanes, others = account(1, 200), account(2, 60)
    traffic = fresh(*lanes, *others)
    for lane in (*lanes, *others):
        end(traffic, QUICK, lane=lane)
    assert len(offered(traffic, *lanes)) == len(lanes)
    assert (traffic.crowded, traffic.wanted_lanes) == (set(), MOST_LANES)
    offered(traffic, *lanes, most=100)
    assert traffic.crowded == {1}
    assert 100 < traffic.wanted_lanes < 110
    # Now and then there are few places: those of a moment ago count for half, and half of that.
    offered(traffic, *lanes, most=1)
    assert 50 < traffic.wanted_lanes < 55
    offered(traffic, *lanes, most=1)
    assert traffic.wanted_lanes == FEW_LANES
    # Each that was found had a place: more are looked for.
    offered(traffic, *lanes[:FEW_LANES], most=100)
    assert (traffic.crowded, traffic.wanted_lanes) == (set(), 2 * FEW_LANES)
    # Where nothing is due, whatever comes next is looked for.
    assert traffic.offers([], 1, 1000) == []
    assert traffic.wanted_lanes == MOST_LANES
    # A look asks for as many webhooks of each account: of one that had fewer, there are no more.
    offered(traffic, *lanes, others[0], most=100)
    assert traffic.crowded == {1}
    assert FEW_LANES < traffic.wanted_lanes < 110
    # Of one that had as many as were asked for there may be more, where it has all it asks for.
    offered(traffic, *lanes, *others, most=300)
    assert (traffic.crowded, traffic.wanted_lanes) == ({1}, MOST_LANES)


def test_an_account_with_little_due_beside_one_with_much_is_noticed_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lanes, other = account(1, 50), account(2)[0]
    traffic = fresh(*lanes, other)

    def shared() -> bool:
        return traffic.is_shared

    offered(traffic, other, most=20)
    offered(traffic, *lanes, most=20)
    assert not shared()  # Each was alone.
    offered(traffic, *lanes, *account(2, 50), most=20)
    assert not shared()  # Both have more than places.
    offered(traffic, *lanes, other, most=20)
    assert shared()
    offered(traffic, *lanes, most=20)
    assert shared()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + traffic_module.SHARED_SECONDS + 1)
    assert not shared()


def test_an_account_whose_webhooks_do_not_answer_is_crowded() -> None:
    hanging = account(1, 1000)
    traffic = fresh(*hanging)
    while offers := traffic.offers(hanging, 1, 256):
        for offer in offers:
            open_many(traffic, hanging[offer.webhook_id - 10_000], offer.room)
    for _ in range(4):
        assert traffic.offers(hanging, 1, 256) == []
    assert (traffic.crowded, traffic.wanted_lanes) == ({1}, FEW_LANES)
    assert traffic.hindered == {1}
    assert not traffic.answers(hanging[0].webhook_id)
    # What answers has its place beside them; where there is none for that either, nothing hides.
    good = account(3, 2)
    end(traffic, QUICK, QUICK, lane=good[0])
    end(traffic, QUICK, QUICK, lane=good[1])
    assert all(traffic.answers(lane.webhook_id) for lane in good)
    own = [lane._replace(account_id=1) for lane in good]
    assert offered(traffic, *hanging, *own, most=100).keys() == {lane.webhook_id for lane in good}
    assert traffic.hindered == {1}
    offered(traffic, *hanging, *own, most=1)
    assert (traffic.crowded, traffic.hindered) == ({1}, frozenset())
    assert not traffic.answers(1)  # Nobody knows it.


# ---------------------------------------------------------------- one server


def test_servers_with_nothing_open_are_forgotten_but_for_their_failures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(traffic_module, "MOST_IDLE_SERVERS", 10)
    failing, *others = account(1, 50)
    traffic = fresh()
    end(traffic, REFUSED, lane=failing)
    for lane in others:
        end(traffic, QUICK, lane=lane)
    assert len(traffic._servers) == 10
    assert traffic._servers[failing.endpoint_id].run.length == 1


def test_one_server_does_not_take_all_and_leaves_each_account_a_few() -> None:
    shared = [account(number, endpoint=5)[0] for number in range(1, 5)]
    traffic = fresh(*shared)
    for lane in shared[:2]:
        end(traffic, *[QUICK] * MOST, lane=lane)
        open_many(traffic, lane, offered(traffic, lane)[lane.webhook_id])
    assert traffic._servers[5].in_flight <= SERVER_SLOTS
    assert offered(traffic, shared[2]) == {shared[2].webhook_id: FEW}
    elsewhere = account(9)[0]
    assert offered(traffic, elsewhere) == {elsewhere.webhook_id: FIRST}


# ---------------------------------------------------------------- what a claim took


def note(traffic: Traffic, offers: list[Offer], taken: Taken, *, is_cut: bool = False) -> bool:
    return traffic.note(offers, [LANE], taken, is_cut=is_cut)


def test_a_webhook_that_took_all_is_asked_again_at_once_for_more() -> None:
    traffic = fresh()
    offer = Offer(7, 1, 4, 4)
    assert note(traffic, [offer], Taken([of(LANE)] * 4, [], [], {}))
    assert not note(traffic, [offer], Taken([of(LANE)] * 3, [], [], {}))
    assert not note(traffic, [offer], NOTHING)


def test_what_was_put_aside_or_off_left_its_room_free() -> None:
    traffic = fresh()
    offer = Offer(7, 1, 4, 4)
    traffic._appetites = {7: 100}
    assert note(traffic, [offer], Taken([], [7] * 4, [], {}))
    assert note(traffic, [offer], Taken([], [], [7], {}))
    # Much more may wait for its turn: the next claim looks further, and takes no more.
    (next_offer,) = traffic.offers([LANE], 1, 100)
    assert (next_offer.room, next_offer.window) == (FIRST, traffic_module.LONG_WINDOW)
    assert not note(traffic, [offer], NOTHING)
    (next_offer,) = traffic.offers([LANE], 1, 100)
    assert next_offer.window == next_offer.room


def test_a_claim_that_was_cut_tells_nothing_of_how_much_is_due() -> None:
    traffic = fresh()
    traffic._appetites = {7: 8}
    assert note(traffic, [Offer(7, 1, 8, 8)], Taken([of(LANE)], [], [], {}), is_cut=True)
    assert traffic._appetites == {7: 8}


def test_those_for_whom_there_was_no_place_are_asked_until_all_were_asked_in_vain() -> None:
    lanes = account(1, 5)
    traffic = fresh(*lanes)
    asked: list[int] = []
    for _ in range(10):
        offers = traffic.offers(lanes, 1, 2)
        asked += [offer.webhook_id for offer in offers]
        if not traffic.note(offers, lanes, NOTHING, is_cut=False):
            break
    assert set(asked) == {lane.webhook_id for lane in lanes}
    assert len(asked) <= 8


# ---------------------------------------------------------------- probes


def test_of_a_server_that_is_held_back_one_webhook_is_probed() -> None:
    held = [lane._replace(is_server_held=True) for lane in account(1, 3, endpoint=5)]
    own = Lane(9, 2, 6, is_held=True)
    traffic = fresh()
    assert traffic.begin_probes([*held, own], 10) == [held[0], own]
    traffic.began(of(held[0]), is_probe=True)
    assert traffic.begin_probes(held, 10) == []
    traffic.ended(of(held[0]), REFUSED)
    assert traffic.begin_probes(held[1:], 10) == [held[1]]


def test_probes_have_a_quarter_of_the_slots() -> None:
    held = [lane._replace(is_held=True) for lane in account(1, 200)]
    traffic = fresh()
    probed = traffic.begin_probes(held, 1000)
    assert len(probed) == SLOTS // 4
    for lane in probed:
        traffic.began(of(lane), is_probe=True)
    assert traffic.begin_probes(held[SLOTS // 4 :], 1000) == []


def test_a_webhook_that_had_nothing_for_a_probe_is_passed_over_for_a_moment(
    monkeypatch: pytest.MonkeyPatch, changes: list[Change]
) -> None:
    both = [lane._replace(is_server_held=True, is_held=True) for lane in account(1, 2)]
    empty, ready = both
    traffic = fresh()
    assert traffic.begin_probes(both, 10) == both
    taken = Taken([of(ready)], [], [], {})
    assert traffic.give_back(both, taken, {ready.webhook_id})
    assert changes == [
        Change(Endpoint, empty.endpoint_id, To.PROBE_NOW),
        Change(Webhook, empty.webhook_id, To.PROBE_NOW),
    ]
    assert traffic.begin_probes(both, 10) == [ready]
    # One that waits for its turn now is no reason to leave it to others.
    assert traffic.give_back([ready], Taken([], [], [ready.webhook_id], {}), set())
    assert traffic.begin_probes(both, 10) == [ready]
    # One that could not be sent would only use up the next one, too.
    assert traffic.give_back([ready], taken, set())
    assert traffic.begin_probes(both, 10) == []
    monkeypatch.setattr(traffic_module, "BARREN_SECONDS", 0)
    traffic.give_back(both, NOTHING, set())
    assert traffic.begin_probes(both, 10) == both


def test_a_probe_that_another_worker_took_leaves_its_turn_to_the_next_for_a_moment(
    monkeypatch: pytest.MonkeyPatch, changes: list[Change]
) -> None:
    both = [lane._replace(is_server_held=True, is_held=True) for lane in account(1, 2, endpoint=5)]
    missed, ready = both
    traffic = fresh()

    def take(what: type[HeldBack], pks: Collection[int]) -> set[int]:
        return set(pks) - ({missed.webhook_id} if what is Webhook else set())

    monkeypatch.setattr(breaker, "begin_probes", take)
    assert traffic.begin_probes(both, 10) == []
    assert changes == [Change(Endpoint, 5, To.PROBE_NOW)]
    assert traffic.begin_probes(both, 10) == [ready]
