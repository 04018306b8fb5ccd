"""A worker whose clock is an hour off does no harm: the database's clock counts."""

from __future__ import annotations

import json
import signal
import time
from datetime import datetime
from pathlib import Path

import pytest

from tests import needs
from tests.process.conftest import Served
from tests.process.stack import Stack, wait_until
from tests.receiver import Receiver, Request
from webhooks.schedule import SCHEDULES

pytestmark = [pytest.mark.process, pytest.mark.soak, pytest.mark.timeout(300)]
SOME = 20
HELD = 4
# Against an hour.
LITTLE_SECONDS = 120


@pytest.fixture(params=["+1h", "-1h"])
def wrong_clock(request: pytest.FixtureRequest) -> dict[str, str]:
    """The environment of a process whose clock is off."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if library is None:
        what = "needs libfaketime (Debian: faketime)"
        pytest.fail(what, pytrace=False) if needs.IN_CI else pytest.skip(what)
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME": request.param,
        # Nobody's uptime is wrong.
        "DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }


def test_a_worker_whose_clock_is_an_hour_off_sends_nothing_early_or_late_and_takes_no_lease(
    served: Served, live_receiver: Receiver, wrong_clock: dict[str, str]
) -> None:
    stack, right = served.stack, served.stack.worker
    assert right is not None
    right.send_signal(signal.SIGSTOP)
    wrong = stack.start_worker(**wrong_clock)
    try:
        on_its_own(stack, live_receiver)
        with Receiver() as slow:
            slow.answer("/", 200, delay_seconds=5)
            chatbot = stack.do("prepare", url=slow.url("/"))["chatbotId"]
            wrong.send_signal(signal.SIGSTOP)
            right.send_signal(signal.SIGCONT)
            stack.do("pour", chatbot=chatbot, count=HELD)
            slow.wait_for(HELD, timeout_seconds=60)
            wait_until(lambda: stack.state(chatbot)["leased"] == HELD, "all of them claimed")
            right.send_signal(signal.SIGSTOP)
            wrong.send_signal(signal.SIGCONT)
            # The wrong one looks for what is due, and finds only what is.
            other = stack.do("prepare", url=live_receiver.url("/other"))["chatbotId"]
            stack.do("pour", chatbot=other, count=SOME)
            stack.wait_for_all(other, SOME)
            assert len(slow.requests) == HELD
            assert set(stack.state(chatbot)["attempts"]) == set()
            right.send_signal(signal.SIGCONT)
            stack.wait_for_all(chatbot, HELD)
            assert "interrupted" not in stack.state(chatbot)["attempts"]
    finally:
        right.send_signal(signal.SIGCONT)
        wrong.kill()
        wrong.wait()
        stack.running.remove(wrong)
        stack.worker = right


def on_its_own(stack: Stack, receiver: Receiver) -> None:
    """The wrong worker alone: what it sends is right by the database's clock."""
    receiver.answer("/", 500)
    chatbot = stack.do("prepare", url=receiver.url("/"), schedule="quick")["chatbotId"]
    stack.do("pour", chatbot=chatbot, count=SOME)
    receiver.wait_for(SOME, timeout_seconds=60)
    receiver.answer("/", 200)
    stack.wait_for_all(chatbot, SOME, LITTLE_SECONDS)
    by_chatlog: dict[str, list[Request]] = {}
    for request in receiver.requests:
        by_chatlog.setdefault(json.loads(request.body)["data"]["chatlogId"], []).append(request)
        sent = datetime.fromisoformat(request.headers["x-wonderchat-timestamp"])
        assert abs(sent.timestamp() - request.at) < LITTLE_SECONDS
    assert len(by_chatlog) == SOME
    for requests in by_chatlog.values():
        for wait, first, second in zip(SCHEDULES["quick"], requests, requests[1:], strict=False):
            assert second.at - first.at >= wait
    now = time.time()
    for moment in stack.do("moments", chatbot=chatbot):
        assert abs(moment - now) < LITTLE_SECONDS
