"""Leases that run out: a worker was killed, or frozen and comes back late."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from chatbots.models import Chatbot
from tests.webhooks.due import (
    add_due,
    add_webhook,
    claim_all,
    finish,
    in_seconds,
    let_time_pass,
    side_by_side,
    states,
)
from webhooks import queue, replay, subscriptions
from webhooks.models import Attempt, Delivery, Webhook

pytestmark = pytest.mark.django_db
COMMITTED = pytest.mark.django_db(transaction=True)
LEASE = queue.LEASE_SECONDS


@pytest.fixture
def webhook(chatbot: Chatbot) -> Webhook:
    return add_webhook(chatbot)


def attempts() -> list[tuple[int, str]]:
    return list(Attempt.objects.order_by("number").values_list("number", "error_kind"))


def test_a_delivery_is_left_alone_until_its_lease_has_run_out(webhook: Webhook) -> None:
    ids = add_due(webhook)
    claim_all()
    let_time_pass(LEASE - 5)
    assert claim_all() == []
    let_time_pass(5)
    assert [c.delivery_id for c in claim_all()] == ids


def test_what_a_lost_worker_had_is_taken_up_and_its_attempt_is_told_of(webhook: Webhook) -> None:
    add_due(webhook)
    claim_all()
    let_time_pass(LEASE + 1)
    (again,) = claim_all()
    assert again.number == 2
    # Nothing is known of how the first ended, so it uses up no place in the schedule.
    assert again.failures == 0
    (lost,) = Attempt.objects.all()
    assert (lost.number, lost.error_kind, lost.status_code) == (1, "interrupted", None)
    assert lost.error == queue.INTERRUPTED_SENTENCE
    assert -(LEASE + 5) < in_seconds(lost.started_at) < -LEASE + 1
    queue.present().record([finish(again)])
    assert attempts() == [(1, "interrupted"), (2, "")]
    assert states() == ["succeeded"]


def test_every_attempt_of_workers_lost_one_after_the_other_is_told_of(webhook: Webhook) -> None:
    add_due(webhook)
    for _ in range(3):
        claim_all()
        let_time_pass(LEASE + 1)
    (again,) = claim_all()
    assert again.number == 4
    assert attempts() == [(1, "interrupted"), (2, "interrupted"), (3, "interrupted")]


def test_a_late_worker_overwrites_nothing_but_its_own_attempt(webhook: Webhook) -> None:
    add_due(webhook)
    (frozen,) = claim_all()
    let_time_pass(LEASE + 1)
    (other,) = claim_all()
    queue.present().record([finish(frozen, "failed")])
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.attempts, delivery.failures) == ("pending", 2, 0)
    assert in_seconds(delivery.lease_until) > LEASE - 5
    # What it knows of its attempt is better than that it was lost.
    assert attempts() == [(1, "http_status")]
    queue.present().record([finish(other)])
    assert states() == ["succeeded"]
    assert attempts() == [(1, "http_status"), (2, "")]


def test_a_late_worker_does_not_wake_what_is_over(webhook: Webhook) -> None:
    add_due(webhook)
    (frozen,) = claim_all()
    let_time_pass(LEASE + 1)
    (other,) = claim_all()
    queue.present().record([finish(other)])
    finished_at = Delivery.objects.get().finished_at
    queue.present().record([finish(frozen, "pending", delay_seconds=5)])
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.finished_at) == ("succeeded", finished_at)
    assert attempts() == [(1, "http_status"), (2, "")]


def test_a_late_worker_whose_delivery_nobody_took_is_not_late(webhook: Webhook) -> None:
    add_due(webhook)
    (frozen,) = claim_all()
    let_time_pass(LEASE + 1)
    queue.present().record([finish(frozen)])
    assert states() == ["succeeded"]
    assert attempts() == [(1, "")]


def test_recording_twice_is_recording_once(webhook: Webhook) -> None:
    add_due(webhook)
    (claimed,) = claim_all()
    queue.present().record([finish(claimed, "pending", delay_seconds=60)])
    before = Delivery.objects.values().get()
    queue.present().record([finish(claimed)])
    assert Delivery.objects.values().get() == before
    assert attempts() == [(1, "http_status")]


@COMMITTED
def test_of_two_workers_that_record_the_same_attempt_one_counts(webhook: Webhook) -> None:
    add_due(webhook, 50)
    claimed = claim_all()
    side_by_side(
        lambda: queue.present().record([finish(one) for one in claimed]),
        lambda: queue.present().record([finish(one) for one in claimed]),
    )
    assert states() == ["succeeded"] * 50
    assert Attempt.objects.count() == 50


@pytest.mark.parametrize(
    ("status", "then"), [("disabled", "held"), ("deleted", "cancelled"), ("active", "pending")]
)
def test_a_lost_attempt_is_told_of_whatever_the_webhook_has_become(
    webhook: Webhook, status: str, then: str
) -> None:
    add_due(webhook)
    claim_all()
    let_time_pass(LEASE + 1)
    Webhook.objects.update(status=status)
    claim_all()
    assert states() == [then]
    assert attempts() == [(1, "interrupted")]


def test_enabling_after_a_worker_was_lost_tells_of_its_attempt(webhook: Webhook) -> None:
    add_due(webhook)
    claim_all()
    let_time_pass(LEASE + 1)
    subscriptions.disable(webhook, "Just now.")
    subscriptions.enable(webhook)
    (again,) = claim_all()
    queue.present().record([finish(again)])
    assert [number for number, _ in attempts()] == [1, 2]
    assert states() == ["succeeded"]


def test_a_delivery_whose_lease_has_run_out_can_be_resent(webhook: Webhook) -> None:
    add_due(webhook)
    claim_all()
    delivery = Delivery.objects.get()
    with pytest.raises(ValidationError, match="on its way"):
        replay.resend(delivery)
    let_time_pass(LEASE + 1)
    replay.resend(Delivery.objects.get())
    (again,) = claim_all()
    assert again.number == 2
    queue.present().record([finish(again)])
    assert [number for number, _ in attempts()] == [1, 2]


def test_resent_while_frozen_a_late_worker_does_not_end_it(webhook: Webhook) -> None:
    add_due(webhook)
    (frozen,) = claim_all()
    let_time_pass(LEASE + 1)
    replay.resend(Delivery.objects.get())
    queue.present().record([finish(frozen, "failed")])
    assert states() == ["pending"]
    (again,) = claim_all()
    queue.present().record([finish(again)])
    assert states() == ["succeeded"]


@COMMITTED
def test_several_workers_take_over_what_one_lost_without_doubling(webhook: Webhook) -> None:
    ids = add_due(webhook, 120)
    claim_all()
    let_time_pass(LEASE + 1)

    def work() -> list[int]:
        mine = []
        while claimed := claim_all(limit=10):
            mine += [c.delivery_id for c in claimed]
        return mine

    each = side_by_side(work, work, work)
    assert sorted(id for mine in each for id in mine) == ids
    assert Attempt.objects.filter(number=1, error_kind="interrupted").count() == 120


def test_a_lease_outlasts_the_longest_attempt() -> None:
    assert timedelta(seconds=LEASE) >= 2 * timedelta(seconds=10)
