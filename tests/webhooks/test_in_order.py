"""Webhooks that want each conversation in order: nothing of one overtakes, nothing else waits."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chatbots.models import Chatbot
from tests.receiver import Receiver
from tests.webhooks.due import (
    add_webhook,
    claim_all,
    finish,
    let_time_pass,
    side_by_side,
)
from tests.webhooks.ordered import add_events, ordered_webhook, places
from webhooks import delivery_words, in_order, presence, queue, waiting
from webhooks.api import shapes
from webhooks.engine import Engine
from webhooks.models import Delivery

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def in_the_sandbox(settings: Any) -> None:
    settings.SANDBOX = True


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


def test_people_are_told_what_a_delivery_waits_for(chatbot: Chatbot) -> None:
    webhook = ordered_webhook(chatbot)
    add_events(chatbot, "a", "a", "b")
    front, behind, other = webhook.deliveries.order_by("id")
    assert in_order.waits_for([front, behind, other]) == {behind.pk: front.pk}
    presence.report("a worker")
    stands = delivery_words.standing(behind, None, waiting.of(behind))
    assert stands.title == "Waiting for the one before it"
    assert f"Delivery {front.pk}" in stands.sentence
    shown = [one["waitingFor"] for one in shapes.deliveries([front, behind, other])]
    assert shown == ["turn", "conversation", "turn"]
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
