"""What each of some deliveries waits for: the facts for webhooks/next_attempt.py, gathered for all
of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.conf import settings

from chatbots import database_clock
from webhooks import breaker, in_order, presence
from webhooks.models import Delivery, DeliveryStatus, Webhook, WebhookStatus
from webhooks.next_attempt import Facts, Waiting, left_alone, next_attempt, no_worker

NOT_OVER = (DeliveryStatus.PENDING, DeliveryStatus.HELD)


def without_worker(now: datetime) -> str:
    """That nothing is sent since no worker runs, and what starts one; "" where one does."""
    seen_at = presence.last_alive_at()
    return "" if presence.is_heard(seen_at, now) else no_worker(seen_at, now, _starts_worker())


class HeldBack(NamedTuple):
    """Why nothing is sent for an active webhook, and until when; None where that is this moment."""

    sentence: str
    until: datetime | None
    # Its receiver asked for it; else its endpoint cannot be reached.
    was_asked: bool = False


def held_back(webhook: Webhook, now: datetime) -> HeldBack | None:
    """Why nothing is sent for `webhook` at `now`; None when something is, or would be."""
    asked = webhook.asked_to_wait_until
    if asked and asked > now:
        return HeldBack(left_alone(asked, now), asked, was_asked=True)
    if sentence := breaker.sentence(webhook):
        until = breaker.held_until(webhook)
        return HeldBack(sentence, until if until and until > now else None)
    return None


def in_flight(delivery: Delivery, now: datetime) -> bool:
    """Whether a worker has the delivery in hand."""
    return (
        delivery.status == DeliveryStatus.PENDING
        and delivery.lease_until is not None
        and delivery.lease_until > now
    )


def of_each(rows: Iterable[Delivery], now: datetime | None = None) -> dict[int, Waiting]:
    """By id, what each of `rows` that is not over waits for. `now` is the database's.

    Three queries at most, if `rows` have their webhooks, endpoints and accounts with them.
    """
    waiting = [
        row
        for row in rows
        if row.status in NOT_OVER and row.webhook.status != WebhookStatus.DELETED
    ]
    if not waiting:
        return {}
    now = now or database_clock.now()
    fronts = in_order.waits_for(waiting)
    seen_at = presence.last_alive_at()
    worker_runs = presence.is_heard(seen_at, now)
    return {
        row.pk: next_attempt(
            Facts(
                now=now,
                due_at=row.due_at,
                attempts=row.attempts,
                is_in_flight=in_flight(row, now),
                failures=row.failures,
                is_test=row.is_test,
                webhook_is_active=row.webhook.status == WebhookStatus.ACTIVE,
                plan_has_webhooks=row.webhook.account.has_webhooks,
                in_front=fronts.get(row.pk),
                worker_runs=worker_runs,
                worker_seen_at=seen_at,
                starts_worker=_starts_worker(),
                asked_to_wait_until=None if row.is_test else row.webhook.asked_to_wait_until,
                held_reason=breaker.sentence(row.webhook),
                held_until=breaker.held_until(row.webhook),
                rate_limit=row.webhook.rate_limit,
                rate_next_at=row.webhook.rate_next_at,
            )
        )
        for row in waiting
    }


def of(row: Delivery, now: datetime | None = None) -> Waiting | None:
    """What one delivery waits for; None when it is over."""
    return of_each([row], now).get(row.pk)


def _starts_worker() -> str:
    if settings.SANDBOX:
        return "make up"
    return "celery --app=emitter worker"
