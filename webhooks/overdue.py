"""How long a delivery has waited for a worker, and for nothing else: what somebody is woken for."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, F, Min, OuterRef, Q
from django.db.models.functions import Coalesce, Greatest

from chatbots.models import PLANS_WITH_WEBHOOKS
from webhooks.models import Delivery, DeliveryStatus, Wait, WebhookStatus

# A due delivery that is none of these is held back for a reason: its webhook is disabled or its
# account has no webhooks; its endpoint cannot be reached; its receiver asked to be left alone; its
# rate limit comes first; an earlier one of its conversation is not over.
_MAY_LEAVE = Q(is_test=True) | Q(
    webhook__status=WebhookStatus.ACTIVE,
    webhook__chatbot__account__plan__in=PLANS_WITH_WEBHOOKS,
)
_LATER = (
    "webhook__endpoint__held_until",
    "webhook__held_until",
    "webhook__asked_to_wait_until",
    "webhook__rate_next_at",
)


def oldest_ready_at(now: datetime) -> datetime | None:
    """Since when the delivery that has waited longest for a worker could have left; None when none
    waits. `now` is the database's."""
    earlier = Delivery.objects.filter(
        webhook=OuterRef("webhook"),
        conversation=OuterRef("conversation"),
        status__in=(DeliveryStatus.PENDING, DeliveryStatus.HELD),
        pk__lt=OuterRef("pk"),
    ).exclude(conversation="")
    # SQLite's greatest of several is null where one of them is.
    ready_at = Greatest(F("due_at"), *(Coalesce(F(name), F("due_at")) for name in _LATER))
    due = Delivery.objects.filter(_MAY_LEAVE, status=DeliveryStatus.PENDING, due_at__lte=now)
    found: datetime | None = (
        due.exclude(wait=Wait.TURN)
        .filter(Q(conversation="") | ~Exists(earlier))
        .annotate(ready_at=ready_at)
        .filter(ready_at__lte=now)
        .aggregate(oldest=Min("ready_at"))["oldest"]
    )
    return found
