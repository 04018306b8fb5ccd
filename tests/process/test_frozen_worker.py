"""A worker that stands still past its leases, and wakes up."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from tests.process.conftest import Served
from tests.process.stack import Stack, wait_until
from tests.receiver import Receiver
from webhooks.queue import LEASE_SECONDS

pytestmark = [pytest.mark.process, pytest.mark.thorough]
HELD = 4


def delivered_past_a_frozen_worker(
    stack: Stack, receiver: Receiver, truly: bool
) -> tuple[list[Any], list[Any]]:
    """What the deliveries and attempts came to before the frozen worker woke up, and after.

    Its requests are answered 500 while it stands still; those of the other worker 200.
    """
    receiver.answer("/", 500, delay_seconds=5)
    chatbot = stack.do("prepare", url=receiver.url("/"))["chatbotId"]
    stack.do("pour", chatbot=chatbot, count=HELD)
    receiver.wait_for(HELD, timeout_seconds=60)
    wait_until(lambda: stack.state(chatbot)["leased"] == HELD, "all of them claimed")
    frozen = stack.worker
    assert frozen is not None
    frozen.send_signal(signal.SIGSTOP)
    try:
        assert stack.state(chatbot)["leased"] == HELD
        receiver.answer("/", 200)
        if not truly:
            stack.do("let_time_pass", seconds=LEASE_SECONDS)
        stack.start_worker()
        stack.wait_for_all(chatbot, HELD, LEASE_SECONDS * 3)
        before = stack.do("outcomes", chatbot=chatbot)
        assert len(receiver.requests) == HELD * 2
    finally:
        frozen.send_signal(signal.SIGCONT)
    wait_until(
        lambda: "interrupted" not in stack.state(chatbot)["attempts"],
        "what the woken worker knew is written down",
    )
    after = stack.do("outcomes", chatbot=chatbot)
    # It goes on as a worker, and may be stopped as one.
    frozen.terminate()
    assert frozen.wait(20) == 0
    stack.running.remove(frozen)
    assert len(receiver.requests) == HELD * 2
    assert stack.state(chatbot)["untruthful"] == []
    return before, after


def assert_nothing_overwritten(before: list[Any], after: list[Any]) -> None:
    again = [2, 200, ""]
    assert before == [["succeeded", 2, 0, [[1, None, "interrupted"], again]]] * HELD
    # What the other worker did since stands; of its own attempt the woken one may tell. The answer
    # waited in its socket, perhaps for longer than an answer may take.
    for one in after:
        status, attempts, failures, [first, second] = one
        assert [status, attempts, failures, second] == ["succeeded", 2, 0, again]
        assert first in ([1, 500, "http_status"], [1, None, "timeout"])
    assert len(after) == HELD


def test_a_worker_that_wakes_up_past_its_lease_overwrites_nothing(
    stack: Stack, live_receiver: Receiver
) -> None:
    assert_nothing_overwritten(*delivered_past_a_frozen_worker(stack, live_receiver, truly=False))


@pytest.mark.soak
def test_a_worker_that_truly_stood_still_for_longer_than_a_lease_overwrites_nothing(
    served: Served, live_receiver: Receiver
) -> None:
    both = delivered_past_a_frozen_worker(served.stack, live_receiver, truly=True)
    assert_nothing_overwritten(*both)
