"""Sending again everything that failed while a receiver was broken.

`find` says how much that would be. `start` notes it as a Recovery and sends the first batch; the
rest follows from a task, batch by batch, each in its own transaction, which also moves the
Recovery on. A process that is lost in the middle leaves what it sent and how far it came; the next
run goes on from there. Only a delivery that is failed is taken, so none is taken twice.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Max, Min, Q, QuerySet
from django.db.models.functions import Now

from chatbots import database_clock
from webhooks import given_up, outbox, subscriptions
from webhooks.models import (
    Delivery,
    DeliveryStatus,
    RecoveredDelivery,
    Recovery,
    Webhook,
    WebhookStatus,
)
from webhooks.replay import WAS_DELETED, anew
from webhooks.row_locks import unheld

# Deliveries per transaction: nobody waits long for the webhook's row.
BATCH: Final = 2000


@dataclass(frozen=True)
class Found:
    """What failed for a webhook in a window, `until` not included: how many deliveries, and when
    the oldest and the newest of them were made (None when there are none)."""

    since: datetime
    until: datetime
    total: int
    oldest: datetime | None
    newest: datetime | None


IN_FLIGHT: Final = Q(delivery__lease_until__gt=Now())


@dataclass(frozen=True)
class Outcome:
    """What became of the deliveries that a recovery sent again, by now."""

    succeeded: int = 0
    failed: int = 0
    # Due, in flight, waiting for a retry, or for the webhook to be enabled.
    waiting: int = 0
    # How many of those that wait are in the air.
    in_flight: int = 0
    cancelled: int = 0


def find(webhook: Webhook, since: datetime, until: datetime | None = None) -> Found:
    """How many deliveries `start` with the same window would send again. Changes nothing.

    Raises ValidationError for a window that has no moment in it, and for a deleted webhook, and
    PlanWithoutWebhooks.
    """
    now = database_clock.now()
    if webhook.status == WebhookStatus.DELETED:
        raise ValidationError(WAS_DELETED, code="deleted")
    subscriptions.require_plan(webhook.account)
    if until and until <= since:
        how = "ends as it begins" if until == since else "ends before it begins"
        raise ValidationError({"until": f"The window {how}."})
    if now <= since:
        raise ValidationError({"since": "The window begins in the future."})
    # What fails later is not known yet.
    end = min(until, now) if until else now
    counted = _failed(webhook, since, end, now).aggregate(
        total=Count("pk"), oldest=Min("created_at"), newest=Max("created_at")
    )
    return Found(since, end, **counted)


def start(
    webhook: Webhook, since: datetime, until: datetime | None = None, *, requested_by: str = ""
) -> Recovery:
    """Send again what failed for `webhook` from `since` to `until` (now), the first batch at once.

    That is every failed delivery that was made, or given up, in the window; tests are left out.
    Asked for twice, it is the same one: while it is at work, and as long as nothing else failed in
    its window. Raises as `find` does.
    """
    with transaction.atomic():
        webhook.refresh_from_db(from_queryset=Webhook.objects.select_for_update())
        found = find(webhook, since, until)
        same = Recovery.objects.filter(webhook=webhook, since=since)
        if until:
            same = same.filter(until=found.until)
        # One that is at work, or the one that took all there was.
        if already := (same.filter(finished_at=None) if found.total else same).first():
            return already
        recovery = Recovery.objects.create(
            webhook=webhook,
            since=found.since,
            until=found.until,
            total=found.total,
            requested_by=requested_by[:200],
            created_at=database_clock.now(),
        )
    _batch(recovery.pk)
    recovery.refresh_from_db()
    return recovery


def go_on(seconds: float) -> int:
    """Go on with the recoveries that are not finished, for so long at most; returns how many
    deliveries were sent again."""
    end, requeued = time.monotonic() + seconds, 0
    for pk in list(
        Recovery.objects.filter(finished_at=None).order_by("pk").values_list("pk", flat=True)
    ):
        while time.monotonic() < end:
            moved = _batch(pk)
            if moved is None:
                break
            requeued += moved
    return requeued


def outcome(recovery: Recovery) -> Outcome:
    """What became of the deliveries that `recovery` sent again, by now."""
    rows = (
        RecoveredDelivery.objects.filter(recovery=recovery)
        .values_list("delivery__status")
        .annotate(count=Count("delivery_id"), flying=Count("delivery_id", filter=IN_FLIGHT))
    )
    counts: dict[str, int] = {status: count for status, count, _ in rows}
    return Outcome(
        succeeded=counts.get(DeliveryStatus.SUCCEEDED, 0),
        failed=counts.get(DeliveryStatus.FAILED, 0),
        waiting=counts.get(DeliveryStatus.PENDING, 0) + counts.get(DeliveryStatus.HELD, 0),
        in_flight=sum(flying for status, _, flying in rows if status == DeliveryStatus.PENDING),
        cancelled=counts.get(DeliveryStatus.CANCELLED, 0),
    )


def _failed(
    webhook: Webhook, since: datetime, until: datetime, asked_at: datetime
) -> QuerySet[Delivery]:
    """What had failed by `asked_at`; what fails again since is not taken a second time."""
    over = Q(finished_at=None) | Q(finished_at__lte=asked_at)
    return given_up.failed(webhook, since, until).filter(over)


def _batch(recovery_pk: int) -> int | None:
    """Send the next BATCH of a recovery again; returns how many, None when there is nothing to do.

    Nothing to do is also what another worker is doing at this moment, and what concerns rows that
    somebody else holds: the webhook's, or those of all the deliveries that are next.
    """
    with transaction.atomic():
        recovery = unheld(Recovery.objects.filter(pk=recovery_pk, finished_at=None)).first()
        if recovery is None:
            return None
        webhook = unheld(Webhook.objects.filter(pk=recovery.webhook_id)).first()
        if webhook is None:
            return None
        try:
            columns = anew(webhook)
        except ValidationError as error:
            _end(recovery, error.messages[0])
            return None
        failed = _failed(webhook, recovery.since, recovery.until, recovery.created_at)
        ids = list(
            failed.filter(pk__gt=recovery.last_delivery_id)
            .order_by("pk")
            .values_list("pk", flat=True)[:BATCH]
        )
        free = {row.pk for row in unheld(failed.filter(pk__in=ids).only("pk"))}
        moved = Delivery.objects.filter(pk__in=free).update(**columns)
        RecoveredDelivery.objects.bulk_create(
            RecoveredDelivery(recovery=recovery, delivery_id=pk) for pk in free
        )
        # One that somebody holds, or has just sent again, is asked for once more.
        left = [pk for pk in ids if pk not in free]
        recovery.requeued += moved
        if ids:
            recovery.last_delivery_id = left[0] - 1 if left else ids[-1]
        recovery.save(update_fields=["requeued", "last_delivery_id"])
        if len(ids) < BATCH and not left:
            _end(recovery)
        if moved:
            outbox.wake_after_commit()
    return None if left and not moved else moved


def _end(recovery: Recovery, reason: str = "") -> None:
    Recovery.objects.filter(pk=recovery.pk).update(finished_at=Now(), stopped_reason=reason)
