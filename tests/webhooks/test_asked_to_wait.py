"""A receiver that asks to be left alone, by 429 or 503 with Retry-After, is: all of its webhook
waits, over all workers."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
from django.utils import timezone
from pytest_django import Settings

from chatbots.models import Chatbot
from tests.receiver import Receiver
from tests.webhooks.due import (
    add_due,
    add_webhook,
    claim_all,
    finish,
    in_seconds,
    states,
    wait_until,
)
from webhooks import queue, sample, subscriptions
from webhooks.engine import Engine
from webhooks.models import Delivery, Webhook
from webhooks.queue import Look, Offer
from webhooks.room import FIRST

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def in_the_sandbox(settings: Settings) -> None:
    settings.SANDBOX = True


@pytest.fixture
def webhook(chatbot: Chatbot, live_receiver: Receiver) -> Webhook:
    return add_webhook(chatbot, live_receiver.url("/hook"))


@pytest.fixture
def another() -> Iterator[Engine]:
    """Another worker's engine."""
    made = Engine()
    yield made
    if made._transport is not None:
        made._transport.close()


def waits_for(webhook: Webhook) -> float:
    webhook.refresh_from_db()
    return in_seconds(webhook.asked_to_wait_until)


def test_the_longest_that_was_asked_for_counts_whatever_comes_back_later(webhook: Webhook) -> None:
    add_due(webhook, 5)
    first, second, third, fourth, fifth = claim_all()

    def asks(claimed: Any, seconds: float) -> None:
        queue.present().record([finish(claimed, "pending", asked_seconds=seconds)])

    asks(first, 10)
    assert 9 < waits_for(webhook) <= 10
    queue.present().record(
        [
            finish(second, "pending", asked_seconds=3600),
            finish(third, "pending", asked_seconds=60),
        ]
    )
    assert 3599 < waits_for(webhook) <= 3600
    asks(fourth, 5)
    queue.present().record([finish(fifth)])
    assert 3595 < waits_for(webhook) <= 3600


def test_what_an_old_url_asked_for_is_not_asked_of_the_new_one(webhook: Webhook) -> None:
    add_due(webhook, 2)
    first, second = claim_all()
    queue.present().record([finish(first, "pending", asked_seconds=3600)])
    subscriptions.update(webhook, url=webhook.url + "?new")
    queue.present().record([finish(second, "pending", asked_seconds=3600)])
    webhook.refresh_from_db()
    assert webhook.asked_to_wait_until is None


@pytest.mark.parametrize("end", [subscriptions.let_go, subscriptions.enable])
def test_a_person_ends_it(webhook: Webhook, end: Any) -> None:
    Webhook.objects.update(asked_to_wait_until=timezone.now() + timedelta(hours=1))
    end(webhook)
    webhook.refresh_from_db()
    assert webhook.asked_to_wait_until is None


def test_a_look_leaves_it_alone_and_a_claim_takes_nothing_of_it_but_tests(
    webhook: Webhook,
) -> None:
    """A claim may follow a look that another worker's recording has overtaken."""
    add_due(webhook, 5)
    Webhook.objects.update(asked_to_wait_until=timezone.now() + timedelta(hours=1))
    due = queue.present().look(Look())
    assert due.lanes == []
    assert due.next_seconds is not None
    assert 3590 < due.next_seconds <= 3600
    offer = Offer(webhook.pk, webhook.account.pk, 5, 5)
    assert queue.present().claim([offer], 10).claimed == []

    test = sample.send_test(webhook)
    (lane,) = queue.present().look(Look()).lanes
    assert lane.was_asked
    assert [one.delivery_id for one in queue.present().claim([offer], 10).claimed] == [test.pk]

    over = timezone.now() - timedelta(seconds=1)
    Webhook.objects.update(asked_to_wait_until=over)
    (lane,) = queue.present().look(Look()).lanes
    assert not lane.was_asked
    assert lane.asked_until == pytest.approx(over.timestamp(), abs=0.001)
    assert len(queue.present().claim([offer], 10).claimed) == 5


def test_of_many_that_wait_few_are_sent_into_it_by_any_worker(
    running: Engine, another: Engine, webhook: Webhook, live_receiver: Receiver
) -> None:
    live_receiver.answer("/hook", 503, headers={"Retry-After": "3600"})
    ids = add_due(webhook, 500)
    running.run()
    another.run()
    sent = len(live_receiver.requests)
    assert 1 <= sent <= FIRST
    assert 3590 < waits_for(webhook) <= 3600
    assert Delivery.objects.filter(pk__in=ids, attempts=0).count() == 500 - sent
    assert set(states(ids)) == {"pending"}

    live_receiver.answer("/hook", 200)
    Webhook.objects.update(asked_to_wait_until=timezone.now() - timedelta(seconds=1))
    running.run()
    # Those that were refused have their own retries.
    assert states(ids).count("succeeded") == 500 - sent


def test_a_test_is_sent_all_the_same_and_asks_for_nothing(
    running: Engine, webhook: Webhook, live_receiver: Receiver
) -> None:
    live_receiver.answer("/hook", 429, headers={"Retry-After": "7200"})
    add_due(webhook, 20)
    Webhook.objects.update(asked_to_wait_until=timezone.now() + timedelta(hours=1))
    test = sample.send_test(webhook)
    running.run()
    assert states([test.pk]) == ["failed"]
    assert len(live_receiver.requests) == 1
    assert waits_for(webhook) <= 3600


def test_another_webhook_of_the_same_server_goes_on(
    running: Engine, chatbot: Chatbot, webhook: Webhook, live_receiver: Receiver
) -> None:
    add_due(webhook, 20)
    Webhook.objects.update(asked_to_wait_until=timezone.now() + timedelta(hours=1))
    ids = add_due(add_webhook(chatbot, live_receiver.url("/other")), 20)
    running.run()
    assert states(ids) == ["succeeded"] * 20


class Limiter(BaseHTTPRequestHandler):
    """Takes so many requests in a second, and answers the others 429 with `Retry-After: 1`."""

    PER_SECOND = 5
    protocol_version = "HTTP/1.1"
    lock = threading.Lock()
    seconds: ClassVar[Counter[int]] = Counter()
    answers: ClassVar[Counter[int]] = Counter()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        with self.lock:
            second = int(time.monotonic())
            self.seconds[second] += 1
            status = 200 if self.seconds[second] <= self.PER_SECOND else 429
            self.answers[status] += 1
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", "1")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""


def test_a_receiver_that_counts_is_not_sent_bursts(running: Engine, chatbot: Chatbot) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Limiter) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ids = add_due(add_webhook(chatbot, f"http://127.0.0.1:{server.server_port}/"), 40)

        def most_have_arrived() -> bool:
            running.run()
            return Limiter.answers[200] >= 30

        wait_until(most_have_arrived, "30 of 40", seconds=30)
        server.shutdown()
    # A burst before anything is known, and then one or two each second.
    assert Limiter.answers[429] <= FIRST + 2 * len(Limiter.seconds)
    assert set(states(ids)) <= {"succeeded", "pending"}
