"""A receiver that asks to be left alone, by 429 or 503 with Retry-After, is: all of its webhook
waits, over all workers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from chatbots.models import Chatbot
from tests.receiver import Receiver
from tests.webhooks.due import add_due, add_webhook, claim_all, finish, in_seconds
from webhooks import queue, subscriptions
from webhooks.models import Webhook

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def in_the_sandbox(settings: Settings) -> None:
    settings.SANDBOX = True


@pytest.fixture
def webhook(chatbot: Chatbot, live_receiver: Receiver) -> Webhook:
    return add_webhook(chatbot, live_receiver.url("/hook"))


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
