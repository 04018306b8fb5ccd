"""What one webhook does costs no other: on the same server, and of another account."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from pytest_django import Settings

from chatbots import events
from chatbots.models import Account, Chatbot, Event, EventSource, Plan
from tests.receiver import Receiver
from tests.webhooks.due import add_due, add_webhook, run_beside, states, wait_until
from tests.webhooks.raw_server import OK, Connection, RawServer
from webhooks import engine, limits, outbox, queue, subscriptions, traffic
from webhooks.engine import Engine
from webhooks.models import Endpoint, Webhook
from webhooks.queue import Due, Look, Queue

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def in_the_sandbox(settings: Settings) -> None:
    settings.SANDBOX = True


@pytest.fixture
def stranger() -> Chatbot:
    """A chatbot of another account."""
    account = Account.objects.create(name="Stranger", plan=Plan.BASIC)
    return Chatbot.objects.create(account=account, name="Bot")


@pytest.fixture
def server() -> Iterator[RawServer]:
    """One server: a path that never answers, one that closes, and one that answers at once."""

    def talk(opened: Connection) -> None:
        while request := opened.read_request():
            if request.startswith(b"POST /hangs"):
                opened.hang()
                return
            if request.startswith(b"POST /closes"):
                return
            opened.send(OK)

    with RawServer(talk) as server:
        yield server


@pytest.mark.parametrize("bad", ["/hangs", "/closes"])
def test_a_bad_path_stops_no_other_webhook_of_its_server(
    running: Engine,
    chatbot: Chatbot,
    stranger: Chatbot,
    server: RawServer,
    beside: ThreadPoolExecutor,
    bad: str,
) -> None:
    broken = add_webhook(chatbot, server.url(bad))
    add_due(broken, 150, seconds_ago=60)
    own = add_due(add_webhook(chatbot, server.url("/mine")), 40)
    theirs = add_due(add_webhook(stranger, server.url("/theirs")), 40)
    ended = run_beside(beside, running)
    try:
        wait_until(lambda: states(own + theirs) == ["succeeded"] * 80, "all the others", 8)
    finally:
        running.stop()
    ended.result(20)
    assert not Endpoint.objects.exclude(held_since=None).exists()


@pytest.fixture
def few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look asks for two webhooks, and an account may have four requests to those that do not
    answer."""
    for name in ("MOST_LANES", "FEW_LANES"):
        monkeypatch.setattr(traffic, name, 2)
    for name in ("UNANSWERED", "FEW"):
        monkeypatch.setattr(limits, name, 4)


def hanging_and_good(chatbot: Chatbot, server: RawServer, due: int) -> list[int]:
    """Forty webhooks of an account that hang, and one that does not; what is due for that one."""
    good = add_due(add_webhook(chatbot, server.url("/good")), due)
    for number in range(40):
        add_due(add_webhook(chatbot, server.url(f"/hangs/{number}")), 5, seconds_ago=60)
    return good


def test_what_hangs_hides_no_webhook_of_its_account_that_has_much_to_send(
    running: Engine,
    chatbot: Chatbot,
    server: RawServer,
    few_at_a_time: None,
    beside: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "MOST_LANES", 2)
    good = hanging_and_good(chatbot, server, 200)
    ended = run_beside(beside, running)
    # A sweep takes 20 looks, each a quarter of a second after the one before, and to send so many
    # takes five of its rounds.
    try:
        wait_until(lambda: states(good) == ["succeeded"] * 200, "all of the good one's", 8)
    finally:
        running.stop()
    ended.result(20)


def test_a_look_for_which_nobody_waits_asks_for_many_webhooks(
    running: Engine,
    chatbot: Chatbot,
    server: RawServer,
    few_at_a_time: None,
    beside: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[float, int]] = []
    present = type(queue.present())
    look = present.look

    def noted(self: Queue, wanted: Look) -> Due:
        asked.append((time.monotonic(), wanted.most))
        return look(self, wanted)

    monkeypatch.setattr(present, "look", noted)
    good = hanging_and_good(chatbot, server, 20)
    ended = run_beside(beside, running)
    try:
        wait_until(lambda: states(good) == ["succeeded"] * 20, "all of the good one's", 8)
        wait_until(lambda: [most for _, most in asked[-2:]] == [300, 300], "wide looks", 8)
    finally:
        running.stop()
    ended.result(20)
    waited = [(later - sooner, most) for (sooner, _), (later, most) in pairwise(asked)]
    assert {most for seconds, most in waited if seconds > 1.1 * engine.LOOK_SECONDS} <= {300}
    assert {most for seconds, most in waited if seconds < engine.LOOK_SECONDS} == {2}


def test_after_a_stop_a_receiver_that_is_gone_gets_one_request(
    running: Engine, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    webhook = add_webhook(chatbot, live_receiver.url("/hook"))
    add_due(webhook, 300)
    running.run()
    assert len(live_receiver.requests) == 300
    subscriptions.disable(webhook, "x")
    waiting = add_due(webhook, 200, status="held")
    live_receiver.answer("/hook", 410)
    subscriptions.enable(Webhook.objects.get(pk=webhook.pk))
    running.run()
    assert len(live_receiver.requests) == 301
    assert states(waiting) == ["held"] * 200
    live_receiver.answer("/hook", 200)
    subscriptions.enable(Webhook.objects.get(pk=webhook.pk))
    running.run()
    assert states(waiting) == ["succeeded"] * 200


def test_what_asks_for_a_person_arrives_before_the_live_chat_that_comes_of_it(
    running: Engine, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    types = ["USER_MESSAGE_SENT", "LIVE_CHAT_INITIATED"]
    for type_ in types:
        subscriptions.create(
            chatbot,
            url=live_receiver.url("/hook"),
            event=type_,
            secret="s3cret-s3cret",
            ordered=True,
        )
    for number in range(40):
        made = [
            events.build(
                chatbot,
                type_,
                events.lay_over(type_, chatbot, {"chatlogId": f"chat{number}"}),
                source=EventSource.API,
            )
            for type_ in types
        ]
        Event.objects.bulk_create(made)
        outbox.fan_out(made)
    running.run()
    arrived: dict[str, list[str]] = defaultdict(list)
    for request in live_receiver.requests:
        body = json.loads(request.body)
        arrived[body["data"]["chatlogId"]].append(body["event"])
    assert len(arrived) == 40
    assert all(order == types for order in arrived.values())
