"""How much is open to one endpoint: grows with success, shrinks with timeouts, never to nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from webhooks.room import FIRST, MOST, Room, offer


def end_one(room: Room, outcome: str) -> None:
    room.began()
    room.ended(quickly=outcome == "success", timed_out=outcome == "timeout")


def test_it_starts_small() -> None:
    assert Room().left() == FIRST


def test_what_is_open_takes_room_and_gives_it_back() -> None:
    room = Room()
    for _ in range(FIRST):
        room.began()
    assert room.left() == 0
    room.ended(quickly=False, timed_out=False)
    assert room.left() == 1


def test_an_endpoint_that_answers_soon_has_all_the_room() -> None:
    room = Room()
    for _ in range(MOST):
        end_one(room, "success")
    assert room.limit == MOST
    end_one(room, "success")
    assert room.limit == MOST


def test_an_endpoint_that_hangs_is_soon_down_to_one() -> None:
    room = Room(limit=MOST)
    for _ in range(8):
        end_one(room, "timeout")
    assert room.limit == 1


def test_an_error_that_comes_quickly_changes_nothing() -> None:
    room = Room()
    for _ in range(50):
        end_one(room, "error")
    assert room.limit == FIRST


def test_one_that_comes_back_grows_again() -> None:
    room = Room(limit=1)
    end_one(room, "success")
    assert room.limit == 2


@given(st.lists(st.sampled_from(["began", "success", "timeout", "error"])))
def test_it_never_closes_and_never_bursts(steps: list[str]) -> None:
    room = Room()
    for step in steps:
        if step == "began":
            room.began()
        elif room.in_flight:
            room.ended(quickly=step == "success", timed_out=step == "timeout")
        assert 1 <= room.limit <= MOST
        assert 0 <= room.left() <= room.limit
        if room.in_flight == 0:
            assert room.left() >= 1


def test_nobody_takes_more_than_half_of_what_is_free() -> None:
    room = Room(limit=MOST, answered=True)
    assert offer(room, free=512, slots=512, unanswered=0) == MOST
    assert offer(room, free=100, slots=512, unanswered=0) == 50
    assert offer(room, free=1, slots=512, unanswered=0) == 1


def test_endpoints_that_never_answered_share_half_of_all() -> None:
    room = Room()
    assert offer(room, free=512, slots=512, unanswered=0) == FIRST
    assert offer(room, free=384, slots=512, unanswered=128) == 1
    assert offer(room, free=256, slots=512, unanswered=256) == 0
    assert offer(Room(answered=True), free=256, slots=512, unanswered=256) == FIRST


def test_one_that_has_its_only_slot_waits_for_it() -> None:
    room = Room(in_flight=1)
    assert offer(room, free=384, slots=512, unanswered=128) == 0


@given(st.integers(1, MOST), st.integers(1, 50), st.integers(0, MOST))
def test_workers_share_the_room(limit: int, workers: int, in_flight: int) -> None:
    room = Room(limit=limit, in_flight=in_flight)
    share = room.left(workers) + in_flight
    assert share >= 1
    if room.left(workers):
        # Together no more than the limit, but for what does not divide evenly.
        assert share * workers < limit + workers
