from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from chatbots.models import Chatbot, EventSource
from webhooks import outbox, replay, sample, subscriptions
from webhooks.models import Delivery, DeliveryStatus, Webhook


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
    with pytest.raises(ValidationError, match="deleted"):
        replay.recover(webhook, timezone.now() - timedelta(hours=1))


def test_recovery_takes_the_failed_ones_of_the_window(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "BATCH", 2)
    now = timezone.now()
    before = failed(webhook, minutes_ago=100)
    inside = [failed(webhook, minutes_ago=60 - i) for i in range(5)]
    given_up_inside = failed(webhook, minutes_ago=100)
    Delivery.objects.filter(pk=given_up_inside.pk).update(finished_at=now - timedelta(minutes=50))
    after = failed(webhook, minutes_ago=5)
    test = failed(webhook, minutes_ago=50, is_test=True)
    fine = failed(webhook, minutes_ago=50)
    Delivery.objects.filter(pk=fine.pk).update(status="succeeded")
    since, until = now - timedelta(minutes=90), now - timedelta(minutes=10)
    assert replay.recover(webhook, since, until) == 6
    pending = set(Delivery.objects.filter(status="pending").values_list("pk", flat=True))
    assert pending == {delivery.pk for delivery in [*inside, given_up_inside]}
    assert before.pk not in pending
    assert test.pk not in pending
    assert replay.recover(webhook, since) == 1
    after.refresh_from_db()
    assert after.status == "pending"


def test_a_window_that_ends_before_it_begins_is_refused(webhook: Webhook) -> None:
    now = timezone.now()
    with pytest.raises(ValidationError, match="ends before it begins"):
        replay.recover(webhook, now, now - timedelta(minutes=1))
