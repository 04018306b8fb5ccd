"""Bringing the deliveries that wait in line with what became of their webhook: enabled, disabled,
deleted, moved to another lane, or left without a plan that has webhooks.

In small transactions: a webhook with 100,000 waiting deliveries is changed at once, with the first
of them, and the rest follows from a task, which an Unsettled row asks for. So nobody waits long for
the webhook's row, and a process that is lost in the middle leaves the rest to the next run. The
task also finds what an event that was just committing put where the webhook was a moment before.
Meanwhile nothing goes astray: a claim looks at the webhook too.

Locks are taken in one order, webhook before delivery, and only deliveries that no worker has in
hand are touched: nothing here waits for the engine. It waits for one batch at most, where it
records what a conversation in order goes on after.
"""

from __future__ import annotations

import time
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from chatbots.models import PLANS_WITH_WEBHOOKS, Account
from webhooks import outbox, queue
from webhooks.models import Delivery, DeliveryStatus, Unsettled, Webhook, WebhookStatus
from webhooks.row_locks import unheld

# Deliveries per transaction.
BATCH: Final = 2000


def is_idle() -> Q:
    """No worker has the delivery in hand."""
    return Q(lease_until=None) | Q(lease_until__lte=Now())


def held(webhook: Webhook) -> QuerySet[Delivery]:
    """What waits for `webhook` to be enabled."""
    return Delivery.objects.filter(webhook=webhook, status=DeliveryStatus.HELD)


def pending(webhook: Webhook, lane: int) -> QuerySet[Delivery]:
    """What is to go out for `webhook` in `lane`, and is in no worker's hand."""
    return Delivery.objects.filter(
        is_idle(), webhook=webhook, lane=lane, status=DeliveryStatus.PENDING
    )


def begin(webhook: Webhook, lane: int) -> int:
    """Bring the first BATCH deliveries of a locked `webhook` in line, those that are held or wait
    in `lane`; the rest follows by itself. Returns how many were moved now."""
    Unsettled.objects.get_or_create(webhook=webhook, lane=lane)
    return _some(webhook, lane)


def go_on(seconds: float) -> int:
    """Go on with what `begin` left, for so long at most; returns how many deliveries were moved."""
    end, moved = time.monotonic() + seconds, 0
    for unsettled in list(Unsettled.objects.order_by("pk")):
        while time.monotonic() < end:
            count = _go_on(unsettled)
            moved += count
            if count < BATCH:
                break
    return moved


def _go_on(unsettled: Unsettled) -> int:
    with transaction.atomic():
        webhook = unheld(Webhook.objects.filter(pk=unsettled.webhook_id)).first()
        if webhook is None:
            return 0  # Somebody holds it; another time.
        moved = _some(webhook, unsettled.lane)
        if moved < BATCH and not _is_left(webhook, unsettled.lane):
            Unsettled.objects.filter(pk=unsettled.pk).delete()
    return moved


def _is_left(webhook: Webhook, lane: int) -> bool:
    """Something is yet to be moved: somebody holds it, or a worker has it in hand."""
    return _is_in_hand(webhook, lane) or any(rows.exists() for rows, _ in _moves(webhook, lane))


def _is_in_hand(webhook: Webhook, former_lane: int) -> bool:
    """A worker has deliveries of a lane that `webhook` left: their retries would be due there."""
    if former_lane == webhook.lane:
        return False
    rows = Delivery.objects.filter(webhook=webhook, lane=former_lane, status=DeliveryStatus.PENDING)
    return rows.exists()


def settle_stragglers() -> int:
    """Send what is held for a webhook that is active, and hold what is due below the Basic plan;
    returns how many deliveries were moved now.

    To be called now and then, for a transaction that was open longer than `go_on` waits, and for
    what was in flight when its account's plan was lowered. Asks the partial index of what waits
    once for each active webhook.
    """
    active = Webhook.objects.filter(status=WebhookStatus.ACTIVE)
    has_webhooks = Q(chatbot__account__plan__in=PLANS_WITH_WEBHOOKS)
    stuck = [
        *active.filter(_has(DeliveryStatus.HELD), has_webhooks).values_list("pk", flat=True),
        *active.filter(_has(DeliveryStatus.PENDING), ~has_webhooks).values_list("pk", flat=True),
    ]
    return sum(_settle(webhook_id) for webhook_id in stuck)


def _has(status: DeliveryStatus) -> Exists:
    return Exists(Delivery.objects.filter(webhook=OuterRef("pk"), status=status))


def on_account_saved(instance: Account, **_: Any) -> None:
    """Below the Basic plan what waits is held, and with a plan that has webhooks it is sent.

    Only asked for here, and done by `go_on`, a transaction for each webhook: an account may have
    many, and would be locked with all of them until the last one is through.
    """
    webhooks = Webhook.objects.filter(chatbot__account=instance, status=WebhookStatus.ACTIVE)
    waits = _has(DeliveryStatus.HELD if instance.has_webhooks else DeliveryStatus.PENDING)
    Unsettled.objects.bulk_create(
        [Unsettled(webhook=webhook, lane=webhook.lane) for webhook in webhooks.filter(waits)],
        ignore_conflicts=True,
    )


def _settle(webhook_id: int) -> int:
    with transaction.atomic():
        webhook = unheld(Webhook.objects.filter(pk=webhook_id)).first()
        return begin(webhook, webhook.lane) if webhook else 0


def _some(webhook: Webhook, lane: int) -> int:
    """Move up to BATCH deliveries of a locked webhook to where its status wants them."""
    moved = 0
    for rows, columns in _moves(webhook, lane):
        moved += _move(rows, BATCH - moved, **columns)
    if moved:
        outbox.wake_after_commit()
    return moved


def _moves(webhook: Webhook, lane: int) -> list[tuple[QuerySet[Delivery], dict[str, Any]]]:
    """Which deliveries of a webhook, those that are held or wait in `lane`, are not where its
    status wants them; and the columns that they get."""
    waits, due = held(webhook).order_by("pk"), pending(webhook, lane).order_by("due_at")
    status, has_moved = webhook.status, lane != webhook.lane
    if status == WebhookStatus.ACTIVE and not webhook.account.has_webhooks:
        status = WebhookStatus.DISABLED
    to_lane: dict[str, Any] = {"lane": webhook.lane}
    if status == WebhookStatus.ACTIVE:
        send = (waits, to_lane | {"status": DeliveryStatus.PENDING, "due_at": Now()})
        return [send, (due, to_lane)] if has_moved else [send]
    if status == WebhookStatus.DISABLED:
        # A test is how a person finds out whether a disabled webhook would work again.
        hold = (due.filter(is_test=False), {"status": DeliveryStatus.HELD})
        return [hold, (due.filter(is_test=True), to_lane)] if has_moved else [hold]
    over = {"status": DeliveryStatus.CANCELLED, "finished_at": Now()}
    return [(due, over), (waits, over)]


def _move(rows: QuerySet[Delivery], most: int, **columns: Any) -> int:
    """Change up to `most` of `rows`, whose leases, if any, have run out, and that nobody holds."""
    found = dict(unheld(rows).values_list("pk", "lease_until")[:most])
    ids = list(found)
    if not ids:
        return 0
    if leased := [pk for pk, lease_until in found.items() if lease_until]:
        queue.tell_of_lost(Delivery.objects.filter(pk__in=leased))
    # With the condition once more: a worker may have taken some of them at this moment.
    waiting = [DeliveryStatus.PENDING, DeliveryStatus.HELD]
    Delivery.objects.filter(is_idle(), pk__in=ids, status__in=waiting).update(
        lease_until=None, **columns
    )
    return len(ids)
