"""A recovery whose worker is killed in the middle."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

from tests.process.stack import Stack, wait_until
from tests.receiver import Receiver
from webhooks.queue import LEASE_SECONDS
from webhooks.recovery import BATCH

pytestmark = [pytest.mark.process, pytest.mark.thorough]
SOME = 3 * BATCH


def test_a_recovery_goes_on_after_its_workers_were_killed(
    stack: Stack, live_receiver: Receiver
) -> None:
    chatbot = stack.do("prepare", url=live_receiver.url("/"))["chatbotId"]
    stack.signal_worker(signal.SIGKILL)
    stack.do("pour", chatbot=chatbot, count=SOME)
    stack.do("give_up", chatbot=chatbot)
    made = stack.do("recover", chatbot=chatbot)

    def told() -> Any:
        return stack.do("recovery", pk=made)

    assert told() == {"status": "running", "requeued": BATCH, "items": BATCH}
    stack.start_worker()
    wait_until(lambda: told()["requeued"] > BATCH, "the next batch", 60)
    stack.signal_worker(signal.SIGKILL)
    stack.do("let_time_pass", seconds=LEASE_SECONDS)
    stack.start_worker()
    wait_until(lambda: told()["status"] == "finished", "the last batch", 60)
    assert told() == {"status": "finished", "requeued": SOME, "items": SOME}
    wait_until(
        lambda: stack.state(chatbot)["statuses"] == {"succeeded": SOME},
        "all of them delivered",
        LEASE_SECONDS * 3,
    )
    arrived = {json.loads(request.body)["data"]["chatlogId"] for request in live_receiver.requests}
    assert arrived == {f"c{number}" for number in range(SOME)}
    assert stack.state(chatbot)["untruthful"] == []
