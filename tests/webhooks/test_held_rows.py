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
    let_time_pass,
    ripen,
    states,
    wait_until,
)
from webhooks import queue, recovery, settling, subscriptions, upkeep
from webhooks.engine import Engine
from webhooks.models import Attempt, Delivery, Webhook
from webhooks.queue import Offer, Success

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("on_postgresql")]

THE_WEBHOOK: LiteralString = "UPDATE webhooks_webhook SET description = 'x' WHERE id = %s"
ITS_DELIVERIES: LiteralString = (
    "UPDATE webhooks_delivery SET attempts = attempts WHERE webhook_id = %s"
)
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
