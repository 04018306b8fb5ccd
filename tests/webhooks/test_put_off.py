"""What waits for an earlier delivery of its conversation is out of the way until its turn."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from chatbots.models import Chatbot
from tests.receiver import Receiver
from tests.webhooks.due import (
    add_due,
    add_webhook,
    claim_all,
    claim_of,
    due_webhooks,
    finish,
    in_seconds,
    let_time_pass,
    put_off,
    side_by_side,
    states,
    wait_until,
)
from tests.webhooks.ordered import add_events, ordered_webhook, places
from webhooks import queue, replay
from webhooks.engine import Engine
from webhooks.models import Delivery
from webhooks.queue import Claimed, Finished

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def in_the_sandbox(settings: Any) -> None:
    settings.SANDBOX = True


def test_what_waits_is_out_of_the_way_until_its_turn(chatbot: Chatbot) -> None:
    webhook = ordered_webhook(chatbot)
    add_events(chatbot, "a", "a", "a", "b")
    assert due_webhooks() == [webhook.pk]
    taken = claim_of(webhook, 10)
    first, other = sorted(taken.claimed, key=lambda one: one.delivery_id)
    assert taken.put_off == [webhook.pk] * 2
    assert due_webhooks() == []
    queue.present().record([finish(other)])
    assert due_webhooks() == []
    queue.present().record([finish(first, "pending", delay_seconds=60)])
    assert due_webhooks() == []
    let_time_pass(61)
    (again,) = claim_all()
    queue.present().record([finish(again)])
    assert places(claim_all()) == [1]
    assert due_webhooks() == []  # The third waits for the second.


def test_one_that_is_given_up_lets_the_next_go_that_was_put_off(chatbot: Chatbot) -> None:
    webhook = ordered_webhook(chatbot)
    add_events(chatbot, "a", "a")
    (first,) = claim_all()
    put_off(webhook)

    queue.present().record([finish(first, "failed")])

    assert places(claim_all()) == [1]


def test_one_that_waits_for_its_own_retry_goes_on_waiting(chatbot: Chatbot) -> None:
    ordered_webhook(chatbot)
    add_events(chatbot, "a", "a")
    (first,) = claim_all()
    queue.present().record([finish(first)])
    (second,) = claim_all()
    queue.present().record([finish(second, "pending", delay_seconds=60)])
    replay.resend(Delivery.objects.get(pk=first.delivery_id))
    (again,) = claim_all()

    queue.present().record([finish(again)])

    assert due_webhooks() == []
    let_time_pass(61)
    assert places(claim_all()) == [1]


def test_what_nobody_keeps_in_order_is_never_put_off(chatbot: Chatbot) -> None:
    webhook = add_webhook(chatbot)
    add_events(chatbot, "a", "a")
    taken = claim_of(webhook, 10)
    assert (len(taken.claimed), taken.put_off) == (2, [])


@contextlib.contextmanager
def uncommitted(work: Callable[[], object]) -> Iterator[None]:
    """Another worker that has done this, and whose COMMIT comes when the block ends."""
    done, may_commit = threading.Event(), threading.Event()

    def run() -> None:
        try:
            with transaction.atomic():
                work()
                done.set()
                assert may_commit.wait(10)
        finally:
            done.set()
            connection.close()

    with ThreadPoolExecutor(1) as beside:
        future = beside.submit(run)
        try:
            assert done.wait(10)
            yield
        finally:
            may_commit.set()
            future.result(10)


def record_beside(beside: ThreadPoolExecutor, first: Claimed, what: str) -> Future[None]:
    """Another worker that records `first`, and has to wait for `what` with it."""

    def record() -> None:
        try:
            left: Sequence[Finished] = [finish(first)]
            while left:
                left = queue.present().record(left).left
        finally:
            connection.close()

    recording = beside.submit(record)
    wait_until(is_somebody_waiting, what)
    assert not recording.done()
    return recording


def is_somebody_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def test_what_another_worker_is_letting_go_at_this_moment_is_not_put_off(
    on_postgresql: None, chatbot: Chatbot
) -> None:
    webhook = ordered_webhook(chatbot)
    add_events(chatbot, "a", "a")
    (first,) = claim_all()
    with uncommitted(lambda: queue.present().record([finish(first)])):
        assert put_off(webhook) == 0
    assert places(claim_all()) == [1]


def test_what_comes_while_the_one_before_it_is_being_recorded_is_not_put_off(
    on_postgresql: None, chatbot: Chatbot
) -> None:
    webhook = ordered_webhook(chatbot)
    add_events(chatbot, "a")
    (first,) = claim_all()
    with uncommitted(lambda: queue.present().record([finish(first)])):
        add_events(chatbot, "a")
        assert claim_all() == []  # The first is not over yet.
        assert put_off(webhook) == 0
    let_time_pass(1)  # It is out of the way for a moment.
    assert places(claim_all()) == [1]


def test_what_is_being_put_off_is_due_when_the_one_before_it_is_recorded(
    on_postgresql: None, chatbot: Chatbot
) -> None:
    webhook = ordered_webhook(chatbot)
    add_events(chatbot, "a", "a")
    (first,) = claim_of(webhook, 1).claimed
    with ThreadPoolExecutor(1) as beside:
        with uncommitted(lambda: put_off(webhook)):
            recording = record_beside(beside, first, "the recording to wait for who puts off")
        recording.result(10)
    assert places(claim_all()) == [1]


def test_a_recording_is_left_for_later_by_who_changes_what_comes_next(
    on_postgresql: None, chatbot: Chatbot
) -> None:
    webhook = ordered_webhook(chatbot)
    add_events(chatbot, "a", "a")
    (first,) = claim_all()
    ended = finish(first)
    assert put_off(webhook) in (0, 1)
    with uncommitted(lambda: list(Delivery.objects.select_for_update().order_by("-pk")[:1])):
        assert queue.present().record([ended]).left == [ended]
        assert states() == ["pending"] * 2
    assert queue.present().record([ended], were_held=True) == ([], {webhook.pk: chatbot.account.pk})
    assert places(claim_all()) == [1]


def test_two_of_a_conversation_that_are_over_at_once_let_the_next_go(
    on_postgresql: None, chatbot: Chatbot
) -> None:
    webhook = ordered_webhook(chatbot)
    add_events(chatbot, "a", "a", "a")
    (first,) = claim_all()
    queue.present().record([finish(first, "failed")])
    (second,) = claim_all()
    replay.resend(Delivery.objects.get(pk=first.delivery_id))
    (again,) = claim_all()
    put_off(webhook)
    with uncommitted(lambda: queue.present().record([finish(second)])):
        queue.present().record([finish(again)])
    assert places(claim_all()) == [2]


def test_a_retry_that_is_due_behind_one_that_is_sent_again_goes_on_after_it(
    chatbot: Chatbot,
) -> None:
    webhook = ordered_webhook(chatbot)
    add_events(chatbot, "a", "a")
    (first,) = claim_all()
    queue.present().record([finish(first, "failed")])
    (second,) = claim_all()
    queue.present().record([finish(second, "pending", delay_seconds=5)])
    replay.resend(Delivery.objects.get(pk=first.delivery_id))
    let_time_pass(6)
    (again,) = claim_all()
    put_off(webhook)
    queue.present().record([finish(again)])
    assert places(claim_all()) == [1]


def test_one_whose_worker_was_lost_goes_on_after_one_that_is_sent_again(chatbot: Chatbot) -> None:
    webhook = ordered_webhook(chatbot)
    add_events(chatbot, "a", "a")
    (first,) = claim_all()
    queue.present().record([finish(first, "failed")])
    claim_all()
    let_time_pass(31)
    replay.resend(Delivery.objects.get(pk=first.delivery_id))
    (again,) = claim_all()
    put_off(webhook)
    queue.present().record([finish(again)])
    assert places(claim_all()) == [1]


def test_behind_one_that_is_retried_much_later_all_wait_as_long(chatbot: Chatbot) -> None:
    webhook = ordered_webhook(chatbot)
    add_events(chatbot, "a", "a", "b", "b")
    first, other = sorted(
        [*claim_of(webhook, 1).claimed, *claim_of(webhook, 2).claimed],
        key=lambda one: one.delivery_id,
    )
    queue.present().record([finish(first, "pending", delay_seconds=7200)])
    Delivery.objects.filter(wait="turn").update(wait="")
    assert put_off(webhook) == 2
    _, behind, _, behind_other = Delivery.objects.order_by("id")
    assert 7190 < in_seconds(behind.due_at) <= 7200
    assert 290 < in_seconds(behind_other.due_at) <= queue.BLOCKED_SECONDS
    queue.present().record([finish(other)])
    assert places(claim_all()) == [3]


def test_a_claim_looks_at_no_more_than_its_room_and_a_run_finds_what_lies_behind(
    running: Engine, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    webhook = ordered_webhook(chatbot, live_receiver.url("/ordered"))
    waiting = add_due(webhook, conversation="a", due_at=timezone.now() + timedelta(hours=5))
    waiting += add_due(webhook, 2000, conversation="a", seconds_ago=60)
    behind = add_due(webhook, conversation="b", seconds_ago=30)
    plain = add_due(add_webhook(chatbot, live_receiver.url("/plain")), 3)
    assert claim_of(webhook, 20, 20).claimed == []

    running.run()

    assert states(behind + plain) == ["succeeded"] * 4
    assert states(waiting) == ["pending"] * 2001
    assert due_webhooks() == []


def test_workers_that_put_off_and_record_at_once_hold_nobody_up(chatbot: Chatbot) -> None:
    webhook = ordered_webhook(chatbot)
    add_events(chatbot, *[f"chat{number % 10}" for number in range(200)])
    present = queue.present()

    def work() -> None:
        # What was put off and then forgotten would be due only much later.
        idle_since = time.monotonic()
        while time.monotonic() - idle_since < 0.5:
            present.ripen(None)
            claimed = claim_of(webhook, 8, 8).claimed
            present.record([finish(one) for one in claimed])
            if claimed:
                idle_since = time.monotonic()

    side_by_side(*[work] * 3)
    assert webhook.deliveries.filter(status="succeeded").count() == 200
