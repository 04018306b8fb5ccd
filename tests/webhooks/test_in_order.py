"""Webhooks that want each conversation in order: nothing of one overtakes, nothing else waits."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from chatbots import events
from chatbots.models import Chatbot, Event, EventSource
from tests.receiver import Receiver
from tests.webhooks.due import (
    EVENT,
    add_due,
    add_webhook,
    claim_all,
    due_lanes,
    finish,
    in_seconds,
    let_time_pass,
    side_by_side,
    states,
    wait_until,
)
from webhooks import delivery_words, in_order, outbox, queue, replay
from webhooks.api import shapes
from webhooks.engine import Engine
from webhooks.models import Delivery, Webhook

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def in_the_sandbox(settings: Any) -> None:
    settings.SANDBOX = True


@pytest.fixture
def running() -> Iterator[Engine]:
    made = Engine()
    yield made
    if made._transport is not None:
        made._transport.close()


def add_events(chatbot: Chatbot, *chatlogs: str) -> list[Event]:
    """Events of these conversations, in one batch, with their deliveries."""
    made = [
        events.build(
            chatbot,
            EVENT,
            events.lay_over(EVENT, chatbot, {"chatlogId": chatlog, "place": place}),
            source=EventSource.API,
        )
        for place, chatlog in enumerate(chatlogs)
    ]
    Event.objects.bulk_create(made)
    outbox.fan_out(made)
    return made


def ordered_webhook(chatbot: Chatbot, url: str = "https://hooks.example.com/") -> Webhook:
    return add_webhook(chatbot, url, ordered=True)


def places(claimed: list[queue.Claimed]) -> list[int]:
    order = list(Delivery.objects.order_by("id").values_list("pk", flat=True))
    return sorted(order.index(one.delivery_id) for one in claimed)


def test_one_of_each_conversation_is_sent_at_a_time(chatbot: Chatbot) -> None:
    ordered_webhook(chatbot)
    add_events(chatbot, "a", "a", "b", "a", "b")

    first = claim_all()

    assert places(first) == [0, 2]
    assert claim_all() == []
    queue.present().record([finish(first[0]), finish(first[1])])
    assert places(claim_all()) == [1, 4]


def test_deliveries_are_made_in_the_order_of_a_batch(chatbot: Chatbot) -> None:
    ordered_webhook(chatbot)

    made = add_events(chatbot, *["a"] * 50)

    sent = list(Delivery.objects.order_by("id").values_list("event_id", flat=True))
    assert sent == [event.pk for event in made]


def test_a_failed_one_holds_back_only_its_own_conversation(chatbot: Chatbot) -> None:
    ordered_webhook(chatbot)
    add_events(chatbot, "a", "a", "b", "b")
    claimed = sorted(claim_all(), key=lambda one: one.delivery_id)

    queue.present().record([finish(claimed[0], "pending", delay_seconds=60), finish(claimed[1])])

    assert places(claim_all()) == [3]
    let_time_pass(61)
    # Its retry, and the other's, whose lease has run out by now; the one behind it still waits.
    assert places(claim_all()) == [0, 3]


def test_one_that_is_given_up_lets_the_next_go(chatbot: Chatbot) -> None:
    ordered_webhook(chatbot)
    add_events(chatbot, "a", "a")
    (first,) = claim_all()

    queue.present().record([finish(first, "failed")])

    assert places(claim_all()) == [1]


def test_without_the_wish_nothing_waits(chatbot: Chatbot) -> None:
    add_webhook(chatbot)
    add_events(chatbot, "a", "a", "a")

    assert len(claim_all()) == 3


def test_events_without_a_conversation_do_not_wait_for_each_other(chatbot: Chatbot) -> None:
    ordered_webhook(chatbot)
    add_events(chatbot, "", "", "")

    assert len(claim_all()) == 3


def test_what_waits_is_out_of_the_way_until_its_turn(chatbot: Chatbot) -> None:
    webhook = ordered_webhook(chatbot)
    add_events(chatbot, "a", "a", "a", "b")
    first, other = sorted(claim_all(), key=lambda one: one.delivery_id)
    assert due_lanes() == [webhook.lane]

    assert queue.present().put_off([webhook.lane]) == 2
    assert due_lanes() == []
    queue.present().record([finish(other)])
    assert due_lanes() == []
    queue.present().record([finish(first, "pending", delay_seconds=60)])
    assert due_lanes() == []
    let_time_pass(61)
    (again,) = claim_all()
    queue.present().record([finish(again)])
    assert places(claim_all()) == [1]
    assert due_lanes() == []  # The third waits for the second.


def test_one_that_is_given_up_lets_the_next_go_that_was_put_off(chatbot: Chatbot) -> None:
    webhook = ordered_webhook(chatbot)
    add_events(chatbot, "a", "a")
    (first,) = claim_all()
    queue.present().put_off([webhook.lane])

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

    assert due_lanes() == []
    let_time_pass(61)
    assert places(claim_all()) == [1]


def test_what_nobody_keeps_in_order_is_never_put_off(chatbot: Chatbot) -> None:
    webhook = add_webhook(chatbot)
    add_events(chatbot, "a", "a")
    assert queue.present().put_off([webhook.lane]) == 0
    assert len(claim_all()) == 2


@pytest.fixture
def on_postgresql() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("holds on PostgreSQL; SQLite has one writer at a time")


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


def test_what_another_worker_is_letting_go_at_this_moment_is_not_put_off(
    on_postgresql: None, chatbot: Chatbot
) -> None:
    webhook = ordered_webhook(chatbot)
    add_events(chatbot, "a", "a")
    (first,) = claim_all()
    with uncommitted(lambda: queue.present().record([finish(first)])):
        assert queue.present().put_off([webhook.lane]) == 0
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
        assert queue.present().put_off([webhook.lane]) == 0
    assert places(claim_all()) == [1]


def test_what_is_being_put_off_is_due_when_the_one_before_it_is_recorded(
    on_postgresql: None, chatbot: Chatbot
) -> None:
    webhook = ordered_webhook(chatbot)
    add_events(chatbot, "a", "a")
    (first,) = claim_all()
    with ThreadPoolExecutor(1) as beside:

        def record() -> None:
            try:
                queue.present().record([finish(first)])
            finally:
                connection.close()

        with uncommitted(lambda: queue.present().put_off([webhook.lane])):
            recording = beside.submit(record)
            wait_until(is_somebody_waiting, "the recording to wait for the one who puts off")
        recording.result(10)
    assert places(claim_all()) == [1]


def is_somebody_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def test_a_recording_waits_for_who_changes_the_webhook_before_it_locks_deliveries(
    on_postgresql: None, chatbot: Chatbot
) -> None:
    """Each would otherwise wait for deliveries that the other has locked."""
    webhook = ordered_webhook(chatbot)
    add_events(chatbot, "a", "a")
    (first,) = claim_all()

    def record() -> None:
        try:
            queue.present().record([finish(first)])
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as beside:
        with transaction.atomic():
            Webhook.objects.select_for_update().get(pk=webhook.pk)
            recording = beside.submit(record)
            wait_until(is_somebody_waiting, "the recording to wait for the webhook")
            assert len(Delivery.objects.select_for_update(nowait=True)) == 2
        recording.result(10)
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
    queue.present().put_off([webhook.lane])
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
    queue.present().put_off([webhook.lane])
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
    queue.present().put_off([webhook.lane])
    queue.present().record([finish(again)])
    assert places(claim_all()) == [1]


def test_behind_one_that_is_retried_much_later_all_wait_as_long(chatbot: Chatbot) -> None:
    webhook = ordered_webhook(chatbot)
    add_events(chatbot, "a", "a", "b", "b")
    (first, other) = sorted(claim_all(), key=lambda one: one.delivery_id)
    queue.present().record([finish(first, "pending", delay_seconds=7200)])
    assert queue.present().put_off([webhook.lane]) == 2
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
    assert queue.present().claim([(webhook.lane, 20)], 20).claimed == []

    running.run()

    assert states(behind + plain) == ["succeeded"] * 4
    assert states(waiting) == ["pending"] * 2001
    assert due_lanes() == []


def test_workers_that_put_off_and_record_at_once_hold_nobody_up(chatbot: Chatbot) -> None:
    webhook = ordered_webhook(chatbot)
    add_events(chatbot, *[f"chat{number % 10}" for number in range(200)])
    present = queue.present()

    def work() -> None:
        # What was put off and then forgotten would be due only much later.
        idle_since = time.monotonic()
        while time.monotonic() - idle_since < 0.5:
            present.put_off([webhook.lane])
            claimed = present.claim([(webhook.lane, 8)], 8).claimed
            present.record([finish(one) for one in claimed])
            if claimed:
                idle_since = time.monotonic()

    side_by_side(*[work] * 3)
    assert webhook.deliveries.filter(status="succeeded").count() == 200


def test_people_are_told_what_a_delivery_waits_for(chatbot: Chatbot) -> None:
    webhook = ordered_webhook(chatbot)
    add_events(chatbot, "a", "a", "b")
    front, behind, other = webhook.deliveries.order_by("id")
    assert in_order.waits_for([front, behind, other]) == {behind.pk: front.pk}
    stands = delivery_words.standing(behind, None, timezone.now())
    assert stands.title == "Waiting for the one before it"
    assert f"Delivery {front.pk}" in stands.sentence
    shown = {one["id"]: one["nextAttemptAt"] for one in shapes.deliveries([front, behind, other])}
    assert shown[str(behind.pk)] is None
    assert shown[str(front.pk)]
    assert shown[str(other.pk)]
    assert shapes.delivery(behind)["nextAttemptAt"] is None


def test_they_arrive_in_order_past_a_failure(
    running: Engine, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    live_receiver.answer("/hook", status=500)
    live_receiver.answer("/hook", status=200, then=True)
    webhook = add_webhook(chatbot, live_receiver.url("/hook"), ordered=True, retry_schedule="quick")
    add_events(chatbot, *["a"] * 12)

    running.run()  # The first fails; the others wait behind it.
    assert len(live_receiver.requests) == 1
    let_time_pass(5)
    running.run()

    arrived = [json.loads(request.body)["data"]["place"] for request in live_receiver.requests]
    assert arrived == [0, *range(12)]
    assert webhook.deliveries.filter(status="succeeded").count() == 12


def test_two_workers_and_many_failures_keep_each_conversation_in_order(
    chatbot: Chatbot, live_receiver: Receiver
) -> None:
    for turn in range(24):
        status = 500 if turn % 3 == 1 else 200
        live_receiver.answer("/hook", status, then=turn > 0, delay_seconds=0.01 * (turn % 4))
    webhook = add_webhook(chatbot, live_receiver.url("/hook"), ordered=True)
    chatlogs = [f"chat{number % 8}" for number in range(40)]
    add_events(chatbot, *chatlogs)
    engines = [Engine(), Engine()]
    try:
        for _ in range(20):
            side_by_side(*[engine.run for engine in engines])
            if not webhook.deliveries.filter(status="pending").exists():
                break
            let_time_pass(100_000)
    finally:
        for engine in engines:
            if engine._transport is not None:
                engine._transport.close()
    assert webhook.deliveries.filter(status="succeeded").count() == 40
    assert len(live_receiver.requests) >= 40 + 8
    arrived: dict[str, list[int]] = {}
    for request in live_receiver.requests:
        data = json.loads(request.body)["data"]
        arrived.setdefault(data["chatlogId"], []).append(data["place"])
    for chatlog, order in arrived.items():
        # Repeated where it failed; never before one that was first.
        assert order == sorted(order), chatlog
        assert sorted(set(order)) == [n for n, name in enumerate(chatlogs) if name == chatlog]
