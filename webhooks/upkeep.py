"""What has to be done now and then: go on with long work, disable what fails for days, forget the
old."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Now

from chatbots import allowance, database_clock
from chatbots.cuid import cuid_floor
from chatbots.models import Event
from webhooks import recovery, settling, subscriptions
from webhooks.api import idempotency
from webhooks.models import (
    Attempt,
    Delivery,
    DeliveryStatus,
    RecoveredDelivery,
    Recovery,
    Webhook,
)
from webhooks.models import WebhookStatus as Status
from webhooks.queue import FAILING_DAYS
from webhooks.row_locks import RowHeld, unheld

logger = logging.getLogger(__name__)

PRUNE_BATCH: Final = 1000
# Short, so that a worker that is told to stop does; the next run goes on.
RUN_SECONDS: Final = 2.0


def go_on() -> int:
    """Go on with recoveries and with changes of webhooks that have much waiting; returns how many
    deliveries were moved. Each worker does it every second."""
    return settling.go_on(RUN_SECONDS) + recovery.go_on(RUN_SECONDS)


def disable_long_failing() -> int:
    """Disable webhooks whose deliveries failed for five days without one success; returns how many.

    One of them failed at least five days after the first: that the first is long ago says nothing,
    where nothing was sent since. Their deliveries wait, and are sent when somebody enables them.
    """
    days = timedelta(days=FAILING_DAYS)
    failing = Webhook.objects.filter(
        status=Status.ACTIVE,
        failing_since__lte=Now() - days,
        last_failure_at__gte=F("failing_since") + days,
    )
    # A success that its worker did not tell, for it told of another a moment before, or died.
    success = Delivery.objects.filter(
        webhook=OuterRef("pk"),
        status=DeliveryStatus.SUCCEEDED,
        is_test=False,
        simulate__isnull=True,
        finished_at__gt=OuterRef("failing_since"),
    )
    with transaction.atomic():
        told = list(unheld(failing.filter(Exists(success))).values_list("pk", flat=True))
        failing.filter(pk__in=told).update(failing_since=None)
    found = list(failing.select_related("chatbot__account"))
    return sum(map(_disable, found))


def _disable(webhook: Webhook) -> bool:
    """Disable it, if it is still failing since the same moment: nobody enabled it or gave it
    another URL, and nothing succeeded."""
    since = webhook.failing_since
    try:
        disabled = subscriptions.disable_if(
            webhook,
            f"Every delivery failed for {FAILING_DAYS} days.",
            lambda row: row.failing_since == since,
        )
    except RowHeld:
        return False  # In a minute.
    if disabled:
        logger.warning("Webhook %s was disabled: %s", webhook.pk, webhook.status_reason)
    return disabled


def prune(now: datetime | None = None) -> int:
    """Forget events, deliveries and attempts past EVENT_RETENTION_DAYS; returns how many events.

    Of what is still to be delivered, what is due stays, however old; what waits for its webhook to
    be enabled does not: that may never be. In small transactions.
    """
    idempotency.prune()
    allowance.prune()
    horizon = (now or database_clock.now()) - timedelta(days=settings.EVENT_RETENTION_DAYS)
    _prune_recoveries(horizon)
    # Ids sort by time, so old events are the beginning of the primary key's index.
    end = cuid_floor(horizon)
    pruned, last = 0, ""
    while True:
        ids = list(
            Event.objects.filter(pk__gt=last, pk__lt=end)
            .order_by("pk")
            .values_list("pk", flat=True)[:PRUNE_BATCH]
        )
        if not ids:
            return pruned
        last = ids[-1]
        with transaction.atomic():
            kept = _kept(ids)
            old = [id for id in ids if id not in kept]
            Attempt.objects.filter(delivery__event__in=old)._raw_delete(connection.alias)
            Delivery.objects.filter(event__in=old)._raw_delete(connection.alias)
            Event.objects.filter(pk__in=old)._raw_delete(connection.alias)
        pruned += len(old)


def _kept(event_ids: list[str]) -> set[str]:
    """Of these events, those with a delivery that is due, or that somebody else has in hand at this
    moment: it may be sent again just now. The deliveries of the others are locked."""
    rows = Delivery.objects.filter(event__in=event_ids)
    over = set(
        rows.select_for_update(skip_locked=connection.vendor == "postgresql")
        .exclude(status=DeliveryStatus.PENDING)
        .values_list("pk", flat=True)
    )
    return {event for pk, event in rows.values_list("pk", "event") if pk not in over}


def _prune_recoveries(horizon: datetime) -> None:
    old = list(
        Recovery.objects.filter(created_at__lt=horizon, finished_at__isnull=False).values_list(
            "pk", flat=True
        )
    )
    with transaction.atomic():
        RecoveredDelivery.objects.filter(recovery__in=old)._raw_delete(connection.alias)
        Recovery.objects.filter(pk__in=old).delete()
