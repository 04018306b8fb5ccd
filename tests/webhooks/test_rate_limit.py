"""A webhook with a rate limit keeps to it over all workers, and holds up nobody else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db.models.functions import Now

from chatbots.models import Chatbot
from tests.receiver import Receiver
from tests.webhooks.due import (
    add_due,
    add_webhook,
    claim_all,
    due_webhooks,
    finish,
    let_time_pass,
    look,
    side_by_side,
    states,
)
from webhooks import breaker, engine, queue, subscriptions
from webhooks.engine import Engine
from webhooks.models import Delivery, Endpoint, Webhook
from webhooks.queue import Offer

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def in_the_sandbox(settings: pytest.FixtureRequest) -> None:
    settings.SANDBOX = True  # type: ignore[attr-defined]


@pytest.fixture
def engines() -> Iterator[list[Engine]]:
    """Two workers."""
    both = [Engine(), Engine()]
    yield both
    for made in both:
        if made._transport is not None:
            made._transport.close()


def pass_time(webhook: Webhook, seconds: float) -> None:
    """The webhook's next delivery may leave so much earlier."""
    row = Webhook.objects.get(pk=webhook.pk)
    assert row.rate_next_at is not None
    Webhook.objects.filter(pk=webhook.pk).update(
        rate_next_at=row.rate_next_at - timedelta(seconds=seconds)
    )


def test_a_claim_takes_no_more_than_the_limit_allows(chatbot: Chatbot) -> None:
    webhook = add_webhook(chatbot, rate_limit=1)
    ids = add_due(webhook, 3)
    assert [one.delivery_id for one in claim_all()] == ids[:1]
    assert claim_all() == []
    pass_time(webhook, 1.1)
    assert [one.delivery_id for one in claim_all()] == ids[1:2]


def test_a_look_tells_when_the_next_may_leave(chatbot: Chatbot) -> None:
    webhook = add_webhook(chatbot, rate_limit=1)
    add_due(webhook, 2)
    assert due_webhooks() == [webhook.pk]
    claim_all()
    found = look()
    assert found.lanes == []
    assert found.next_seconds is not None
    assert 0 < found.next_seconds <= 1


def test_what_is_not_claimed_is_left_untouched(chatbot: Chatbot) -> None:
    webhook = add_webhook(chatbot, rate_limit=1)
    _, waiting = add_due(webhook, 2)
    before = Delivery.objects.values().get(pk=waiting)
    claim_all()
    assert Delivery.objects.values().get(pk=waiting) == before


@pytest.mark.parametrize(("limit", "at_once"), [(1, 1), (100, 2)])
def test_four_workers_share_one_limit(chatbot: Chatbot, limit: int, at_once: int) -> None:
    webhook = add_webhook(chatbot, rate_limit=limit)
    add_due(webhook, 50)
    began = time.monotonic()
    claims = side_by_side(*[claim_all] * 4)
    meanwhile = limit * (time.monotonic() - began)
    assert 1 <= sum(len(claimed) for claimed in claims) <= at_once + meanwhile


def test_a_limited_webhook_holds_up_no_other_of_its_endpoint(chatbot: Chatbot) -> None:
    limited = add_webhook(chatbot, "https://hooks.example.com/limited", rate_limit=1)
    free = add_webhook(chatbot, "https://hooks.example.com/free")
    add_due(limited, 20, seconds_ago=10)
    add_due(free, 5)
    taken = [one.webhook_id for one in claim_all()]
    assert taken.count(limited.pk) == 1
    assert taken.count(free.pk) == 5


def test_an_endpoint_held_back_holds_back_its_limited_webhooks(chatbot: Chatbot) -> None:
    webhook = add_webhook(chatbot, rate_limit=5)
    add_due(webhook, 2)
    breaker.hold(Endpoint, webhook.endpoint_id, "connect")
    assert due_webhooks() == []
    breaker.probe_now(Endpoint, webhook.endpoint_id)
    assert [lane.webhook_id for lane in look().probes] == [webhook.pk]


def test_a_limit_that_comes_or_goes_binds_what_waits(chatbot: Chatbot) -> None:
    webhook = add_webhook(chatbot)
    add_due(webhook, 3)
    subscriptions.update(webhook, rate_limit=1)
    assert len(claim_all()) == 1
    assert claim_all() == []
    subscriptions.update(webhook, rate_limit=None)
    assert len(claim_all()) == 2


def test_a_test_keeps_to_a_new_limit_too(chatbot: Chatbot) -> None:
    webhook = add_webhook(chatbot)
    add_due(webhook, 2, is_test=True)
    subscriptions.update(webhook, rate_limit=1)
    assert len(claim_all()) == 1
    assert claim_all() == []
    assert states() == ["pending"] * 2


def test_a_new_limit_binds_the_retries_of_what_was_in_flight(chatbot: Chatbot) -> None:
    webhook = add_webhook(chatbot)
    add_due(webhook, 3)
    in_flight = claim_all()
    subscriptions.update(webhook, rate_limit=1)
    queue.present().record([finish(one, "pending", delay_seconds=60) for one in in_flight])
    let_time_pass(61)
    assert len(claim_all()) == 1
    assert claim_all() == []


def test_a_claim_and_its_record_are_as_ever(chatbot: Chatbot) -> None:
    add_due(add_webhook(chatbot, rate_limit=1))
    queue.present().record([finish(claimed) for claimed in claim_all()])
    assert states() == ["succeeded"]


def test_one_with_nothing_left_is_known_from_one_that_keeps_to_its_limit(chatbot: Chatbot) -> None:
    webhook = add_webhook(chatbot, rate_limit=1)
    add_due(webhook, 2)
    offer = Offer(webhook.pk, webhook.account.pk, 8, 8, has_limit=True)
    for _ in range(2):
        Webhook.objects.update(rate_next_at=None)
        taken = queue.present().claim([offer], 100)
        assert len(taken.claimed) == 1
        assert queue.drained([offer], taken) == {}
    # It may not send yet, and nobody knows whether there is more.
    assert queue.drained([offer], queue.present().claim([offer], 100)) == {}
    Webhook.objects.update(rate_next_at=None)
    taken = queue.present().claim([offer], 100)
    assert queue.drained([offer], taken) == {webhook.pk: webhook.account.pk}


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_limit_that_cannot_be_is_refused(chatbot: Chatbot, limit: int) -> None:
    with pytest.raises(ValidationError, match="1 to 1000"):
        add_webhook(chatbot, rate_limit=limit)


def test_in_no_second_more_than_the_limit_arrives(
    chatbot: Chatbot,
    live_receiver: Receiver,
    engines: list[Engine],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Between two deliveries it is 50 ms, and more where the machine is busy.
    monkeypatch.setattr(engine, "LINGER_SECONDS", 0.5)
    webhook = add_webhook(chatbot, live_receiver.url("/"), rate_limit=20)
    add_due(webhook, 30)
    side_by_side(*[one.run for one in engines])
    assert states() == ["succeeded"] * 30
    left = sorted(Delivery.objects.values_list("attempt_rows__started_at", flat=True))
    for first, last in zip(left, left[20:], strict=False):
        # The clock is read a moment before the claim.
        assert (last - first).total_seconds() > 0.9
    # A request that is late by the network is so much closer to those after it. 25 of them take
    # 1.25 s to leave: all in one second only if the first is late by a quarter of a second.
    arrived = [request.at for request in live_receiver.requests]
    assert len(arrived) == 30
    for earlier, later in zip(arrived, arrived[25:], strict=False):
        assert later - earlier > 1


def test_the_limit_goes_by_the_databases_clock(chatbot: Chatbot) -> None:
    webhook = add_webhook(chatbot, rate_limit=1)
    add_due(webhook, 2)
    claim_all()
    assert Webhook.objects.filter(pk=webhook.pk, rate_next_at__gt=Now()).exists()
