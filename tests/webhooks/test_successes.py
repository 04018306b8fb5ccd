"""Which successes are told, when, and how often."""

from __future__ import annotations

import pytest

from tests.webhooks.due import finish, made_up
from webhooks import successes
from webhooks.queue import Claimed, Success
from webhooks.successes import Successes


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(successes, "time", made)
    return made


def claimed(webhook_id: int, *, is_test: bool = False) -> Claimed:
    return made_up(webhook_id=webhook_id, is_test=is_test)


def test_with_nothing_else_to_do_a_success_is_told_at_once(clock: Clock) -> None:
    ours = Successes()
    ours.note([finish(claimed(7)), finish(claimed(8))])
    clock.now += 0.25
    assert ours.to_tell(idle=True) == [Success(7, 0.25), Success(8, 0.25)]
    assert len(ours) == 2  # Until they were told.
    ours.told(ours.to_tell(idle=True))
    assert len(ours) == 0
    assert ours.to_tell(idle=True) == []


def test_beside_other_work_it_waits_for_five_seconds(clock: Clock) -> None:
    ours = Successes()
    ours.note([finish(claimed(7))])
    clock.now += 3
    ours.note([finish(claimed(8)), finish(claimed(7))])
    assert ours.to_tell(idle=False) == []
    clock.now += 2
    assert ours.to_tell(idle=False) == [Success(7, 5.0)]
    ours.told([Success(7, 5.0)])
    clock.now += 3
    assert ours.to_tell(idle=False) == [Success(8, 5.0)]


def test_a_few_are_told_at_a_time_and_all_of_them(clock: Clock) -> None:
    ours = Successes()
    ours.note([finish(claimed(number)) for number in range(1000)])
    told: list[int] = []
    while len(ours):
        batch = ours.to_tell(idle=True)
        assert 0 < len(batch) <= successes.AT_ONCE
        told += [one.webhook_id for one in batch]
        ours.told(batch)
    assert told == list(range(1000))


def test_what_follows_within_five_seconds_is_not_told_again(clock: Clock) -> None:
    ours = Successes()

    def tells() -> bool:
        ours.note([finish(claimed(7))])
        batch = ours.to_tell(idle=True)
        ours.told(batch)
        return bool(batch)

    assert tells()
    clock.now += 4.9
    assert not tells()
    clock.now += 0.1
    assert tells()
    clock.now += 1
    ours.note([finish(claimed(7), "failed")])
    assert tells()  # It failed in between.


def test_a_success_is_told_before_the_failure_that_follows(clock: Clock) -> None:
    ours = Successes()
    ours.note([finish(claimed(7)), finish(claimed(8)), finish(claimed(9))])
    clock.now += 1
    then = [
        finish(claimed(7), "failed"),
        finish(claimed(8)),
        finish(claimed(9, is_test=True), "failed"),
    ]
    assert ours.of_failing(then) == [Success(7, 1.0)]
    assert Successes().of_failing(then) == []


def test_tests_say_nothing(clock: Clock) -> None:
    ours = Successes()
    ours.note([finish(claimed(7, is_test=True))])
    assert len(ours) == 0


def test_what_it_remembers_is_bounded(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(successes, "MOST_REMEMBERED", 10)
    ours = Successes()
    for number in range(100):
        ours.note([finish(claimed(number))])
        ours.told(ours.to_tell(idle=True))
    assert len(ours._told_at) <= 11
