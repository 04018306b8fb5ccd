"""From an event to its deliveries, in the event's own transaction; after COMMIT, the wake-up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from chatbots import database_clock
from chatbots.models import PLANS_WITH_WEBHOOKS, Event
from webhooks import breaker, waker
from webhooks.models import Delivery, DeliveryStatus, Webhook, WebhookStatus

# One statement, whatever the number of events and webhooks. A disabled webhook's deliveries are
# made all the same and wait for it; an account whose plan has no webhooks gets none.
FAN_OUT = """
INSERT INTO webhooks_delivery
  (event_id, webhook_id, lane, status, is_test, simulate, conversation, due_at, attempts,
   failures, created_at)
SELECT e.id, w.id, CASE WHEN w.rate_limit IS NULL THEN w.endpoint_id ELSE -w.id END,
       CASE w.status WHEN 'active' THEN 'pending' ELSE 'held' END,
       {false}, {simulate}, CASE WHEN w.ordered THEN e.chatlog_id ELSE '' END, {now}, 0, 0, {now}
FROM (VALUES {events}) AS made
JOIN chatbots_event e ON e.id = made.column1
JOIN webhooks_webhook w ON w.chatbot_id = e.chatbot_id AND w.event = e.type
JOIN chatbots_chatbot c ON c.id = e.chatbot_id
JOIN chatbots_account a ON a.id = c.account_id
JOIN (VALUES {copies}) AS copies ON 1 = 1
WHERE w.status IN ('active', 'disabled') AND a.plan IN ({plans})
ORDER BY made.column2
"""


def _marks(count: int) -> str:
    return ", ".join(["%s"] * count)


def on_event_recorded(sender: type[Event], event: Event, **kwargs: Any) -> None:
    fan_out([event])


def fan_out(
    events: Sequence[Event], *, simulate: dict[str, Any] | None = None, copies: int = 1
) -> int:
    """Make the deliveries of saved `events`; returns how many. Wakes the engine after COMMIT.

    `simulate` is how their receivers shall be treated badly (webhooks/simulation.py); `copies`
    makes that many deliveries of the same event for each webhook.
    """
    if not events:
        return 0
    postgresql = connection.vendor == "postgresql"
    now = "now()" if postgresql else "%s"
    sql = FAN_OUT.format(
        false="false" if postgresql else "0",
        simulate="%s::jsonb" if postgresql else "%s",
        now=now,
        copies=", ".join(["(1)"] * copies),
        events=", ".join(["(%s, %s)"] * len(events)),
        plans=_marks(len(PLANS_WITH_WEBHOOKS)),
    )
    moment = [] if postgresql else [connection.ops.adapt_datetimefield_value(timezone.now())] * 2
    parameters = [
        json.dumps(simulate) if simulate else None,
        *moment,
        *(value for place, event in enumerate(events) for value in (event.pk, place)),
        *PLANS_WITH_WEBHOOKS,
    ]
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        made = int(cursor.rowcount)
        if made:
            wake_after_commit()
    return made


def send_to(
    webhook: Webhook, event: Event, *, is_test: bool = False, simulate: dict[str, Any] | None = None
) -> Delivery:
    """One delivery of a saved `event` to one webhook, active or not when it is a test."""
    active = webhook.status == WebhookStatus.ACTIVE or is_test
    with transaction.atomic():
        delivery = Delivery.objects.create(
            event=event,
            webhook=webhook,
            lane=webhook.lane,
            status=DeliveryStatus.PENDING if active else DeliveryStatus.HELD,
            is_test=is_test,
            simulate=simulate,
            due_at=_first_in_line(webhook.lane) if is_test else database_clock.now(),
        )
        if is_test:
            # Whoever tests a webhook wants to see now whether its endpoint answers again.
            breaker.probe_now(webhook.endpoint_id)
        wake_after_commit()
    return delivery


def _first_in_line(lane: int) -> datetime:
    """When a test must be due to go first in its lane: a person waits for it."""
    first = (
        Delivery.objects.filter(lane=lane, status=DeliveryStatus.PENDING)
        .order_by("due_at")
        .values_list("due_at", flat=True)
        .first()
    )
    now = database_clock.now()
    return min(now, first - timedelta(milliseconds=1)) if first else now


def wake_after_commit() -> None:
    """Wake the engine when the open transaction commits."""

    def wake() -> None:
        waker.wake()

    # A nested function: `robust=True` asks its callable for __qualname__ when it fails.
    transaction.on_commit(wake, robust=True)
