"""Workers that are killed or told to stop in the middle of their work."""

from __future__ import annotations

import json
import signal
from collections import Counter

import pytest

from tests.process.stack import Stack
from tests.receiver import Receiver
from webhooks.queue import LEASE_SECONDS

pytestmark = pytest.mark.process
SOME = 2000


def chatlogs(receiver: Receiver) -> Counter[str]:
    """How often each chatlog's event arrived."""
    return Counter(json.loads(request.body)["data"]["chatlogId"] for request in receiver.requests)


def test_a_worker_killed_in_the_middle_loses_nothing(stack: Stack, live_receiver: Receiver) -> None:
    live_receiver.answer("/", delay_seconds=0.03)
    chatbot = stack.do("prepare", url=live_receiver.url("/"))["chatbotId"]
    stack.do("pour", chatbot=chatbot, count=SOME)
    live_receiver.wait_for(300)
    stack.signal_worker(signal.SIGKILL)
    left = SOME - stack.state(chatbot)["statuses"].get("succeeded", 0)
    assert left > 0
    stack.do("let_time_pass", seconds=LEASE_SECONDS)
    stack.start_worker()
    stack.wait_for_all(chatbot, SOME, LEASE_SECONDS * 3)
    state, arrived = stack.state(chatbot), chatlogs(live_receiver)
    assert set(arrived) == {f"c{number}" for number in range(SOME)}
    # One row for each attempt; twice only what was in the killed worker's hand.
    assert state["untruthful"] == []
    assert state["attempts"].pop("") == SOME
    assert set(state["attempts"]) <= {"interrupted"}
    twice = sum(arrived.values()) - SOME
    assert twice <= state["attempts"].get("interrupted", 0) <= left
    assert max(arrived.values()) <= 2


def test_a_worker_told_to_stop_finishes_what_is_in_flight(
    stack: Stack, live_receiver: Receiver
) -> None:
    live_receiver.answer("/", delay_seconds=1.5)
    chatbot = stack.do("prepare", url=live_receiver.url("/"))["chatbotId"]
    stack.do("pour", chatbot=chatbot, count=30)
    live_receiver.wait_for(5)
    stack.signal_worker(signal.SIGTERM)
    assert stack.worker is not None
    assert stack.worker.returncode == 0
    state, arrived = stack.state(chatbot), len(live_receiver.requests)
    assert state["statuses"] == {"succeeded": arrived, "pending": 30 - arrived}
    assert (state["leased"], state["untried"], state["untruthful"]) == (0, 30 - arrived, [])
    live_receiver.answer("/", 200)
    stack.start_worker()
    stack.wait_for_all(chatbot, 30)
    assert set(chatlogs(live_receiver).values()) == {1}
    assert stack.state(chatbot)["attempts"] == {"": 30}
