"""Deliveries that are experiments: tests, and those made to misbehave.

An experiment is sent once, never retried and never recovered. It tells nothing of its webhook's
health; instead it has an expectation and, once it is over, a verdict. Sent again, it is the same
experiment once more.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db.models import Q

from webhooks import expectation
from webhooks.expectation import Expected, Verdict
from webhooks.models import Attempt, Delivery, DeliveryStatus

ANSWERED: Final = (DeliveryStatus.SUCCEEDED, DeliveryStatus.FAILED)


def real() -> Q:
    """The deliveries that are no experiments."""
    return Q(is_test=False, simulate__isnull=True)


def expected(delivery: Delivery, last: Attempt | None) -> Expected | None:
    """What its receiver is expected to do; None for a real delivery. `last` is its last attempt."""
    if not delivery.is_experiment:
        return None
    signs_timestamp = delivery.webhook.standard_headers
    # What was sent decides, where something was: the webhook may have been changed since.
    skewed = delivery.simulate and "timestampSkewSeconds" in delivery.simulate
    if skewed and last and (head := bytes(last.request_head)):
        signs_timestamp = b"\r\nwebhook-signature:" in head.lower()
    return expectation.expected(delivery.simulate, signs_timestamp=signs_timestamp)


def verdict(delivery: Delivery, last: Attempt | None) -> Verdict | None:
    """Whether its receiver did that; None for a real delivery, and until one was answered."""
    wanted = expected(delivery, last)
    if wanted is None or last is None or delivery.status not in ANSWERED:
        return None
    return expectation.judge(wanted, delivery.simulate, last.status_code, last.error_kind)


def last_attempts(deliveries: Iterable[Delivery]) -> dict[int, Attempt]:
    """By delivery, the last recorded attempt of each, without what was sent and answered."""
    rows = Attempt.objects.filter(delivery__in=[delivery.pk for delivery in deliveries])
    return {
        attempt.delivery_id: attempt
        for attempt in rows.order_by("delivery_id", "number").defer(
            "request_head", "request_body", "response_head", "response_body"
        )
    }
