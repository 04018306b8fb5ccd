"""How much is open to one endpoint: grows with success, shrinks with timeouts, never to nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from webhooks.room import FIRST, MOST, RUN, Room, Run


def end_one(room: Room, outcome: str) -> None:
    room.began()
    room.ended(
        succeeded=outcome in ("success", "slow"),
        quickly=outcome == "success",
        timed_out=outcome == "timeout",
    )


def end(room: Room, *, quickly: bool = False, timed_out: bool = False) -> None:
    room.ended(succeeded=quickly, quickly=quickly, timed_out=timed_out)


def test_a_slow_receiver_comes_back_to_what_anybody_gets() -> None:
    for room in (Room(limit=1), Room(limit=MOST)):
        room.start_over()
        for _ in range(50):
            end_one(room, "slow")
        assert room.limit == FIRST


def test_it_starts_small() -> None:
    assert Room().left() == FIRST


def test_what_is_open_takes_room_and_gives_it_back() -> None:
    room = Room()
    for _ in range(FIRST):
        room.began()
    assert room.left() == 0
    end(room)
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
            end(room, quickly=step == "success", timed_out=step == "timeout")
        assert 1 <= room.limit <= MOST
        assert 0 <= room.left() <= room.limit
        if room.in_flight == 0:
            assert room.left() >= 1


def test_after_a_stop_it_begins_with_one_and_doubles_with_each_round() -> None:
    room = Room(limit=MOST, answered=True)
    room.run.add("timeout")
    room.start_over()
    assert (room.left(), room.answered, room.run.length) == (1, False, 0)
    sizes = []
    for _ in range(4):
        open_now = room.left()
        sizes.append(open_now)
        for _ in range(open_now):
            room.began()
        for _ in range(open_now):
            end(room, quickly=True)
    assert sizes == [1, 2, 4, 8]


def test_what_was_learnt_long_ago_is_no_reason_for_many_at_once() -> None:
    large, small = Room(limit=MOST), Room(limit=2)
    large.forget()
    small.forget()
    assert (large.limit, small.limit) == (FIRST, 2)


def test_a_run_is_told_of_once_and_names_its_kinds_and_none_of_an_earlier_one() -> None:
    run = Run()
    run.add("tls")
    assert not run.end()
    told = [run.add("connect" if number == 5 else "timeout") for number in range(RUN + 5)]
    assert [place for place, is_it in enumerate(told, 1) if is_it] == [RUN]
    assert run.kinds == ("timeout", "connect")
    assert run.end()
    assert not run.end()


@given(st.integers(1, MOST), st.integers(1, 50), st.integers(0, MOST))
def test_workers_share_the_room(limit: int, workers: int, in_flight: int) -> None:
    room = Room(limit=limit, in_flight=in_flight)
    share = room.left(workers) + in_flight
    assert share >= 1
    if room.left(workers):
        # Together no more than the limit, but for what does not divide evenly.
        assert share * workers < limit + workers
