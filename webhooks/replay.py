"""Sending again: one delivery, or everything that failed while a receiver was broken."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from webhooks import outbox, queue
from webhooks.models import Delivery, DeliveryStatus, Webhook, WebhookStatus
from webhooks.subscriptions import is_idle

# Rows per transaction: a long outage is re-queued without holding up anybody else's writes.
BATCH: Final = 2000


def resend(delivery: Delivery) -> Delivery:
    """Send a delivery again, due now: the same bytes, the next attempt, its schedule anew.

    For a disabled webhook it is held. Raises ValidationError while an attempt is in flight, and for
    a deleted webhook.
    """
    with transaction.atomic():
        webhook = Webhook.objects.select_for_update().get(pk=delivery.webhook_id)
        queue.tell_of_lost(Delivery.objects.filter(pk=delivery.pk))
        # In one statement with its condition: a worker may take the delivery at this moment.
        queued = Delivery.objects.filter(
            is_idle() | ~Q(status=DeliveryStatus.PENDING), pk=delivery.pk
        ).update(**_again(webhook, is_test=delivery.is_test))
        if not queued:
            raise ValidationError(
                "An attempt is on its way at this moment. Try again when it has ended.",
                code="in_flight",
            )
        outbox.wake_after_commit()
        delivery.refresh_from_db()
    return delivery


def recover(webhook: Webhook, since: datetime, until: datetime | None = None) -> int:
    """Send again what failed for `webhook` from `since` to `until` (now); returns how many.

    That is every failed delivery that was made, or given up, in the window; tests are left out.
    Raises ValidationError for a window that ends before it begins, and for a deleted webhook.
    """
    end = until or timezone.now()
    if end <= since:
        raise ValidationError({"until": "The window ends before it begins."})
    lost = Delivery.objects.filter(
        Q(created_at__gte=since, created_at__lt=end)
        | Q(finished_at__gte=since, finished_at__lt=end),
        webhook=webhook,
        status=DeliveryStatus.FAILED,
        is_test=False,
    ).order_by("id")
    recovered, last = 0, 0
    while True:
        with transaction.atomic():
            locked = Webhook.objects.select_for_update().get(pk=webhook.pk)
            again = _again(locked)
            ids = list(lost.filter(pk__gt=last).values_list("pk", flat=True)[:BATCH])
            if not ids:
                return recovered
            recovered += Delivery.objects.filter(pk__in=ids, status=DeliveryStatus.FAILED).update(
                **again
            )
            last = ids[-1]
            outbox.wake_after_commit()


def _again(webhook: Webhook, *, is_test: bool = False) -> dict[str, object]:
    """The columns of a delivery that starts anew, for a webhook whose row is locked."""
    if webhook.status == WebhookStatus.DELETED:
        raise ValidationError(
            "This webhook was deleted; nothing can be sent to it any more.", code="deleted"
        )
    active = webhook.status == WebhookStatus.ACTIVE or is_test
    return {
        "status": DeliveryStatus.PENDING if active else DeliveryStatus.HELD,
        "lane": webhook.lane,
        "due_at": timezone.now(),
        "lease_until": None,
        "failures": 0,
        "finished_at": None,
    }
