"""Sending again what failed in a window: counted before, in batches, with its progress."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from chatbots.models import Chatbot
from tests.webhooks.due import add_due, add_webhook, side_by_side, states
from webhooks import recovery, subscriptions, upkeep
from webhooks.models import Delivery, RecoveredDelivery, Recovery, Webhook
from webhooks.recovery import Outcome

pytestmark = pytest.mark.django_db


@pytest.fixture
def webhook(chatbot: Chatbot) -> Webhook:
    return add_webhook(chatbot)


def ago(minutes: float) -> datetime:
    return timezone.now() - timedelta(minutes=minutes)


def failed(
    webhook: Webhook,
    count: int = 1,
    *,
    made: float = 30,
    given_up: float | None = None,
    is_test: bool = False,
) -> list[int]:
    """`count` failed deliveries, made and given up so many minutes ago; their ids."""
    return add_due(
        webhook,
        count,
        status="failed",
        attempts=5,
        failures=5,
        is_test=is_test,
        created_at=ago(made),
        finished_at=ago(made if given_up is None else given_up),
    )


def batches_of(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "BATCH", count)


def test_the_failed_ones_that_were_made_or_given_up_in_the_window_are_sent_again(
    webhook: Webhook, chatbot: Chatbot
) -> None:
    inside = failed(webhook, 3, made=60)
    given_up_inside = failed(webhook, made=100, given_up=50)
    failed(webhook, made=100)
    failed(webhook, made=5)
    failed(webhook, made=50, is_test=True)
    fine = failed(webhook, made=50)
    Delivery.objects.filter(pk__in=fine).update(status="succeeded")
    failed(add_webhook(chatbot, "https://hooks.example.com/another"), made=50)

    made = recovery.start(webhook, ago(90), ago(10))

    assert (made.total, made.requeued, made.stopped_reason) == (4, 4, "")
    assert made.finished_at is not None
    pending = Delivery.objects.filter(status="pending")
    assert {delivery.pk for delivery in pending} == {*inside, *given_up_inside}
    for delivery in pending:
        assert (delivery.attempts, delivery.failures, delivery.finished_at) == (5, 0, None)
        assert delivery.due_at <= timezone.now()


def test_the_count_before_changes_nothing_and_is_what_is_sent_again(webhook: Webhook) -> None:
    failed(webhook, 2, made=60)
    failed(webhook, 1, made=20)
    since = ago(90)
    found = recovery.find(webhook, since)
    assert found.total == 3
    assert found.since == since
    assert found.oldest is not None
    assert found.newest is not None
    assert found.oldest < ago(59) < found.newest < found.until <= timezone.now()
    assert states() == ["failed"] * 3
    assert not Recovery.objects.exists()
    assert recovery.start(webhook, since).total == 3
    assert recovery.find(webhook, since).total == 0
    assert recovery.find(webhook, since).oldest is None


def test_it_goes_in_batches_and_says_how_far_it_came(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches_of(2, monkeypatch)
    failed(webhook, 5)
    made = recovery.start(webhook, ago(60), requested_by="ada")
    assert (made.total, made.requeued, made.finished_at, made.requested_by) == (5, 2, None, "ada")
    assert sorted(states()) == ["failed"] * 3 + ["pending"] * 2
    # Without a second's time only what is begun is done, which is nothing.
    assert recovery.go_on(0) == 0
    assert recovery.go_on(60) == 3
    made.refresh_from_db()
    assert (made.requeued, states()) == (5, ["pending"] * 5)
    assert made.finished_at is not None


def test_a_recovery_whose_process_was_lost_goes_on_where_it_was(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches_of(2, monkeypatch)
    ids = failed(webhook, 5)
    made = recovery.start(webhook, ago(60))

    class Lost(BaseException):
        """The process ends here."""

    def lose(*args: object, **kwargs: object) -> None:
        raise Lost

    with monkeypatch.context() as patched:
        # At the last statement of the second batch.
        patched.setattr(Recovery, "save", lose)
        with pytest.raises(Lost):
            recovery.go_on(60)
    assert states(ids) == ["pending"] * 2 + ["failed"] * 3
    assert upkeep.go_on() == 3
    made.refresh_from_db()
    assert (made.requeued, states(ids)) == (5, ["pending"] * 5)
    assert RecoveredDelivery.objects.filter(recovery=made).count() == 5


def test_what_became_of_them_is_told(webhook: Webhook) -> None:
    ids = failed(webhook, 6)
    other = failed(webhook, made=600)
    made = recovery.start(webhook, ago(60))
    assert recovery.outcome(made) == Outcome(waiting=6)
    for pk, status in zip(ids, ["succeeded", "succeeded", "failed", "held"], strict=False):
        Delivery.objects.filter(pk=pk).update(status=status)
    Delivery.objects.filter(pk__in=other).update(status="succeeded")
    assert recovery.outcome(made) == Outcome(succeeded=2, failed=1, waiting=3)


def test_asking_twice_while_it_runs_is_one_recovery(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches_of(2, monkeypatch)
    failed(webhook, 5)
    since = ago(60)
    first = recovery.start(webhook, since)
    assert recovery.start(webhook, since).pk == first.pk
    assert recovery.start(webhook, since, first.until).pk == first.pk
    # Another window is another recovery, and takes what is left.
    second = recovery.start(webhook, since - timedelta(hours=1))
    assert second.pk != first.pk
    recovery.go_on(60)
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.requeued + second.requeued == 5
    assert states() == ["pending"] * 5


def test_asking_twice_when_nothing_is_left_is_one_recovery(webhook: Webhook) -> None:
    failed(webhook, 2)
    since = ago(60)
    first = recovery.start(webhook, since)
    assert recovery.start(webhook, since).pk == first.pk
    # What failed again may be recovered again.
    moment = timezone.now()
    Delivery.objects.update(status="failed", finished_at=moment)
    second = recovery.start(webhook, since)
    assert (second.pk != first.pk, second.requeued) == (True, 2)


def test_what_fails_again_is_not_sent_a_third_time(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches_of(2, monkeypatch)
    failed(webhook, 5)
    made = recovery.start(webhook, ago(60))
    still = Delivery.objects.filter(status="failed")
    last = still.order_by("-pk")[0].pk
    # It was sent again by hand meanwhile, and failed.
    Delivery.objects.filter(pk=last).update(finished_at=timezone.now() + timedelta(seconds=1))
    recovery.go_on(60)
    made.refresh_from_db()
    assert made.requeued == 4
    assert [delivery.pk for delivery in still.all()] == [last]


def test_a_window_that_is_none_is_refused(webhook: Webhook) -> None:
    with pytest.raises(ValidationError, match="ends before it begins"):
        recovery.start(webhook, ago(1), ago(2))
    with pytest.raises(ValidationError, match="begins in the future"):
        recovery.find(webhook, ago(-5))
    # What is to fail later is not known: the window ends now.
    assert recovery.find(webhook, ago(1), ago(-5)).until <= timezone.now()


def test_a_deleted_webhook_is_refused_and_ends_what_runs(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches_of(2, monkeypatch)
    failed(webhook, 5)
    made = recovery.start(webhook, ago(60))
    subscriptions.delete(webhook)
    with pytest.raises(ValidationError, match="deleted"):
        recovery.start(webhook, ago(60))
    assert recovery.go_on(60) == 0
    made.refresh_from_db()
    assert made.finished_at is not None
    assert "deleted" in made.stopped_reason
    assert recovery.outcome(made) == Outcome(cancelled=2)


def test_for_a_disabled_webhook_they_wait_until_it_is_enabled(webhook: Webhook) -> None:
    ids = failed(webhook, 3)
    subscriptions.disable(webhook, "x")
    made = recovery.start(webhook, ago(60))
    assert states(ids) == ["held"] * 3
    assert recovery.outcome(made) == Outcome(waiting=3)
    assert subscriptions.enable(webhook) == 3
    assert states(ids) == ["pending"] * 3


@pytest.mark.django_db(transaction=True)
def test_workers_that_recover_side_by_side_send_each_delivery_again_once(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches_of(7, monkeypatch)
    ids = failed(webhook, 200)
    since = ago(60)
    side_by_side(
        lambda: recovery.start(Webhook.objects.get(pk=webhook.pk), since).requeued,
        lambda: recovery.start(Webhook.objects.get(pk=webhook.pk), since).requeued,
        lambda: recovery.go_on(60),
        lambda: recovery.go_on(60),
    )
    recovery.go_on(60)
    assert states(ids) == ["pending"] * 200
    # The second of two presses found the first one's recovery, or nothing left to recover.
    assert sum(row.requeued for row in Recovery.objects.all()) == 200
    assert RecoveredDelivery.objects.count() == 200
    assert Recovery.objects.filter(finished_at=None).count() == 0


@pytest.mark.thorough
@pytest.mark.django_db(transaction=True)
def test_the_count_and_the_batches_read_the_failed_ones_only(webhook: Webhook) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("plans are PostgreSQL's")
    add_due(webhook, 20_000, status="succeeded", finished_at=timezone.now())
    failed(webhook, 10)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE webhooks_delivery")
    now = timezone.now()
    rows = recovery._failed(webhook, ago(60), now, now)
    for query in (rows.order_by(), rows.filter(pk__gt=5).order_by("pk")[: recovery.BATCH]):
        plan = query.explain()
        assert "delivery_failed" in plan, plan
        assert "Seq Scan" not in plan, plan


def test_old_recoveries_are_forgotten(webhook: Webhook) -> None:
    failed(webhook, 2)
    old, new = recovery.start(webhook, ago(60)), recovery.start(webhook, ago(60))
    Recovery.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=31))
    upkeep.prune()
    assert list(Recovery.objects.all()) == [new]
    assert not RecoveredDelivery.objects.exists()
    assert Delivery.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_what_is_sent_again_while_old_events_are_forgotten_stays(webhook: Webhook) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer: the forgetting waits.")
    (pk,) = failed(webhook)

    def prune() -> int:
        return upkeep.prune(timezone.now() + timedelta(days=60))

    with transaction.atomic():
        Delivery.objects.filter(pk=pk).update(status="pending")
        assert side_by_side(prune) == [0]
    assert states([pk]) == ["pending"]
