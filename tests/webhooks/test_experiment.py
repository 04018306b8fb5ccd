"""An experiment, a test or what misbehaves on purpose, is sent once and counts for nothing."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from chatbots.models import Chatbot
from tests.receiver import Receiver
from tests.webhooks.due import add_due, add_event, add_webhook, let_time_pass, states
from webhooks import experiment, outbox, recovery, replay, upkeep
from webhooks.engine import Engine
from webhooks.models import Attempt, Delivery, Webhook

pytestmark = pytest.mark.django_db(transaction=True)

EXPERIMENTS: list[dict[str, Any]] = [
    {"is_test": True},
    {"is_test": True, "simulate": {"badSignature": True}},
    {"simulate": {"badSignature": True}},
    {"simulate": {"timestampSkewSeconds": -600}},
    {"simulate": {"copies": 2}},
    {"simulate": {"unknownEvent": True}},
]
each = pytest.mark.parametrize("kind", EXPERIMENTS, ids=str)


@pytest.fixture(autouse=True)
def in_the_sandbox(settings: Settings) -> None:
    settings.SANDBOX = True


@pytest.fixture
def webhook(chatbot: Chatbot, live_receiver: Receiver) -> Webhook:
    return add_webhook(chatbot, live_receiver.url("/hook"))


def health(webhook: Webhook) -> tuple[Any, ...]:
    row = Webhook.objects.get(pk=webhook.pk)
    return (
        row.status,
        row.failing_since,
        row.last_success_at,
        row.asked_to_wait_until,
        row.notice_due,
    )


@each
@pytest.mark.parametrize("status", [401, 410, 429, 500, 503, 302])
def test_one_that_fails_is_sent_once_and_leaves_its_webhook_as_it_was(
    running: Engine, webhook: Webhook, live_receiver: Receiver, kind: dict[str, Any], status: int
) -> None:
    live_receiver.answer("/hook", status, headers={"Retry-After": "60", "Location": "/there"})
    before = health(webhook)
    add_due(webhook, **kind)
    running.run()
    let_time_pass(100_000)
    running.run()
    assert len(live_receiver.requests) == 1
    assert states() == ["failed"]
    assert health(webhook) == before


@each
def test_one_that_succeeds_ends_no_failing(
    running: Engine, webhook: Webhook, live_receiver: Receiver, kind: dict[str, Any]
) -> None:
    since = timezone.now() - timedelta(days=4)
    Webhook.objects.update(failing_since=since)
    add_due(webhook, **kind)
    running.run()
    assert states() == ["succeeded"]
    assert health(webhook)[1:3] == (since, None)
    Webhook.objects.update(failing_since=timezone.now() - timedelta(days=5, minutes=1))
    upkeep.disable_long_failing()
    assert health(webhook)[1] is not None  # No success was found for it.


@each
def test_one_that_failed_is_not_recovered(webhook: Webhook, kind: dict[str, Any]) -> None:
    now = timezone.now()
    add_due(webhook, **kind, status="failed", finished_at=now)
    add_due(webhook, status="failed", finished_at=now)
    assert recovery.find(webhook, now - timedelta(hours=1)).total == 1
    assert recovery.start(webhook, now - timedelta(hours=1)).requeued == 1


@each
def test_sent_again_it_is_the_same_experiment_once_more(
    running: Engine, webhook: Webhook, live_receiver: Receiver, kind: dict[str, Any]
) -> None:
    live_receiver.answer("/hook", 401)
    (pk,) = add_due(webhook, **kind)
    running.run()
    replay.resend(Delivery.objects.get(pk=pk))
    delivery = Delivery.objects.get(pk=pk)
    assert experiment.verdict(delivery, Attempt.objects.get()) is None  # It is not over.
    running.run()
    assert states() == ["failed"]
    first, second = live_receiver.requests
    assert first.body == second.body
    bad = (kind.get("simulate") or {}).get("badSignature", False)
    same = first.headers["x-wonderchat-signature"] == second.headers["x-wonderchat-signature"]
    assert same
    assert health(webhook)[1] is None
    delivery = Delivery.objects.select_related("webhook").get(pk=pk)
    found = experiment.verdict(delivery, Attempt.objects.get(number=2))
    assert found is not None
    assert (found.words == "refused, as it should be") == bad


def test_a_real_delivery_has_neither_expectation_nor_verdict(
    running: Engine, webhook: Webhook
) -> None:
    add_due(webhook)
    running.run()
    delivery, last = Delivery.objects.get(), Attempt.objects.get()
    assert experiment.expected(delivery, last) is None
    assert experiment.verdict(delivery, last) is None


def test_what_was_sent_decides_and_not_how_the_webhook_is_set_now(
    running: Engine, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    webhook = add_webhook(chatbot, live_receiver.url("/hook"), standard_headers=True)
    add_due(webhook, simulate={"timestampSkewSeconds": -600})
    running.run()
    Webhook.objects.update(standard_headers=False)
    delivery = Delivery.objects.select_related("webhook").get()
    found = experiment.verdict(delivery, Attempt.objects.get())
    assert found is not None
    assert found.words == "accepted a request from the past"


def test_a_refusal_that_was_expected_is_no_advice_to_mend_something(
    running: Engine, webhook: Webhook, live_receiver: Receiver
) -> None:
    live_receiver.answer("/hook", 401)
    add_due(webhook, simulate={"badSignature": True})
    add_due(webhook, is_test=True)
    running.run()
    forged, test = Attempt.objects.order_by("delivery_id")
    assert forged.error == "Your endpoint answered 401 Unauthorized."
    assert "check the webhook's secret" in test.error


def test_the_log_says_the_verdict_and_warns_of_nothing(
    running: Engine,
    webhook: Webhook,
    live_receiver: Receiver,
    caplog: pytest.LogCaptureFixture,
) -> None:
    live_receiver.answer("/hook", 401)
    (pk,) = add_due(webhook, simulate={"badSignature": True})
    with caplog.at_level(logging.INFO, "webhooks.verdict"):
        running.run()
    (line,) = [record for record in caplog.records if record.name == "webhooks.verdict"]
    assert line.levelno == logging.INFO
    assert line.getMessage() == (
        f"Webhook {webhook.pk}, simulated delivery {pk}: refused, as it should be."
    )


@pytest.mark.parametrize("simulate", [{"badSignature": True, "copies": 2}, {"unknownEvent": True}])
def test_an_event_that_misbehaves_makes_deliveries_that_say_so(
    webhook: Webhook, simulate: dict[str, Any]
) -> None:
    outbox.fan_out([add_event(webhook.chatbot)], simulate=simulate, copies=2)
    assert [row.simulate for row in Delivery.objects.all()] == [simulate, simulate]
    assert not Delivery.objects.filter(experiment.real()).exists()
    outbox.fan_out([add_event(webhook.chatbot)])
    assert Delivery.objects.filter(experiment.real()).count() == 1
