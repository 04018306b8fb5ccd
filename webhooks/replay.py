"""Sending one delivery again. Many at once: see webhooks/recovery.py."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from webhooks import breaker, outbox, queue, subscriptions
from webhooks.models import Delivery, DeliveryStatus, Wait, Webhook, WebhookStatus
from webhooks.settling import is_idle

WAS_DELETED = "This webhook was deleted; nothing can be sent to it any more."


def resend(delivery: Delivery) -> Delivery:
    """Send a delivery again, due now: the same bytes, the next attempt, its schedule anew.

    For a disabled webhook it is held. Raises PlanWithoutWebhooks, and ValidationError while an
    attempt is in flight, and for a deleted webhook.
    """
    with transaction.atomic():
        webhook = Webhook.objects.select_for_update().get(pk=delivery.webhook_id)
        columns = anew(webhook, is_test=delivery.is_test)
        queue.tell_of_lost(Delivery.objects.filter(pk=delivery.pk))
        # In one statement with its condition: a worker may take the delivery at this moment.
        queued = Delivery.objects.filter(
            is_idle() | ~Q(status=DeliveryStatus.PENDING), pk=delivery.pk
        ).update(**columns)
        if not queued:
            raise ValidationError(
                "An attempt is on its way at this moment. Try again when it has ended.",
                code="in_flight",
            )
        if delivery.is_test:
            breaker.probe_webhook_now(webhook)
        outbox.wake_after_commit()
        delivery.refresh_from_db()
    return delivery


def anew(webhook: Webhook, *, is_test: bool = False) -> dict[str, object]:
    """The columns of a delivery that starts anew, for a webhook whose row is locked.

    Raises ValidationError for a deleted one, and PlanWithoutWebhooks.
    """
    if webhook.status == WebhookStatus.DELETED:
        raise ValidationError(WAS_DELETED, code="deleted")
    subscriptions.require_plan(webhook.account)
    active = webhook.status == WebhookStatus.ACTIVE or is_test
    return {
        "status": DeliveryStatus.PENDING if active else DeliveryStatus.HELD,
        "wait": Wait.NOTHING,
        # A person waits for a test, however often it is sent.
        "due_at": outbox.first_in_line(webhook) if is_test else Now(),
        "lease_until": None,
        "failures": 0,
        "finished_at": None,
    }
