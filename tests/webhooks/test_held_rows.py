"""Somebody holds a row and has forgotten it: all that does not need it goes on."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, LiteralString

import psycopg
import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from chatbots.models import Account, Chatbot, Plan
from tests.receiver import Receiver
from tests.webhooks.due import (
    add_due,
    add_webhook,
    claim_all,
    finish,
    in_seconds,
    let_time_pass,
    ripen,
    states,
    wait_until,
)
from tests.webhooks.ordered import add_events, ordered_webhook
from webhooks import (
    lookout,
    presence,
    queue,
    queue_postgresql,
    recovery,
    settling,
    subscriptions,
    upkeep,
)
from webhooks.engine import Engine
from webhooks.models import Attempt, Delivery, RecoveredDelivery, Recovery, Webhook, Worker
from webhooks.queue import Offer, Success

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("on_postgresql")]

THE_WEBHOOK: LiteralString = "UPDATE webhooks_webhook SET description = 'x' WHERE id = %s"
ITS_DELIVERIES: LiteralString = (
    "UPDATE webhooks_delivery SET attempts = attempts WHERE webhook_id = %s"
)
WHAT_WAITS_ITS_TURN: LiteralString = ITS_DELIVERIES + " AND wait = 'turn'"
THE_WORKERS: LiteralString = "UPDATE webhooks_worker SET seen_at = seen_at"
# Than the engine's statements wait for anything, twice.
SHORTER_THAN_ANY_WAIT = 8.0


@contextlib.contextmanager
def held(change: LiteralString, *values: Any) -> Iterator[None]:
    """A person has made `change` in psql, and went to lunch."""
    given = connection.settings_dict
    with psycopg.connect(
        host=given["HOST"], port=given["PORT"], user=given["USER"], dbname=given["NAME"]
    ) as psql:
        psql.execute(change, values)
        yield
        psql.rollback()


@pytest.fixture
def one(chatbot: Chatbot) -> Webhook:
    return add_webhook(chatbot, "https://one.example.com/")


@pytest.fixture
def other(chatbot: Chatbot) -> Webhook:
    return add_webhook(chatbot, "https://other.example.com/")


def offers_of(*webhooks: Webhook) -> list[Offer]:
    return [Offer(one.pk, one.account.pk, 100, 100, one.rate_limit is not None) for one in webhooks]


# ---------------------------------------------------------------- recording


@pytest.mark.parametrize("status", ["succeeded", "failed", "pending"])
def test_an_attempt_is_recorded_while_its_webhook_is_held(one: Webhook, status: str) -> None:
    add_due(one)
    (claimed,) = claim_all()
    with held(THE_WEBHOOK, one.pk):
        assert queue.present().record([finish(claimed, status)]).left == []
        assert states() == [status]
        assert Attempt.objects.count() == 1


def test_a_retry_that_was_recorded_while_its_webhook_was_held_follows_what_became_of_it(
    one: Webhook,
) -> None:
    add_due(one)
    (claimed,) = claim_all()
    subscriptions.disable(one, "x")
    with held(THE_WEBHOOK, one.pk):
        queue.present().record([finish(claimed, "pending")])
    assert claim_all() == []
    assert states() == ["held"]


def test_what_somebody_holds_is_recorded_later_and_the_others_now(
    one: Webhook, other: Webhook
) -> None:
    mine, theirs = add_due(one, 3), add_due(other, 3)
    ended = [finish(claimed) for claimed in claim_all()]
    with held(ITS_DELIVERIES, one.pk):
        left = queue.present().record(ended).left
        assert sorted(f.claimed.delivery_id for f in left) == mine
        assert states(theirs) == ["succeeded"] * 3
        assert queue.present().record(left, were_held=True).left == left
        assert Attempt.objects.count() == 3
    assert queue.present().record(left, were_held=True).left == []
    assert states() == ["succeeded"] * 6
    assert Attempt.objects.count() == 6


MANY = 40
# A try waits a tenth of a second before it goes round what is held.
SHORTER_THAN_A_WAIT_FOR_EACH = MANY * 0.1


def leases_left() -> list[float]:
    """How long the leases of what is in hand still run, in seconds."""
    rows = Delivery.objects.filter(wait="lease").values_list("lease_until", flat=True)
    return sorted(in_seconds(until) for until in rows)


def test_what_asks_a_webhook_that_is_held_to_wait_is_recorded_later(
    one: Webhook, other: Webhook
) -> None:
    mine, theirs = add_due(one, MANY), add_due(other, 3)
    ended = [finish(claimed, "pending", asked_seconds=60) for claimed in claim_all()]
    let_time_pass(20)
    with held(THE_WEBHOOK, one.pk):
        began = time.monotonic()
        left = queue.present().record(ended).left
        assert time.monotonic() - began < SHORTER_THAN_A_WAIT_FOR_EACH
        assert sorted(f.claimed.delivery_id for f in left) == mine
        assert Attempt.objects.filter(delivery__in=theirs).count() == 3
        # Nobody takes it for lost meanwhile.
        assert leases_left()[0] > 25
    assert queue.present().record(left, were_held=True).left == []
    assert Attempt.objects.count() == MANY + 3
    assert Webhook.objects.filter(asked_to_wait_until=None).count() == 0


def test_what_goes_before_a_delivery_that_is_held_is_recorded_later(
    chatbot: Chatbot, other: Webhook
) -> None:
    one = ordered_webhook(chatbot)
    chats = [f"chat-{number}" for number in range(MANY)]
    add_events(chatbot, *chats, *chats)
    claimed = [c for c in claim_all() if c.webhook_id == one.pk]
    ended = [finish(each) for each in claimed]
    assert len(ended) == MANY
    let_time_pass(20)
    with held(WHAT_WAITS_ITS_TURN, one.pk):
        began = time.monotonic()
        assert len(queue.present().record(ended).left) == MANY
        assert time.monotonic() - began < SHORTER_THAN_A_WAIT_FOR_EACH
        assert leases_left()[0] > 5
    assert queue.present().record(ended, were_held=True).left == []
    assert {c.webhook_id for c in claim_all()} == {one.pk}
    assert Delivery.objects.filter(webhook=one, wait="turn").count() == 0


def test_what_is_no_more_is_not_taken_for_held(one: Webhook) -> None:
    add_due(one)
    (claimed,) = claim_all()
    Delivery.objects.all().delete()
    assert queue.present().record([finish(claimed)], were_held=True).left == []


def test_a_success_is_told_later_of_a_webhook_that_is_held(one: Webhook, other: Webhook) -> None:
    told = [Success(one.pk, 0, 0), Success(other.pk, 0, 0)]
    with held(THE_WEBHOOK, one.pk):
        assert set(queue.present().tell(told)) == {one.pk}
    assert set(queue.present().tell(told)) == set()
    assert not Webhook.objects.filter(last_success_at=None).exists()


# ---------------------------------------------------------------- claiming


def test_a_rate_limit_that_is_held_stops_no_other_webhook(chatbot: Chatbot, other: Webhook) -> None:
    limited = add_webhook(chatbot, "https://limited.example.com/", rate_limit=10)
    add_due(limited, 2)
    add_due(other, 2)
    rooms = offers_of(limited, other)
    with held(THE_WEBHOOK, limited.pk):
        claimed = queue.present().claim(rooms, 100).claimed
        assert [claim.webhook_id for claim in claimed] == [other.pk] * 2
    assert len(queue.present().claim(rooms, 100).claimed) == 1


def test_what_must_not_be_sent_is_put_aside_later_where_its_webhook_is_held(
    one: Webhook, other: Webhook
) -> None:
    add_due(one, 2)
    add_due(other, 2)
    Webhook.objects.filter(pk=one.pk).update(status="disabled")
    with held(THE_WEBHOOK, one.pk):
        claimed = queue.present().claim(offers_of(one, other), 100).claimed
        assert [claim.webhook_id for claim in claimed] == [other.pk] * 2
        # Not again and again.
        assert queue.present().claim(offers_of(one, other), 100) == queue.Taken([], [], [], {})
    let_time_pass(1)
    assert ripen() == 2
    assert queue.present().claim(offers_of(one), 100).claimed == []
    assert set(
        Delivery.objects.filter(webhook=one).values_list("status", "attempts", "lease_until")
    ) == {("held", 0, None)}


def test_what_another_worker_has_claimed_meanwhile_is_not_put_aside(
    one: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_due(one)
    Webhook.objects.filter(pk=one.pk).update(status="disabled")
    held_up = queue_postgresql._held_up

    def after_a_long_while(*given: Any) -> set[int]:
        # This worker stood still, its lease ran out, the webhook was enabled for a moment.
        Delivery.objects.update(attempts=2)
        return held_up(*given)

    monkeypatch.setattr(queue_postgresql, "_held_up", after_a_long_while)
    assert queue.present().claim(offers_of(one), 100).claimed == []
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.attempts) == ("pending", 2)
    assert delivery.lease_until is not None


# ---------------------------------------------------------------- what is done for all


def test_changes_of_other_webhooks_are_followed_while_one_is_held(
    one: Webhook, other: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "BATCH", 1)
    mine, theirs = add_due(one, 3), add_due(other, 3)
    subscriptions.disable(one, "x")
    subscriptions.disable(other, "x")
    with held(THE_WEBHOOK, one.pk):
        settling.go_on(60)
        assert states(theirs) == ["held"] * 3
    settling.go_on(60)
    assert states(mine) == ["held"] * 3


def test_a_delivery_that_is_held_follows_its_webhook_later(one: Webhook) -> None:
    first, second = add_due(one, 2)
    with held("SELECT id FROM webhooks_delivery WHERE id = %s FOR UPDATE", first):
        subscriptions.delete(one)
        settling.go_on(60)
        assert states([first, second]) == ["pending", "cancelled"]
    settling.go_on(60)
    assert states([first, second]) == ["cancelled"] * 2


def test_a_plan_that_is_lowered_holds_what_waits_webhook_by_webhook(
    account: Account, one: Webhook, other: Webhook
) -> None:
    mine, theirs = add_due(one, 3), add_due(other, 3)
    account.plan = Plan.LITE
    with held(THE_WEBHOOK, one.pk):
        account.save()
        upkeep.go_on()
        assert states(theirs) == ["held"] * 3
    upkeep.go_on()
    assert states(mine) == ["held"] * 3


def test_recoveries_of_other_webhooks_go_on_while_one_is_held(
    one: Webhook, other: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "BATCH", 1)
    day = timezone.now() - timedelta(days=1)
    for webhook in (one, other):
        add_due(webhook, 2, status="failed", finished_at=timezone.now())
        recovery.start(webhook, day)
    with held(THE_WEBHOOK, one.pk):
        recovery.go_on(60)
        waiting = Delivery.objects.filter(status="pending")
        assert list(waiting.order_by("pk").values_list("webhook", flat=True)) == [
            one.pk,
            other.pk,
            other.pk,
        ]


def test_recoveries_go_on_past_a_delivery_that_is_held(one: Webhook, other: Webhook) -> None:
    day = timezone.now() - timedelta(days=1)
    mine, theirs = (
        add_due(webhook, 3, status="failed", finished_at=timezone.now()) for webhook in (one, other)
    )
    for webhook in (one, other):
        Recovery.objects.create(
            webhook=webhook, since=day, until=timezone.now(), total=3, created_at=timezone.now()
        )
    with held("SELECT id FROM webhooks_delivery WHERE id = %s FOR UPDATE", mine[1]):
        began = time.monotonic()
        recovery.go_on(60)
        assert time.monotonic() - began < SHORTER_THAN_ANY_WAIT
        assert states(mine) == ["pending", "failed", "pending"]
        assert states(theirs) == ["pending"] * 3
    recovery.go_on(60)
    assert states(mine) == ["pending"] * 3
    assert [row.requeued for row in Recovery.objects.all()] == [3, 3]
    assert RecoveredDelivery.objects.count() == 6
    assert not Recovery.objects.filter(finished_at=None).exists()


def test_what_another_delivery_goes_before_is_settled_later_where_that_is_held(
    chatbot: Chatbot, other: Webhook
) -> None:
    one = ordered_webhook(chatbot)
    add_events(chatbot, "held", "free", "held", "free")
    rows = Delivery.objects.filter(webhook=one).order_by("pk")
    in_front = [row.pk for row in rows[:2]]
    Delivery.objects.filter(pk__in=[row.pk for row in rows[2:]]).update(wait="turn")
    with held("SELECT id FROM webhooks_delivery WHERE id = %s FOR UPDATE", rows[2].pk):
        began = time.monotonic()
        subscriptions.disable(one, "x")
        subscriptions.disable(other, "x")
        settling.go_on(60)
        assert time.monotonic() - began < SHORTER_THAN_ANY_WAIT
        assert states(in_front) == ["pending", "held"]
        assert set(states([row.pk for row in other.deliveries.all()])) == {"held"}
    settling.go_on(60)
    assert states(in_front) == ["held"] * 2


def test_others_are_disabled_for_silence_while_one_is_held(one: Webhook, other: Webhook) -> None:
    long_ago = timezone.now() - timedelta(days=6)
    for webhook in (one, other):
        add_due(webhook, status="failed", finished_at=timezone.now(), failures=1)
    Webhook.objects.update(failing_since=long_ago, last_failure_at=timezone.now())
    with held(THE_WEBHOOK, one.pk):
        upkeep.disable_long_failing()
        assert Webhook.objects.get(pk=one.pk).status == "active"
    assert Webhook.objects.get(pk=other.pk).status == "disabled"


# ---------------------------------------------------------------- the engine


def served(chatbot: Chatbot, receiver: Receiver, *paths: str) -> Sequence[Webhook]:
    return [add_webhook(chatbot, receiver.url(path)) for path in paths]


@pytest.fixture
def in_the_sandbox(settings: Settings) -> None:
    settings.SANDBOX = True


@contextlib.contextmanager
def at_work(engine: Engine) -> Iterator[None]:
    """The engine runs in a thread of its own; it ends by itself once nothing is left."""

    def run() -> None:
        try:
            engine.run()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as beside:
        ends = beside.submit(run)
        try:
            yield
            ends.result(20)
        finally:
            engine.stop()


@pytest.mark.parametrize("status", [200, 500, 410])
def test_others_are_delivered_at_full_speed_while_a_webhook_is_held(
    in_the_sandbox: None,
    running: Engine,
    chatbot: Chatbot,
    live_receiver: Receiver,
    status: int,
) -> None:
    one, other = served(chatbot, live_receiver, "/one", "/other")
    live_receiver.answer("/one", status)
    add_due(one, 20)
    ids = add_due(other, 200)
    with at_work(running):
        with held(THE_WEBHOOK, one.pk):
            began = time.monotonic()
            wait_until(lambda: states(ids) == ["succeeded"] * 200, "the others", 20)
            assert time.monotonic() - began < SHORTER_THAN_ANY_WAIT
        if status == 410:
            wait_until(lambda: Webhook.objects.get(pk=one.pk).status == "disabled", "it is gone")
    # None of it was sent again because of that.
    assert Delivery.objects.filter(webhook=one, attempts=1).count() == 20


@pytest.mark.parametrize("status", [429, 503])
def test_others_are_delivered_while_a_webhook_is_held_that_is_asked_to_wait(
    in_the_sandbox: None,
    running: Engine,
    chatbot: Chatbot,
    live_receiver: Receiver,
    status: int,
) -> None:
    one, other = served(chatbot, live_receiver, "/one", "/other")
    live_receiver.answer("/one", status, headers={"Retry-After": "60"})
    add_due(one, 100)
    with at_work(running):
        with held(THE_WEBHOOK, one.pk):
            wait_until(lambda: len(live_receiver.requests) >= 100, "all of the one's", 20)
            began = time.monotonic()
            ids = add_due(other, 200)
            wait_until(lambda: states(ids) == ["succeeded"] * 200, "the others", 20)
            assert time.monotonic() - began < SHORTER_THAN_ANY_WAIT
        wait_until(lambda: Webhook.objects.get(pk=one.pk).asked_to_wait_until, "it is asked", 20)
    assert Delivery.objects.filter(webhook=one, attempts=1).count() == 100


def test_what_was_answered_410_stays_in_hand_while_its_webhook_is_held(
    in_the_sandbox: None, running: Engine, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    (one,) = served(chatbot, live_receiver, "/one")
    live_receiver.answer("/one", 410)
    add_due(one, 3)
    with at_work(running):
        with held(THE_WEBHOOK, one.pk):
            wait_until(lambda: len(live_receiver.requests) >= 3, "all of the one's", 20)
            let_time_pass(20)
            wait_until(lambda: leases_left()[0] > 25, "its lease is renewed")
        wait_until(lambda: states() == ["held"] * 3, "it is gone")


def test_what_was_held_when_its_worker_was_lost_is_sent_once_it_is_not(
    in_the_sandbox: None,
    running: Engine,
    chatbot: Chatbot,
    live_receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lookout, "ALL_LOST_SECONDS", 2.0)
    monkeypatch.setattr(lookout, "LATE_SECONDS", 0.0)
    (one,) = served(chatbot, live_receiver, "/one")
    add_due(one, lease_until=timezone.now() - timedelta(seconds=1), attempts=1)
    with held(ITS_DELIVERIES, one.pk):
        running.run()
        assert running._lookout.lost_after is not None
    assert states() == ["pending"]

    def has_arrived() -> bool:
        running.run()
        return states() == ["succeeded"]

    wait_until(has_arrived, "it is found")


def test_deliveries_go_on_while_the_rows_of_the_workers_are_held(
    in_the_sandbox: None, running: Engine, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    (one,) = served(chatbot, live_receiver, "/one")
    add_due(one)
    with at_work(running):
        wait_until(lambda: states() == ["succeeded"], "its row is there")
        Worker.objects.update(seen_at=timezone.now() - timedelta(minutes=5))
        running._reported_at -= 60
        with held(THE_WORKERS):
            began = time.monotonic()
            ids = add_due(one, 20)
            wait_until(lambda: states(ids) == ["succeeded"] * 20, "the others", 20)
            assert time.monotonic() - began < presence.REPORT_SECONDS


def test_others_are_delivered_at_full_speed_while_deliveries_in_flight_are_held(
    in_the_sandbox: None, running: Engine, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    one, other = served(chatbot, live_receiver, "/one", "/other")
    live_receiver.answer("/one", 200, delay_seconds=3)
    mine = add_due(one, 4)
    with at_work(running):
        wait_until(lambda: len(live_receiver.requests) >= 4, "four in flight")
        with held(ITS_DELIVERIES, one.pk):
            ids = add_due(other, 200)
            wait_until(lambda: states(ids) == ["succeeded"] * 200, "the others", 20)
            assert states(mine) == ["pending"] * 4
    assert states(mine) == ["succeeded"] * 4
    assert Attempt.objects.filter(delivery__in=mine).count() == 4
