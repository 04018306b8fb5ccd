from __future__ import annotations

import pytest

from chatbots.answer_gate import FAILURES_IN_A_ROW, REST_SECONDS, Closed, Gate


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(clock: Clock) -> Gate:
    return Gate(clock)


def test_there_is_room_for_so_many_and_no_more(gate: Gate) -> None:
    for _ in range(3):
        gate.enter(3)
    with pytest.raises(Closed, match="3 answers are being waited for already"):
        gate.enter(3)
    gate.leave()
    gate.enter(3)


def fails(gate: Gate, times: int) -> None:
    for _ in range(times):
        gate.enter(1)
        gate.failed()
        gate.leave()


def test_after_failures_in_a_row_it_rests_and_then_one_tries(gate: Gate, clock: Clock) -> None:
    fails(gate, FAILURES_IN_A_ROW)
    with pytest.raises(Closed, match="it failed 5 times in a row; 10 s to go"):
        gate.enter(9)
    clock.now = REST_SECONDS
    gate.enter(9)
    with pytest.raises(Closed):
        gate.enter(9)
    gate.failed()
    gate.leave()
    clock.now += REST_SECONDS - 1
    with pytest.raises(Closed, match="it failed 6 times in a row; 1 s to go"):
        gate.enter(9)
    clock.now += 1
    gate.enter(9)
    gate.answered()
    gate.leave()
    for _ in range(9):
        gate.enter(9)


def test_one_answer_makes_up_for_the_failures_before_it(gate: Gate) -> None:
    fails(gate, FAILURES_IN_A_ROW - 1)
    gate.answered()
    fails(gate, FAILURES_IN_A_ROW - 1)
    gate.enter(1)


def test_a_try_that_nobody_tells_the_end_of_is_not_the_last(gate: Gate, clock: Clock) -> None:
    fails(gate, FAILURES_IN_A_ROW)
    clock.now = REST_SECONDS
    gate.enter(9)
    clock.now += REST_SECONDS
    gate.enter(9)
