"""How long it is from COMMIT to the arrival of the POST."""

from __future__ import annotations

import json

import pytest

from tests.process.stack import Stack, percentile
from tests.receiver import Receiver
from webhooks.sweep import SWEEP_SECONDS

pytestmark = [pytest.mark.process, pytest.mark.alone]


def test_an_event_arrives_at_once_after_its_commit(
    stack: Stack, live_receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    chatbot = stack.do("prepare", url=live_receiver.url("/"))["chatbotId"]
    committed = stack.do("trickle", chatbot=chatbot, count=100, per_second=20)
    live_receiver.wait_for(100)
    arrived = {json.loads(r.body)["data"]["chatlogId"]: r.at for r in live_receiver.requests}
    waits = [arrived[name] - moment for name, moment in committed.items()]
    p50, p99 = percentile(waits, 0.5), percentile(waits, 0.99)
    with capsys.disabled():
        print(f" from COMMIT to arrival: p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms", end=" ")
    # The worker's sweep alone would bring them half of its period later, on average.
    assert p50 < SWEEP_SECONDS / 10
    assert percentile(waits, 0.9) < SWEEP_SECONDS / 2
