"""Which deliveries wait for an earlier one of their conversation: for people, who ask of a few."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Min

from webhooks.models import Delivery, DeliveryStatus


def waits_for(rows: Iterable[Delivery]) -> dict[int, int]:
    """By the id of each of `rows` that waits for its conversation: the delivery that is in front.

    A webhook that wants its conversations in order has one of each on its way at a time.
    """
    pending = [row for row in rows if row.conversation and row.status == DeliveryStatus.PENDING]
    if not pending:
        return {}
    found = (
        Delivery.objects.filter(
            webhook__in={row.webhook_id for row in pending},
            conversation__in={row.conversation for row in pending},
            status__in=[DeliveryStatus.PENDING, DeliveryStatus.HELD],
        )
        .exclude(conversation="")
        .values_list("webhook", "conversation")
        .annotate(Min("pk"))
    )
    first = {(webhook, conversation): pk for webhook, conversation, pk in found}
    return {
        row.pk: front
        for row in pending
        if (front := first.get((row.webhook_id, row.conversation), row.pk)) < row.pk
    }
