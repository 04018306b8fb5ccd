"""The database's clock decides. A process whose own clock is an hour off does no harm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from chatbots import database_clock
from chatbots.models import Chatbot
from emitter import metrics
from tests.webhooks.due import add_due, add_webhook, states
from webhooks import recovery, replay, sample, settling, subscriptions, upkeep
from webhooks.admin.forms import RecoverForm
from webhooks.api import idempotency, shapes
from webhooks.models import Delivery, IdempotencyKey, Webhook

CLOSE = timedelta(seconds=60)


def true_now() -> datetime:
    """By the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_TIMESTAMP")
        found = cursor.fetchone()[0]
    return datetime.fromisoformat(found).replace(tzinfo=UTC) if isinstance(found, str) else found


def is_now(moment: datetime | None) -> bool:
    return moment is not None and abs(moment - true_now()) < CLOSE


@pytest.fixture
def webhook(chatbot: Chatbot) -> Webhook:
    return add_webhook(chatbot)


@pytest.fixture(params=[timedelta(hours=1), timedelta(hours=-1)], ids=["ahead", "behind"])
def _wrong_clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process's clock is an hour off, as far as Django tells the time from it."""
    off: timedelta = request.param
    monkeypatch.setattr(timezone, "now", lambda: datetime.now(UTC) + off)


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_wrong_clock")]


def failed(webhook: Webhook, count: int = 1) -> list[int]:
    moment = true_now() - timedelta(minutes=30)
    return add_due(
        webhook, count, status="failed", failures=3, created_at=moment, finished_at=moment
    )


def test_the_clock_is_the_databases() -> None:
    assert is_now(database_clock.now())
    assert not is_now(timezone.now())


def test_a_test_delivery_is_due_now(webhook: Webhook) -> None:
    delivery = sample.send_test(webhook)
    assert is_now(delivery.due_at)
    delivery.refresh_from_db()
    assert is_now(delivery.due_at)
    assert is_now(delivery.created_at)
    assert Delivery.objects.filter(due_at__lte=Now()).exists()


def test_a_resent_delivery_is_due_now(webhook: Webhook) -> None:
    (pk,) = failed(webhook)
    assert is_now(replay.resend(Delivery.objects.get(pk=pk)).due_at)
    assert Delivery.objects.filter(due_at__lte=Now()).exists()


def test_what_is_enabled_is_due_now(webhook: Webhook) -> None:
    (pk,) = add_due(webhook, status="held", due_at=true_now() + timedelta(days=1))
    subscriptions.disable(webhook, "x")
    assert subscriptions.enable(webhook) == 1
    assert is_now(Delivery.objects.get(pk=pk).due_at)


def test_whether_a_worker_has_a_delivery_in_hand_is_told_by_the_lease(webhook: Webhook) -> None:
    now = true_now()
    in_hand, lost = (
        add_due(
            webhook,
            due_at=now + timedelta(minutes=minutes),
            lease_until=now + timedelta(minutes=minutes),
            attempts=1,
        )
        for minutes in (5, -5)
    )
    idle = Delivery.objects.filter(settling.is_idle())
    assert list(idle.values_list("pk", flat=True)) == lost
    assert [shapes.delivery(row)["inFlight"] for row in Delivery.objects.order_by("pk")] == [
        True,
        False,
    ]
    subscriptions.disable(webhook, "x")
    assert states([*in_hand, *lost]) == ["pending", "held"]


def test_a_cancelled_delivery_was_over_now(webhook: Webhook) -> None:
    (pk,) = add_due(webhook)
    subscriptions.delete(webhook)
    assert is_now(Delivery.objects.get(pk=pk).finished_at)


def test_a_recovery_ends_now_and_finds_what_failed_until_now(webhook: Webhook) -> None:
    failed(webhook, 2)
    since = true_now() - timedelta(minutes=45)
    made = recovery.start(webhook, since)
    assert made.requeued == 2
    assert is_now(made.until)
    assert is_now(made.created_at)
    assert is_now(made.finished_at)
    assert all(is_now(delivery.due_at) for delivery in Delivery.objects.all())


def test_the_window_that_is_offered_is_the_last_day(webhook: Webhook) -> None:
    since = RecoverForm.of(webhook).initial["since"]
    assert is_now(since + timedelta(days=1))


def test_a_rotated_secret_signs_for_a_day_more(webhook: Webhook) -> None:
    subscriptions.rotate_secret(webhook, "another")
    ((_, end),) = webhook.previous_secrets
    assert is_now(datetime.fromisoformat(end) - timedelta(days=1))


@pytest.mark.parametrize(("minutes", "disabled"), [(30, 1), (-30, 0)])
def test_five_days_of_failures_are_five_days(webhook: Webhook, minutes: int, disabled: int) -> None:
    since = true_now() - timedelta(days=5, minutes=minutes)
    Webhook.objects.update(failing_since=since, last_failure_at=since + timedelta(days=5))
    assert upkeep.disable_long_failing() == disabled


def test_an_idempotency_key_is_kept_a_day(chatbot: Chatbot) -> None:
    account = chatbot.account
    for minutes in (-30, 30):
        IdempotencyKey.objects.create(
            account=account,
            key=str(minutes),
            request_hash="",
            created_at=true_now() - timedelta(hours=24, minutes=minutes),
        )
    fresh = IdempotencyKey.objects.create(account=account, key="fresh", request_hash="")
    assert is_now(fresh.created_at)
    assert idempotency.prune() == 1
    assert {key.key for key in IdempotencyKey.objects.all()} == {"-30", "fresh"}


def test_the_metrics_tell_ages_by_it(webhook: Webhook) -> None:
    add_due(webhook, due_at=true_now() - timedelta(minutes=30))
    add_due(webhook, due_at=true_now() + timedelta(minutes=30))
    values = {
        sample.name: sample.value
        for family in text_string_to_metric_families(metrics.exposition().content.decode())
        for sample in family.samples
        if not sample.labels
    }
    assert values["emitter_deliveries_due"] == 1
    assert 1800 <= values["emitter_oldest_due_age_seconds"] < 1860
