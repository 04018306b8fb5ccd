"""What becomes of deliveries that wait when a field changes: what is said is what happens."""

from __future__ import annotations

import hmac
import json
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from chatbots.models import Chatbot
from tests.receiver import Receiver
from tests.webhooks.due import EVENT, add_due, add_webhook, in_seconds, let_time_pass, states
from tests.webhooks.ordered import add_events
from webhooks import subscriptions
from webhooks.api.documents import PATCH_WEBHOOK, camel
from webhooks.engine import Engine
from webhooks.models import Delivery, Webhook
from webhooks.what_waits import ON_CHANGE

pytestmark = pytest.mark.django_db(transaction=True)
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(autouse=True)
def in_the_sandbox(settings: Settings) -> None:
    settings.SANDBOX = True


@pytest.fixture
def webhook(chatbot: Chatbot, live_receiver: Receiver) -> Webhook:
    """With a delivery that has failed once and waits for its retry."""
    webhook = add_webhook(chatbot, live_receiver.url("/old"), "the old secret")
    add_due(webhook, seconds_ago=-5, failures=1, attempts=1)
    return webhook


def sent_later(running: Engine, webhook: Webhook, **changes: object) -> None:
    before = Delivery.objects.values_list("due_at", flat=True).get()
    subscriptions.update(webhook, **changes)
    assert Delivery.objects.values_list("due_at", flat=True).get() == before
    let_time_pass(6)
    running.run()


def test_every_field_that_a_person_may_change_says_it() -> None:
    assert set(ON_CHANGE) == subscriptions.CHANGEABLE - {"description"}
    assert all(sentence.endswith(".") for sentence in ON_CHANGE.values())


@pytest.mark.parametrize("field", ON_CHANGE)
def test_it_is_said_before_saving_and_in_the_docs(
    field: str, webhook: Webhook, admin_client: Client
) -> None:
    name = "webhooks_webhook_rotate" if field == "secret" else "webhooks_webhook_edit"
    page = admin_client.get(reverse(f"admin:{name}", args=[webhook.pk])).content.decode()
    assert ON_CHANGE[field] in page
    if field != "secret":
        assert "1 delivery waits for this webhook" in page
    assert f"| {ON_CHANGE[field]} |" in (DOCS / "dashboard.md").read_text()
    assert f"| `{camel(field)}` | {ON_CHANGE[field]} |" in (DOCS / "api.md").read_text()
    assert ON_CHANGE[field] in PATCH_WEBHOOK["operation"]["description"]


def test_a_new_url_takes_it_along(
    running: Engine, webhook: Webhook, live_receiver: Receiver
) -> None:
    sent_later(running, webhook, url=live_receiver.url("/new"))
    assert [request.path for request in live_receiver.requests] == ["/new"]


def test_as_another_event_type_it_stays_the_event_that_it_is(
    running: Engine, webhook: Webhook, live_receiver: Receiver
) -> None:
    sent_later(running, webhook, event="HUMAN_HANDOVER")
    (request,) = live_receiver.requests
    assert json.loads(request.body)["event"] == EVENT
    assert states() == ["succeeded"]


def test_it_is_signed_with_a_new_secret(
    running: Engine, webhook: Webhook, live_receiver: Receiver
) -> None:
    sent_later(running, webhook, secret="the new secret")
    (request,) = live_receiver.requests
    digest = hmac.new(b"the new secret", request.body, "sha256").hexdigest()
    assert request.headers["x-wonderchat-signature"] == digest


def test_it_has_the_standard_headers_or_not(
    running: Engine, webhook: Webhook, live_receiver: Receiver
) -> None:
    sent_later(running, webhook, standard_headers=True)
    (request,) = live_receiver.requests
    assert "webhook-signature" in request.headers


@pytest.mark.parametrize(
    ("schedule", "failures", "status"),
    [("quick", 1, "pending"), ("quick", 4, "failed"), ("none", 1, "failed")],
)
def test_its_next_failure_follows_the_new_schedule(
    running: Engine,
    webhook: Webhook,
    live_receiver: Receiver,
    schedule: str,
    failures: int,
    status: str,
) -> None:
    live_receiver.answer("/old", 500)
    Delivery.objects.update(failures=failures)
    sent_later(running, webhook, retry_schedule=schedule)
    assert len(live_receiver.requests) == 1
    assert states() == [status]
    if status == "pending":
        assert 4 < in_seconds(Delivery.objects.get().due_at) <= 5.5  # Its second of quick's.


def test_a_rate_limit_holds_for_it(running: Engine, webhook: Webhook) -> None:
    add_due(webhook, 3)
    subscriptions.update(webhook, rate_limit=1)
    running.run()
    assert sorted(states()) == ["pending", "pending", "pending", "succeeded"]


@pytest.mark.parametrize("ordered", [True, False])
def test_it_keeps_the_order_it_has_or_has_none(chatbot: Chatbot, ordered: bool) -> None:
    webhook = add_webhook(chatbot, ordered=ordered)
    add_events(chatbot, "a", "a")
    subscriptions.update(webhook, ordered=not ordered)
    add_events(chatbot, "a")
    wanted = ["a", "a", ""] if ordered else ["", "", "a"]
    assert list(Delivery.objects.order_by("id").values_list("conversation", flat=True)) == wanted
