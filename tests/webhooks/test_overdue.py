"""What is held back for a reason wakes nobody; what only waits for a worker does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from chatbots.models import Account, Chatbot, Plan
from tests.webhooks.due import add_due, add_webhook
from webhooks import breaker
from webhooks.models import Delivery, Endpoint, Webhook
from webhooks.overdue import oldest_ready_at

pytestmark = pytest.mark.django_db
AGO = 100


def age() -> float | None:
    now = timezone.now()
    oldest = oldest_ready_at(now)
    return (now - oldest).total_seconds() if oldest else None


def soon(seconds: float = 60) -> datetime:
    return timezone.now() + timedelta(seconds=seconds)


def is_disabled() -> None:
    Webhook.objects.update(status="disabled")


def has_no_plan() -> None:
    Account.objects.update(plan=Plan.FREE)


def is_held_back() -> None:
    breaker.hold(Endpoint, Endpoint.objects.get().pk, "connect")


def was_asked_to_wait() -> None:
    Webhook.objects.update(asked_to_wait_until=soon())


def has_its_rate() -> None:
    Webhook.objects.update(rate_limit=1, rate_next_at=soon())


def is_not_due() -> None:
    Delivery.objects.update(due_at=soon())


def is_in_flight() -> None:
    Delivery.objects.update(due_at=soon(), lease_until=soon())


def waits_for_an_earlier_one() -> None:
    row = Delivery.objects.get()
    Delivery.objects.update(conversation="a")
    Delivery.objects.create(
        id=row.pk - 1,
        event_id=row.event_id,
        webhook_id=row.webhook_id,
        account=row.account,
        conversation="a",
        due_at=soon(),
    )


@pytest.mark.parametrize(
    "reason",
    [
        is_disabled,
        has_no_plan,
        is_held_back,
        was_asked_to_wait,
        has_its_rate,
        is_not_due,
        is_in_flight,
        waits_for_an_earlier_one,
    ],
)
def test_one_that_is_held_back_for_a_reason_wakes_nobody(
    chatbot: Chatbot, reason: Callable[[], None]
) -> None:
    add_due(add_webhook(chatbot), seconds_ago=AGO)
    found = age()
    assert found is not None
    assert AGO <= found < AGO + 10
    reason()
    assert age() is None


def test_once_the_reason_is_over_its_age_counts_from_then(chatbot: Chatbot) -> None:
    add_due(add_webhook(chatbot), seconds_ago=AGO)
    Webhook.objects.update(rate_limit=1, rate_next_at=soon(-30))
    found = age()
    assert found is not None
    assert 30 <= found < 40


def test_a_test_of_a_disabled_webhook_waits_for_a_worker_all_the_same(chatbot: Chatbot) -> None:
    add_due(add_webhook(chatbot), seconds_ago=AGO, is_test=True)
    is_disabled()
    assert age() is not None


def test_with_nothing_due_there_is_no_age(db: None) -> None:
    assert age() is None
