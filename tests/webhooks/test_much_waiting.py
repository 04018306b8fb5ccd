"""100,000 deliveries that follow their webhook, or are recovered, and hold nobody up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.utils import timezone

from chatbots.models import Chatbot
from tests.webhooks.due import add_due, add_webhook, side_by_side
from webhooks import recovery, subscriptions, upkeep
from webhooks.models import Delivery, Recovery, Unsettled, Webhook

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.soak,
    pytest.mark.timeout(600),
]
MANY = 100_000


@pytest.fixture
def webhook(chatbot: Chatbot) -> Webhook:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no locks of rows.")
    return add_webhook(chatbot)


def counts(webhook: Webhook) -> dict[str, int]:
    found: dict[str, int] = {}
    for status in Delivery.objects.filter(webhook=webhook).values_list("status", flat=True):
        found[status] = found.get(status, 0) + 1
    return found


def is_left() -> bool:
    """Whether a worker has to come by once more: the last time, somebody held the webhook's row."""
    unfinished = Recovery.objects.filter(finished_at=None)
    return Unsettled.objects.exists() or unfinished.exists()


def meanwhile(webhook: Webhook, work: Callable[[], object]) -> tuple[float, float]:
    """Seconds that `work` took until nothing was left, and the longest that somebody who records a
    failure of the same webhook, and so takes its row, had to wait for it meanwhile."""
    done = threading.Event()
    waits: list[float] = []

    def changing() -> float:
        began = time.monotonic()
        try:
            work()
            while upkeep.go_on() or is_left():
                pass
        finally:
            done.set()
        return time.monotonic() - began

    def others() -> float:
        while not done.is_set():
            began = time.monotonic()
            with transaction.atomic():
                Webhook.objects.select_for_update().get(pk=webhook.pk)
            waits.append(time.monotonic() - began)
            time.sleep(0.001)
        return max(waits)

    took, waited = side_by_side(changing, others, seconds=300)
    return took, waited


def analyze() -> None:
    """As autovacuum does by itself; it has no time to here."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE webhooks_delivery")


def check(webhook: Webhook, name: str, work: Callable[[], object], status: str) -> None:
    took, waited = meanwhile(webhook, work)
    print(f"{name}: {took:.1f} s in all, nobody waited longer than {waited * 1000:.0f} ms")
    assert counts(webhook) == {status: MANY}
    assert waited < took / 5


def test_disabling_and_enabling_100_000_hold_nobody_up(webhook: Webhook) -> None:
    add_due(webhook, MANY)
    analyze()

    def read() -> Webhook:
        return Webhook.objects.get(pk=webhook.pk)

    check(webhook, "disable", lambda: subscriptions.disable(read(), "x"), "held")
    check(webhook, "enable", lambda: subscriptions.enable(read()), "pending")


def test_recovering_100_000_holds_nobody_up(webhook: Webhook) -> None:
    moment = timezone.now()
    add_due(webhook, MANY, status="failed", created_at=moment, finished_at=moment)
    analyze()

    def start() -> object:
        return recovery.start(Webhook.objects.get(pk=webhook.pk), moment)

    check(webhook, "recover", start, "pending")
    made = Recovery.objects.get()
    assert (made.status, made.total, made.requeued) == ("finished", MANY, MANY)
