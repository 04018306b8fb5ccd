"""What one webhook does costs no other: on the same server, and of another account."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from pytest_django import Settings

from chatbots import events
from chatbots.models import Account, Chatbot, Event, EventSource, Plan
from tests.receiver import Receiver
from tests.webhooks.due import add_due, add_webhook, states, wait_until
from tests.webhooks.raw_server import OK, Connection, RawServer
from webhooks import outbox, subscriptions
from webhooks.engine import Engine
from webhooks.models import Endpoint, Webhook

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
    running: Engine, chatbot: Chatbot, stranger: Chatbot, server: RawServer, bad: str
) -> None:
    broken = add_webhook(chatbot, server.url(bad))
    add_due(broken, 150, seconds_ago=60)
    own = add_due(add_webhook(chatbot, server.url("/mine")), 40)
    theirs = add_due(add_webhook(stranger, server.url("/theirs")), 40)

    def run() -> None:
        try:
            running.run()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as beside:
        ended = beside.submit(run)
        try:
            wait_until(lambda: states(own + theirs) == ["succeeded"] * 80, "all the others", 8)
        finally:
            running.stop()
        ended.result(20)
    assert not Endpoint.objects.exclude(held_since=None).exists()


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
