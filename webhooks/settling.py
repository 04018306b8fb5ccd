"""Bringing the deliveries that wait in line with what became of their webhook: enabled, disabled,
deleted, or left without a plan that has webhooks.

In small transactions: a webhook with 100,000 waiting deliveries is changed at once, with the first
of them, and the rest follows from a task, which an Unsettled row asks for. So nobody waits long for
the webhook's row, and a process that is lost in the middle leaves the rest to the next run. The
task also finds what an event that was just committing put where the webhook was a moment before.
Meanwhile nothing goes astray: a claim looks at the webhook too.

Locks are taken in one order, webhook before delivery, and only deliveries that no worker has in
hand are touched: nothing here waits for the engine, and it waits for one batch at most.
"""

from __future__ import annotations

import time
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from chatbots.models import PLANS_WITH_WEBHOOKS, Account
from webhooks import outbox, queue
from webhooks.models import Delivery, DeliveryStatus, Unsettled, Wait, Webhook, WebhookStatus
from webhooks.row_locks import unheld

# Deliveries per transaction.
BATCH: Final = 2000


def is_idle() -> Q:
    """No worker has the delivery in hand."""
    return Q(lease_until=None) | Q(lease_until__lte=Now())


def held(webhook: Webhook) -> QuerySet[Delivery]:
    """What waits for `webhook` to be enabled."""
    return Delivery.objects.filter(webhook=webhook, status=DeliveryStatus.HELD)


def pending(webhook: Webhook) -> list[QuerySet[Delivery]]:
    """What is to go out for `webhook`, and is in no worker's hand: what is ready, waits for its
    turn or for a retry, or was lost with a worker; each is found by an index of its own."""
    rows = Delivery.objects.filter(is_idle(), webhook=webhook, status=DeliveryStatus.PENDING)
    return [
        rows.filter(account=webhook.account, wait=Wait.NOTHING).order_by("due_at"),
        _waiting_turn(rows).order_by("pk"),
        rows.filter(wait=Wait.TIME, failures__gt=0).order_by("pk"),
        rows.filter(wait=Wait.LEASE, due_at__lte=Now()).order_by("due_at"),
    ]


def _waiting_turn(pending: QuerySet[Delivery]) -> QuerySet[Delivery]:
    # The conditions of one index, and of no other: where a webhook has most of all rows, a planner
    # that may also read what waits for all webhooks (wait = 'turn') takes that for as cheap.
    both = [DeliveryStatus.PENDING, DeliveryStatus.HELD]
    return pending.exclude(conversation="").filter(status__in=both, wait__startswith=Wait.TURN)


def begin(webhook: Webhook) -> int:
    """Bring the first BATCH deliveries of a locked `webhook` in line; the rest follows by itself.
    Returns how many were moved now."""
    Unsettled.objects.get_or_create(webhook=webhook)
    return _some(webhook)


def go_another_way(webhook: Webhook, former_key: str) -> None:
    """What waits for its turn in a conversation is looked at anew: a locked `webhook` leads to
    another URL, where others' deliveries are in front, and none of those that were."""
    webhooks = Webhook.objects.filter(
        chatbot=webhook.chatbot, url_key__in=[webhook.url_key, former_key]
    ).exclude(status=WebhookStatus.DELETED)
    rows = Delivery.objects.filter(webhook__in=webhooks, status=DeliveryStatus.PENDING)
    _waiting_turn(rows).update(wait=Wait.NOTHING, due_at=Now())
    outbox.wake_after_commit()


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
        if webhook is None or not unheld(Unsettled.objects.filter(pk=unsettled.pk)):
            return 0  # Somebody holds it; another time.
        moved = _some(webhook)
        if moved < BATCH and not any(rows.exists() for rows, _ in _moves(webhook)):
            Unsettled.objects.filter(pk=unsettled.pk).delete()
    return moved


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
        *active.filter(_has_held(), has_webhooks).values_list("pk", flat=True),
        *active.filter(_has_pending(), ~has_webhooks).values_list("pk", flat=True),
    ]
    return sum(_settle(webhook_id) for webhook_id in stuck)


def _has_held() -> Q:
    return Q(Exists(Delivery.objects.filter(webhook=OuterRef("pk"), status=DeliveryStatus.HELD)))


def _has_pending() -> Q:
    rows = Delivery.objects.filter(webhook=OuterRef("pk"), status=DeliveryStatus.PENDING)
    ready = rows.filter(account=OuterRef("chatbot__account"), wait=Wait.NOTHING)
    retry = rows.filter(wait=Wait.TIME, failures__gt=0)
    return Q(Exists(ready)) | Q(Exists(retry)) | Q(Exists(_waiting_turn(rows)))


def on_account_saved(instance: Account, **_: Any) -> None:
    """Below the Basic plan what waits is held, and with a plan that has webhooks it is sent.

    Only asked for here, and done by `go_on`, a transaction for each webhook: an account may have
    many, and would be locked with all of them until the last one is through.
    """
    webhooks = Webhook.objects.filter(chatbot__account=instance, status=WebhookStatus.ACTIVE)
    waits = _has_held() if instance.has_webhooks else _has_pending()
    Unsettled.objects.bulk_create(
        [Unsettled(webhook=webhook) for webhook in webhooks.filter(waits)], ignore_conflicts=True
    )


def _settle(webhook_id: int) -> int:
    with transaction.atomic():
        webhook = unheld(Webhook.objects.filter(pk=webhook_id)).first()
        return begin(webhook) if webhook else 0


def _some(webhook: Webhook) -> int:
    """Move up to BATCH deliveries of a locked webhook to where its status wants them."""
    moved = 0
    for rows, columns in _moves(webhook):
        moved += _move(rows, BATCH - moved, **columns)
    if moved:
        outbox.wake_after_commit()
    return moved


def _moves(webhook: Webhook) -> list[tuple[QuerySet[Delivery], dict[str, Any]]]:
    """Which deliveries of a webhook are not where its status wants them; and the columns that they
    get."""
    waits, due = held(webhook).order_by("pk"), pending(webhook)
    status = webhook.status
    if status == WebhookStatus.ACTIVE and not webhook.account.has_webhooks:
        status = WebhookStatus.DISABLED
    if status == WebhookStatus.ACTIVE:
        return [(waits, {"status": DeliveryStatus.PENDING, "due_at": Now()})]
    if status == WebhookStatus.DISABLED:
        # A test is how a person finds out whether a disabled webhook would work again.
        return [(rows.filter(is_test=False), {"status": DeliveryStatus.HELD}) for rows in due]
    over = {"status": DeliveryStatus.CANCELLED, "finished_at": Now()}
    return [(rows, over) for rows in [*due, waits]]


def _move(rows: QuerySet[Delivery], most: int, **columns: Any) -> int:
    """Change up to `most` of `rows`, whose leases, if any, have run out, and that nobody holds, nor
    what goes on behind them."""
    free = unheld(rows).values_list("pk", "lease_until", "webhook_id", "conversation")
    present, found = queue.present(), list(free[:most])
    over = [queue.Over(pk, webhook, chat) for pk, _, webhook, chat in found if chat]
    held_up = present.held_up(over) if over else set()
    found = [row for row in found if row[0] not in held_up]
    if not found:
        return 0
    ids = [pk for pk, *_ in found]
    if leased := [pk for pk, lease_until, *_ in found if lease_until]:
        queue.tell_of_lost(Delivery.objects.filter(pk__in=leased))
    # With the condition once more: a worker may have taken some of them at this moment.
    waiting = [DeliveryStatus.PENDING, DeliveryStatus.HELD]
    Delivery.objects.filter(is_idle(), pk__in=ids, status__in=waiting).update(
        lease_until=None, wait=Wait.NOTHING, **columns
    )
    # Other webhooks that lead to the same URL wait for them no more.
    if over:
        present.go_on_after([one for one in over if one.delivery_id not in held_up])
    return len(ids)
