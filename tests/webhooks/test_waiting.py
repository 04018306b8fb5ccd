"""What deliveries wait for, as the dashboard, the API and a list of them say it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from chatbots.models import Chatbot
from tests.api.conftest import Api
from tests.webhooks.due import add_due, add_webhook
from webhooks import breaker, presence, subscriptions, waiting
from webhooks.models import Delivery, Endpoint, Webhook, Worker

pytestmark = [pytest.mark.django_db]


@pytest.fixture(autouse=True)
def in_the_sandbox(settings: Settings) -> None:
    settings.SANDBOX = True


@pytest.fixture
def worker() -> str:
    presence.report("a worker")
    return "a worker"


@pytest.fixture
def webhook(chatbot: Chatbot) -> Webhook:
    return add_webhook(chatbot, "https://hooks.example.com/hook")


def word_of(delivery_id: int) -> str | None:
    waits = waiting.of(Delivery.objects.get(pk=delivery_id))
    return waits.word if waits else None


def test_without_a_worker_it_says_so_and_what_starts_one(webhook: Webhook, worker: str) -> None:
    (due,) = add_due(webhook)
    assert word_of(due) == "turn"
    silent = timedelta(seconds=presence.SILENT_SECONDS + 1)
    Worker.objects.update(alive_at=Now() - silent)
    assert word_of(due) == "worker"
    presence.report_idle("another")
    assert word_of(due) == "turn"
    presence.leave("another")
    waits = waiting.of(Delivery.objects.get(pk=due))
    assert waits is not None
    assert waits.next_at is None
    assert "No worker was heard of since " in waits.sentence
    assert "make up" in waits.sentence


def test_it_waits_for_what_holds_it(webhook: Webhook, worker: str) -> None:
    (due,) = add_due(webhook)
    Delivery.objects.update(lease_until=Now() + timedelta(seconds=20))
    assert word_of(due) == "answer"
    Delivery.objects.update(lease_until=None)
    breaker.hold(Endpoint, webhook.endpoint_id, "timeout")
    assert word_of(due) == "endpoint"
    Webhook.objects.update(asked_to_wait_until=Now() + timedelta(hours=1))
    assert word_of(due) == "retry_after"
    Delivery.objects.update(is_test=True)
    assert word_of(due) == "endpoint"
    Delivery.objects.update(is_test=False)
    subscriptions.disable(webhook, "Being rebuilt.")
    assert word_of(due) == "webhook"
    webhook.account.plan = "free"
    webhook.account.save()
    assert word_of(due) == "plan"
    subscriptions.delete(webhook)
    assert word_of(due) is None


def test_page_api_and_list_say_the_same(
    webhook: Webhook, worker: str, api_key: str, member: User
) -> None:
    api, browser = Api(api_key), Client()
    browser.force_login(member)
    (due,) = add_due(webhook)
    breaker.hold(Endpoint, webhook.endpoint_id, "timeout")
    shown = api.get(f"/deliveries/{due}").json()
    assert shown["waitingFor"] == "endpoint"
    assert shown["waitingReason"].startswith("Held back until ")
    assert shown["nextAttemptAt"]
    (listed,) = api.get("/deliveries").json()["results"]
    fields = ("waitingFor", "waitingReason", "nextAttemptAt", "inFlight")
    assert [listed[name] for name in fields] == [shown[name] for name in fields]
    page = browser.get(reverse("admin:webhooks_delivery_change", args=[due])).content.decode()
    assert shown["waitingReason"] in page
    Delivery.objects.update(status="succeeded")
    over = api.get(f"/deliveries/{due}").json()
    assert [over[name] for name in fields] == [None, None, None, False]


def test_a_long_list_asks_no_more_than_a_short_one(chatbot: Chatbot, api_key: str) -> None:
    api = Api(api_key)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert api.get("/deliveries?limit=200").status_code == 200
        return len(found)

    for number in range(2):
        webhook = add_webhook(chatbot, f"http://127.0.0.1:9/{number}", ordered=True)
        add_due(webhook, 2, conversation=f"c{number}")
    few = queries()
    for number in range(2, 12):
        webhook = add_webhook(chatbot, f"http://127.0.0.1:{number}/", ordered=True)
        add_due(webhook, 4, conversation=f"c{number}")
    assert queries() == few
