"""From an event to its deliveries, in the event's own transaction; after COMMIT, the wake-up."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from chatbots import database_clock, event_rows, prepared
from chatbots.models import PLANS_WITH_WEBHOOKS, Event
from chatbots.standing import Standing
from webhooks import breaker, waker
from webhooks.models import Delivery, DeliveryStatus, Wait, Webhook, WebhookStatus

# One statement, whatever the number of events and webhooks. A disabled webhook's deliveries are
# made all the same and wait for it; an account whose plan has no webhooks gets none.
FAN_OUT: Final = """
INSERT INTO webhooks_delivery
  (event_id, webhook_id, account_id, status, wait, is_test, simulate, conversation, due_at,
   attempts, failures, created_at)
SELECT e.id, w.id, a.id,
       CASE w.status WHEN 'active' THEN 'pending' ELSE 'held' END, '',
       {false}, {simulate}, CASE WHEN w.ordered THEN e.chatlog_id ELSE '' END, {now}, 0, 0, {now}
FROM {events}
JOIN webhooks_webhook w ON w.chatbot_id = e.chatbot_id AND w.event = e.type
JOIN chatbots_chatbot c ON c.id = e.chatbot_id
JOIN chatbots_account a ON a.id = c.account_id
WHERE w.status IN ('active', 'disabled') AND a.plan IN ({plans})
ORDER BY e.number
"""
_PLANS: Final = ", ".join(f"'{plan}'" for plan in sorted(PLANS_WITH_WEBHOOKS))
_SENT: Final = """
SELECT sent.id, sent.event_id, sent.webhook_id, w.url, sent.status
FROM sent JOIN webhooks_webhook w ON w.id = sent.webhook_id
"""


def _sent_postgresql(events: str, simulate: str) -> str:
    inserted = FAN_OUT.format(
        false="false",
        now="now()",
        simulate=simulate,
        events=events,
        plans=_PLANS,
    )
    return f"sent AS ({inserted} RETURNING id, event_id, webhook_id, status) {_SENT}"


_SPREAD: Final = "WITH " + _sent_postgresql(
    "unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::text[]) WITH ORDINALITY "
    "AS e(id, chatbot_id, type, chatlog_id, simulate, number)",
    "e.simulate::jsonb",
)
# Events, their deliveries, and last the standings that held. Of the few events that are simulated,
# a row for each copy.
_RECORD: Final = (
    f"WITH {event_rows.WRITE}, "
    + _sent_postgresql(
        "asked e LEFT JOIN unnest(%b::text[], %b::text[]) AS s(id, simulate) ON s.id = e.id",
        "s.simulate::jsonb",
    )
    + "UNION ALL SELECT place, NULL, NULL, NULL, NULL FROM held"
)
# A transaction is the only writer here: the newest rows are those that it has just made.
_NEWEST: Final = (
    "SELECT d.id, d.event_id, d.webhook_id, w.url, d.status FROM webhooks_delivery d "
    "JOIN webhooks_webhook w ON w.id = d.webhook_id ORDER BY d.id DESC LIMIT %s"
)


# So many tests of a webhook go before what waits for it.
MOST_TESTS_FIRST: Final = 10


class Outgoing(NamedTuple):
    """An event to make deliveries of.

    `simulate` is how its receivers shall be treated badly (webhooks/simulation.py); `copies` makes
    that many deliveries for each webhook.
    """

    event: Event
    simulate: dict[str, Any] | None = None
    copies: int = 1


class Sent(NamedTuple):
    """A delivery that was made."""

    id: int
    event_id: str
    webhook_id: int
    url: str
    status: str


def on_event_recorded(sender: type[Event], event: Event, **kwargs: Any) -> None:
    fan_out([event])


def fan_out(
    events: Sequence[Event], *, simulate: dict[str, Any] | None = None, copies: int = 1
) -> int:
    """Make the deliveries of saved `events`; returns how many. Wakes the engine after COMMIT."""
    return len(spread([Outgoing(event, simulate, copies) for event in events]))


def spread(outgoing: Sequence[Outgoing]) -> list[Sent]:
    """Make the deliveries of saved events; returns them. Wakes the engine after COMMIT."""
    rows = [
        (event.pk, event.chatbot_id, event.type, event.chatlog_id, _json(simulate))
        for event, simulate, copies in outgoing
        for _ in range(copies)
    ]
    if not rows:
        return []
    with transaction.atomic(savepoint=False):
        if connection.vendor == "postgresql":
            columns = [list(column) for column in zip(*rows, strict=True)]
            made = sorted(Sent(*row) for row in prepared.run(_SPREAD, columns))
        else:
            made = _spread_sqlite(rows)
        if made:
            wake_after_commit()
    return made


def record(
    asked: Sequence[tuple[Standing, Sequence[Outgoing]]],
) -> list[list[Sent] | None]:
    """Save events and make their deliveries, if what they were made from still holds.

    Gives for each standing its events' deliveries, or None where it does not hold and nothing was
    done (chatbots/event_rows.py). All of it is committed, or none is; wakes the engine then.
    """
    events = [(standing, [one.event for one in outgoing]) for standing, outgoing in asked]
    if connection.vendor == "postgresql":
        written = event_rows.parameters(events)
        simulated = [
            (event.pk, _json(simulate))
            for _, outgoing in asked
            for event, simulate, copies in outgoing
            if simulate or copies > 1
            for _ in range(copies)
        ]
        columns = [list(column) for column in zip(*simulated, strict=True)] or [[], []]
        rows = prepared.run(_RECORD, [*written.columns, *columns])
        places = {place for place, event_id, *_ in rows if event_id is None}
        held = [place in places for place in written.places]
        made = sorted(Sent(*row) for row in rows if row[1] is not None)
        if made:
            wake_after_commit()
    else:
        with transaction.atomic():
            held = event_rows.insert(events)
            made = spread(
                [
                    one
                    for (_, outgoing), holds in zip(asked, held, strict=True)
                    if holds
                    for one in outgoing
                ]
            )
    by_event = defaultdict(list)
    for delivery in made:
        by_event[delivery.event_id].append(delivery)
    return [
        [delivery for one in outgoing for delivery in by_event.get(one.event.pk, ())]
        if holds
        else None
        for (_, outgoing), holds in zip(asked, held, strict=True)
    ]


def _json(simulate: dict[str, Any] | None) -> str | None:
    return json.dumps(simulate) if simulate else None


def _spread_sqlite(rows: Sequence[tuple[str | None, ...]]) -> list[Sent]:
    marks = ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(rows))
    events = (
        "(SELECT column1 AS id, column2 AS chatbot_id, column3 AS type, column4 AS chatlog_id, "
        f"column5 AS simulate, column6 AS number FROM (VALUES {marks})) AS e"
    )
    sql = FAN_OUT.format(
        false="0",
        now="%s",
        simulate="e.simulate",
        events=events,
        plans=_PLANS,
    )
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    parameters = [now, now, *(v for number, row in enumerate(rows) for v in (*row, number))]
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        cursor.execute(_NEWEST, [cursor.rowcount])
        return [Sent(*row) for row in reversed(cursor.fetchall())]


def send_to(
    webhook: Webhook, event: Event, *, is_test: bool = False, simulate: dict[str, Any] | None = None
) -> Delivery:
    """One delivery of a saved `event` to one webhook, active or not when it is a test."""
    active = webhook.status == WebhookStatus.ACTIVE or is_test
    with transaction.atomic():
        delivery = Delivery.objects.create(
            event=event,
            webhook=webhook,
            account=webhook.account,
            status=DeliveryStatus.PENDING if active else DeliveryStatus.HELD,
            is_test=is_test,
            simulate=simulate,
            due_at=first_in_line(webhook) if is_test else database_clock.now(),
        )
        if is_test:
            # Whoever tests a webhook wants to see now whether its endpoint answers again.
            breaker.probe_webhook_now(webhook)
        wake_after_commit()
    return delivery


def first_in_line(webhook: Webhook) -> datetime:
    """When a test must be due to go before all that waits for its webhook: a person waits for it.
    Where several tests wait already, it comes in its turn."""
    now = database_clock.now()
    ready = Delivery.objects.filter(
        account=webhook.account, webhook=webhook, status=DeliveryStatus.PENDING, wait=Wait.NOTHING
    ).order_by("due_at")
    first = list(ready.values_list("due_at", "is_test")[:MOST_TESTS_FIRST])
    if not first or (len(first) == MOST_TESTS_FIRST and all(is_test for _, is_test in first)):
        return now
    return min(now, first[0][0] - timedelta(milliseconds=1))


def wake_after_commit() -> None:
    """Wake the engine when the open transaction commits."""

    def wake() -> None:
        waker.wake()

    # A nested function: `robust=True` asks its callable for __qualname__ when it fails.
    transaction.on_commit(wake, robust=True)
