"""Which deliveries wait for an earlier one of their conversation: for people, who ask of a few."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import OuterRef, Subquery

from webhooks.models import Delivery, DeliveryStatus


def waits_for(rows: Iterable[Delivery]) -> dict[int, int]:
    """By the id of each of `rows` that waits for its conversation: the delivery that is in front.

    A webhook that wants its conversations in order has one of each on its way at a time.
    """
    pending = [row for row in rows if row.conversation and row.status == DeliveryStatus.PENDING]
    if not pending:
        return {}
    earlier = (
        Delivery.objects.filter(
            webhook=OuterRef("webhook"),
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
