from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from chatbots.models import Chatbot, EventSource
from tests.webhooks.due import add_due, add_webhook, claim_of, look
from webhooks import breaker, outbox, replay, sample, subscriptions
from webhooks.models import Delivery, DeliveryStatus, Endpoint, Webhook


@pytest.fixture
def webhook(chatbot: Chatbot) -> Webhook:
    return subscriptions.create(
        chatbot, url="https://hooks.example.com/", event="HUMAN_HANDOVER", secret="s3cret"
    )[0]


def failed(webhook: Webhook, *, minutes_ago: int = 1, is_test: bool = False) -> Delivery:
    event = sample.compose(webhook.chatbot, webhook.event, source=EventSource.API)
    event.save(force_insert=True)
    delivery = outbox.send_to(webhook, event, is_test=is_test)
    when = timezone.now() - timedelta(minutes=minutes_ago)
    Delivery.objects.filter(pk=delivery.pk).update(
        status="failed", attempts=5, failures=5, created_at=when, finished_at=when
    )
    delivery.refresh_from_db()
    return delivery


def test_a_resent_delivery_is_due_now_and_starts_its_schedule_anew(webhook: Webhook) -> None:
    delivery = failed(webhook)
    again = replay.resend(delivery)
    assert (again.pk, again.event_id) == (delivery.pk, delivery.event_id)
    assert (again.status, again.attempts, again.failures) == ("pending", 5, 0)
    assert again.finished_at is None
    assert again.due_at <= timezone.now()


@pytest.mark.parametrize("status", ["succeeded", "cancelled", "held", "pending"])
def test_a_delivery_in_any_state_of_rest_can_be_resent(webhook: Webhook, status: str) -> None:
    delivery = failed(webhook)
    Delivery.objects.update(status=status, due_at=timezone.now() + timedelta(hours=5))
    delivery.refresh_from_db()
    assert replay.resend(delivery).status == "pending"
    assert delivery.due_at <= timezone.now()


def test_a_delivery_in_flight_is_not_resent(webhook: Webhook) -> None:
    delivery = failed(webhook)
    lease = timezone.now() + timedelta(seconds=20)
    Delivery.objects.update(status="pending", lease_until=lease)
    with pytest.raises(ValidationError, match="on its way"):
        replay.resend(delivery)
    delivery.refresh_from_db()
    assert delivery.lease_until == lease


def test_a_delivery_whose_worker_was_lost_can_be_resent(webhook: Webhook) -> None:
    delivery = failed(webhook)
    Delivery.objects.update(status="pending", lease_until=timezone.now() - timedelta(seconds=1))
    assert replay.resend(delivery).lease_until is None


def test_resending_to_a_disabled_webhook_waits_for_it(webhook: Webhook) -> None:
    delivery = failed(webhook)
    test = failed(webhook, is_test=True)
    subscriptions.disable(webhook, "x")
    assert replay.resend(delivery).status == DeliveryStatus.HELD
    assert replay.resend(test).status == DeliveryStatus.PENDING


def test_resending_to_a_deleted_webhook_is_refused(webhook: Webhook) -> None:
    delivery = failed(webhook)
    subscriptions.delete(webhook)
    with pytest.raises(ValidationError, match="deleted"):
        replay.resend(delivery)


def test_a_test_that_is_sent_again_goes_first_whatever_holds_its_webhook(
    chatbot: Chatbot,
) -> None:
    webhook = add_webhook(chatbot)
    (test,) = add_due(webhook, is_test=True, status="failed")
    add_due(webhook, 3, seconds_ago=60)
    later = timezone.now() + timedelta(hours=1)
    Webhook.objects.update(asked_to_wait_until=later)
    breaker.hold(Endpoint, webhook.endpoint_id, "connect")
    replay.resend(Delivery.objects.get(pk=test))
    found = look()
    assert [lane.webhook_id for lane in found.probes] == [webhook.pk]
    assert [one.delivery_id for one in claim_of(webhook, 1).claimed] == [test]
