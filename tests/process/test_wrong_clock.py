"""A worker or a web process whose clock is wrong does no harm: the database's clock counts."""

from __future__ import annotations

import contextlib
import json
import signal
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from subprocess import Popen

import pytest
import requests

from tests import needs
from tests.process.conftest import Served
from tests.process.counter import Counter
from tests.process.stack import Stack, wait_until
from tests.process.truth import interrupted_of
from tests.receiver import Receiver, Request
from webhooks.schedule import SCHEDULES

pytestmark = [pytest.mark.process, pytest.mark.soak, pytest.mark.timeout(300)]
SOME = 20
HELD = 4
JUMPED = 120
# Against an hour.
LITTLE_SECONDS = 120


@pytest.fixture
def faketime() -> dict[str, str]:
    """The environment of a process whose clock is to be off."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if library is None:
        what = "needs libfaketime (Debian: faketime)"
        pytest.fail(what, pytrace=False) if needs.IN_CI else pytest.skip(what)
    return {
        "LD_PRELOAD": str(library),
        # Nobody's uptime is wrong.
        "DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }


@pytest.fixture(params=["+1h", "-1h"])
def wrong_clock(request: pytest.FixtureRequest, faketime: dict[str, str]) -> dict[str, str]:
    """The environment of a process whose clock is off all the time."""
    return faketime | {"FAKETIME": request.param}


@contextlib.contextmanager
def on_its_own(stack: Stack, environment: dict[str, str]) -> Iterator[Popen[bytes]]:
    """A worker in this environment; the other one stands still, unless it is woken."""
    right = stack.worker
    assert right is not None
    right.send_signal(signal.SIGSTOP)
    wrong = stack.start_worker(**environment)
    try:
        yield wrong
    finally:
        right.send_signal(signal.SIGCONT)
        wrong.kill()
        wrong.wait()
        stack.running.remove(wrong)
        stack.worker = right


def test_a_worker_whose_clock_is_an_hour_off_sends_nothing_early_or_late_and_takes_no_lease(
    served: Served, live_receiver: Receiver, wrong_clock: dict[str, str]
) -> None:
    stack, right = served.stack, served.stack.worker
    assert right is not None
    with on_its_own(stack, wrong_clock) as wrong, Receiver() as slow:
        sends_by_the_databases_clock(stack, live_receiver)
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


def test_a_worker_whose_clock_jumps_sends_each_once(
    served: Served, faketime: dict[str, str], tmp_path: Path
) -> None:
    stack, clock = served.stack, tmp_path / "clock"

    def jump(offset: str) -> None:
        new = tmp_path / "new"
        new.write_text(offset)
        new.replace(clock)

    jump("+0")
    jumping = faketime | {"FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1"}
    with on_its_own(stack, jumping), Counter(delay_seconds=0.5) as counter:
        chatbot = stack.do("prepare", url=counter.url)["chatbotId"]
        stack.do("pour", chatbot=chatbot, count=JUMPED)
        # An hour ahead, back, an hour behind, and right again; with requests in flight each time.
        for turn, offset in enumerate(["+1h", "+0", "-1h", "+0"], 1):
            counter.wait_for(JUMPED * turn // 5, 60)
            jump(offset)
        stack.wait_for_all(chatbot, JUMPED, 60)
        arrivals, arrived = counter.arrivals(), counter.chatlogs()
    expected = [f"c{number}" for number in range(JUMPED)]
    assert interrupted_of(stack.do("attempts", chatbot=chatbot), arrived, expected) == 0
    assert set(arrived.values()) == {1}
    for one in arrivals:
        assert abs(datetime.fromisoformat(one.timestamp).timestamp() - one.at) < LITTLE_SECONDS
    assert_is_dated_now(stack, chatbot)


def test_what_a_web_process_whose_clock_is_an_hour_off_takes_is_sent_at_once_and_kept(
    served: Served, live_receiver: Receiver, wrong_clock: dict[str, str]
) -> None:
    stack, right, right_url = served.stack, served.stack.web, served.stack.web_url
    stack.start_web(0, **wrong_clock)
    wrong = stack.web
    assert wrong is not None
    try:
        wait_until(stack.web_answers, "the web", 60)
        made = stack.do("prepare", url=live_receiver.url("/"))
        chatbot = made["chatbotId"]
        said: list[tuple[str, dict[str, object]]] = [
            ("/events", {"event": "USER_MESSAGE_SENT", "data": {}}),
            ("/chat", {"question": "What are your business hours?"}),
        ]
        for path, given in said:
            answer = requests.post(
                f"{stack.web_url}/api/v1{path}",
                json={"chatbotId": chatbot} | given,
                headers={"Authorization": f"Bearer {made['apiKey']}"},
                timeout=60,
            )
            assert answer.ok, answer.text
        stack.wait_for_all(chatbot, 2)
    finally:
        wrong.kill()
        wrong.wait()
        stack.running.remove(wrong)
        stack.web, stack.web_url = right, right_url
    assert len(live_receiver.requests) == 2
    for request in live_receiver.requests:
        sent = datetime.fromisoformat(request.headers["x-wonderchat-timestamp"])
        assert abs(sent.timestamp() - request.at) < LITTLE_SECONDS
        told = datetime.fromisoformat(json.loads(request.body)["timestamp"])
        assert abs(told - sent) > timedelta(minutes=50)  # The clock was wrong indeed.
    assert_is_dated_now(stack, chatbot)
    # Forgotten when it is old, give or take the hour.
    stack.do("prune", seconds=-2 * 3600)
    assert stack.state(chatbot)["statuses"] == {"succeeded": 2}
    stack.do("prune", seconds=2 * 3600)
    assert stack.state(chatbot)["statuses"] == {}


def sends_by_the_databases_clock(stack: Stack, receiver: Receiver) -> None:
    """What is sent, and again after failures, is right by the database's clock."""
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
    for sent_again in by_chatlog.values():
        pairs = zip(SCHEDULES["quick"], sent_again, sent_again[1:], strict=False)
        for wait, first, second in pairs:
            assert second.at - first.at >= wait
    assert_is_dated_now(stack, chatbot)


def assert_is_dated_now(stack: Stack, chatbot: str) -> None:
    now = time.time()
    for moment in stack.do("moments", chatbot=chatbot):
        assert abs(moment - now) < LITTLE_SECONDS
