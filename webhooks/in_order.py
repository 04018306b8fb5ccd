"""Which deliveries wait for an earlier one of their conversation: for people, who ask of a few."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import OuterRef, Q, Subquery

from webhooks.models import Delivery, DeliveryStatus, Webhook, WebhookStatus


def waits_for(rows: Iterable[Delivery]) -> dict[int, int]:
    """By the id of each of `rows` that waits for its conversation: the delivery that is in front.

    A chatbot's webhooks that lead to one URL and want their conversations in order have one of each
    on its way at a time. What waits for another of them to be enabled is in nobody's way.
    """
    pending = [row for row in rows if row.conversation and row.status == DeliveryStatus.PENDING]
    if not pending:
        return {}
    siblings = Webhook.objects.filter(
        chatbot=OuterRef(OuterRef("webhook__chatbot")),
        url_key=OuterRef(OuterRef("webhook__url_key")),
    ).exclude(status=WebhookStatus.DELETED)
    earlier = (
        Delivery.objects.filter(
            Q(status=DeliveryStatus.PENDING) | Q(webhook=OuterRef("webhook")),
            webhook__in=siblings.values("pk"),
            conversation=OuterRef("conversation"),
            status__in=[DeliveryStatus.PENDING, DeliveryStatus.HELD],
            pk__lt=OuterRef("pk"),
        )
        .exclude(conversation="")
        .order_by("pk")
        .values("pk")
    )
    found = Delivery.objects.filter(pk__in=[row.pk for row in pending]).annotate(
        front=Subquery(earlier[:1])
    )
    return dict(found.filter(front__isnull=False).values_list("pk", "front"))
