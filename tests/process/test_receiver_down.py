"""A receiver that is down for a while."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from tests.ports import free_port
from tests.process.stack import Stack, wait_until
from tests.receiver import Receiver

pytestmark = [pytest.mark.process, pytest.mark.thorough]


@pytest.mark.parametrize(
    "count", [2000, pytest.param(10_000, marks=[pytest.mark.soak, pytest.mark.timeout(300)])]
)
def test_what_is_queued_while_the_receiver_is_down_arrives_once_it_is_up(
    stack: Stack, count: int
) -> None:
    port = free_port()
    chatbot = stack.do("prepare", url=f"http://127.0.0.1:{port}/", schedule="quick")["chatbotId"]
    stack.do("pour", chatbot=chatbot, count=count)
    # Not of each: an endpoint that nobody can connect to is spared the rest.
    wait_until(lambda: stack.state(chatbot)["attempts"].get("connect"), "attempts in vain", 60)
    with Receiver(port=port) as receiver:
        stack.wait_for_all(chatbot, count, 90)
        requests = receiver.requests
    arrived = Counter(json.loads(request.body)["data"]["chatlogId"] for request in requests)
    assert set(arrived) == {f"c{number}" for number in range(count)}
    assert set(arrived.values()) == {1}
    state = stack.state(chatbot)
    assert state["untruthful"] == []
    assert set(state["attempts"]) == {"", "connect"}
