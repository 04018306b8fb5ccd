"""An endpoint out of reach is held back, probed one at a time, and let go when it answers."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import Settings

from chatbots.models import Chatbot
from tests.receiver import Receiver
from tests.webhooks.due import add_due, add_webhook, claim_all, due_lanes, states, wait_until
from tests.webhooks.raw_server import OK, Connection, RawServer
from webhooks import breaker, outbox, queue, sample, subscriptions, traffic
from webhooks.engine import Engine
from webhooks.models import Attempt, Delivery, Endpoint, Webhook
from webhooks.outcome import Outcome

pytestmark = [pytest.mark.django_db(transaction=True)]

NOBODY = "http://127.0.0.1:9/"


@pytest.fixture(autouse=True)
def in_the_sandbox(settings: Settings) -> None:
    settings.SANDBOX = True


@pytest.fixture
def webhook(chatbot: Chatbot) -> Webhook:
    return add_webhook(chatbot, NOBODY)


def endpoint_of(webhook: Webhook) -> Endpoint:
    return Endpoint.objects.get(pk=webhook.endpoint_id)


def let_the_pause_pass(webhook: Webhook) -> None:
    Endpoint.objects.filter(pk=webhook.endpoint_id).update(held_until=Now())


def test_after_a_run_of_failures_an_endpoint_is_held_back_and_the_rest_uses_no_attempt(
    running: Engine, webhook: Webhook
) -> None:
    ids = add_due(webhook, 200)

    running.run()

    endpoint = endpoint_of(webhook)
    assert endpoint.held_since is not None
    assert endpoint.held_reason == "20 in a row were not accepted"
    assert endpoint.held_pause_seconds == breaker.FIRST_PAUSE_SECONDS
    untouched = Delivery.objects.filter(pk__in=ids, attempts=0)
    # No more than what was in flight when the twentieth failed.
    assert untouched.count() >= 150
    assert set(states(ids)) == {"pending"}


def test_a_probe_is_one_delivery_and_a_failed_one_doubles_the_pause(
    running: Engine, webhook: Webhook
) -> None:
    breaker.hold(webhook.endpoint_id, "timeout")
    add_due(webhook, 5)
    let_the_pause_pass(webhook)

    running.run()

    assert Attempt.objects.count() == 1
    assert endpoint_of(webhook).held_pause_seconds == 2 * breaker.FIRST_PAUSE_SECONDS
    assert due_lanes() == []


def test_a_probe_goes_to_whoever_has_something_to_send(
    running: Engine, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    # The first in line of this lane waits for its retry, and all others behind it.
    waiting = add_webhook(chatbot, live_receiver.url("/ordered"), rate_limit=1, ordered=True)
    add_due(waiting, conversation="c", due_at=timezone.now() + timedelta(hours=5))
    add_due(waiting, 3, conversation="c")
    ready = add_webhook(chatbot, live_receiver.url("/ready"))
    ids = add_due(ready, 3)
    breaker.hold(ready.endpoint_id, "timeout")
    let_the_pause_pass(ready)

    running.run()

    assert states(ids) == ["succeeded"] * 3
    assert endpoint_of(ready).held_since is None


def test_a_probe_that_cannot_be_sent_is_left_to_the_next(
    running: Engine, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    broken = add_webhook(chatbot, live_receiver.url("/broken"))
    Webhook.objects.filter(pk=broken.pk).update(encrypted_secret="2.AAAA")
    ready = add_webhook(chatbot, live_receiver.url("/ready"))
    (first,) = add_due(broken, seconds_ago=60)
    ids = add_due(ready, 3)
    breaker.hold(ready.endpoint_id, "timeout")
    let_the_pause_pass(ready)

    running.run()

    assert Attempt.objects.get(delivery=first).error_kind == "internal"
    assert states(ids) == ["succeeded"] * 3


def test_what_was_claimed_beside_a_probe_is_sent_though_the_database_goes_away_then(
    running: Engine,
    chatbot: Chatbot,
    live_receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = add_webhook(chatbot, NOBODY)
    Webhook.objects.filter(pk=broken.pk).update(encrypted_secret="2.AAAA")
    add_due(broken)
    breaker.hold(broken.endpoint_id, "timeout")
    let_the_pause_pass(broken)
    ids = add_due(add_webhook(chatbot, live_receiver.url("/ready")), 8)
    probe_now = breaker.probe_now

    def goes_away(endpoint_id: int) -> None:
        monkeypatch.setattr(breaker, "probe_now", probe_now)
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(breaker, "probe_now", goes_away)

    running.run()

    assert "server closed the connection" in caplog.text
    assert states(ids) == ["succeeded"] * 8
    assert len(live_receiver.requests) == 8
    assert running._traffic.in_flight == 0


@pytest.mark.parametrize("kind", ["refused_address", "internal", "timeout"])
def test_a_probe_without_an_answer_doubles_the_pause(webhook: Webhook, kind: str) -> None:
    breaker.hold(webhook.endpoint_id, "timeout")
    add_due(webhook)
    (claimed,) = queue.present().claim([(webhook.lane, 1)], 1).claimed
    seen = traffic.Traffic()
    seen.began(claimed, is_probe=True)
    seen.ended(claimed, Outcome(3, error_kind=kind))
    assert endpoint_of(webhook).held_pause_seconds == 2 * breaker.FIRST_PAUSE_SECONDS


def test_a_run_of_different_errors_is_called_that() -> None:
    assert breaker.reason_of(["timeout"]) == "20 in a row timed out"
    assert (
        breaker.reason_of(["connect", "timeout"])
        == "20 in a row did not get through: some were not accepted, some timed out"
    )


def test_a_hold_says_all_kinds_of_its_run_and_none_of_an_earlier_one(webhook: Webhook) -> None:
    add_due(webhook)
    (claimed,) = claim_all()
    seen = traffic.Traffic()

    def ends(kind: str, status_code: int | None = None) -> None:
        seen.began(claimed, is_probe=False)
        seen.ended(claimed, Outcome(3, error_kind=kind, status_code=status_code))

    ends("tls")
    ends("", 200)
    ends("connect")
    for _ in range(19):
        ends("timeout")
    reason = "20 in a row did not get through: some were not accepted, some timed out"
    assert endpoint_of(webhook).held_reason == reason


def test_the_pause_ends_growing_at_ten_minutes(webhook: Webhook) -> None:
    breaker.hold(webhook.endpoint_id, "timeout")
    for _ in range(12):
        breaker.probe_failed(webhook.endpoint_id)

    assert endpoint_of(webhook).held_pause_seconds == breaker.LONGEST_PAUSE_SECONDS


def test_an_answer_to_the_probe_lets_all_go(
    running: Engine, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    webhook = add_webhook(chatbot, live_receiver.url("/ok"))
    ids = add_due(webhook, 30)
    breaker.hold(webhook.endpoint_id, "timeout")
    let_the_pause_pass(webhook)

    running.run()

    assert states(ids) == ["succeeded"] * 30
    assert endpoint_of(webhook).held_since is None


def test_an_error_status_is_an_answer(
    running: Engine, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    live_receiver.answer("/down", status=503)
    webhook = add_webhook(chatbot, live_receiver.url("/down"))
    add_due(webhook, 60)

    running.run()

    assert Attempt.objects.count() == 60
    assert endpoint_of(webhook).held_since is None


def test_only_one_worker_gets_the_probe(webhook: Webhook) -> None:
    breaker.hold(webhook.endpoint_id, "timeout")
    assert not breaker.begin_probe(webhook.endpoint_id)
    let_the_pause_pass(webhook)

    assert breaker.begin_probe(webhook.endpoint_id)
    assert not breaker.begin_probe(webhook.endpoint_id)


def test_a_probe_that_is_lost_with_its_worker_is_due_again_after_the_lease(
    webhook: Webhook,
) -> None:
    breaker.hold(webhook.endpoint_id, "timeout")
    let_the_pause_pass(webhook)
    breaker.begin_probe(webhook.endpoint_id)
    Endpoint.objects.filter(pk=webhook.endpoint_id).update(
        held_until=Now() - timedelta(milliseconds=1)
    )

    assert breaker.begin_probe(webhook.endpoint_id)


def test_holding_twice_keeps_the_first(webhook: Webhook) -> None:
    assert breaker.hold(webhook.endpoint_id, "timeout")
    since = endpoint_of(webhook).held_since
    assert not breaker.hold(webhook.endpoint_id, "dns")
    assert endpoint_of(webhook).held_since == since
    assert breaker.release(webhook.endpoint_id)
    assert not breaker.release(webhook.endpoint_id)


def test_a_test_goes_at_once_and_before_all_that_waits(
    running: Engine, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    webhook = add_webhook(chatbot, live_receiver.url("/ok"))
    add_due(webhook, 3, seconds_ago=60)
    breaker.hold(webhook.endpoint_id, "timeout")

    test = sample.send_test(webhook)
    claimed = queue.present().due()
    assert [lane.endpoint_id for lane in claimed.probes] == [webhook.endpoint_id]
    running.run()

    first = Attempt.objects.order_by("started_at").first()
    assert first is not None
    assert first.delivery_id == test.pk
    assert endpoint_of(webhook).held_since is None


def test_a_held_endpoint_does_not_hold_the_others(
    running: Engine, chatbot: Chatbot, webhook: Webhook, live_receiver: Receiver
) -> None:
    other = add_webhook(chatbot, live_receiver.url("/ok"))
    add_due(webhook, 50)
    breaker.hold(webhook.endpoint_id, "timeout")
    ids = add_due(other, 20)

    running.run()

    assert states(ids) == ["succeeded"] * 20
    assert outbox.fan_out([]) == 0


def test_it_says_since_when_and_until_when_and_why(webhook: Webhook) -> None:
    breaker.hold(webhook.endpoint_id, "timeout")
    endpoint = endpoint_of(webhook)
    assert endpoint.held_since is not None
    assert endpoint.held_until is not None

    sentence = breaker.sentence(endpoint)

    assert sentence == (
        f"Held back until {endpoint.held_until:%H:%M:%S} UTC because 20 in a row timed out, "
        f"since {endpoint.held_since:%H:%M} UTC."
    )
    breaker.release(webhook.endpoint_id)
    assert breaker.sentence(endpoint_of(webhook)) == ""


def test_a_person_lets_it_go(webhook: Webhook) -> None:
    breaker.hold(webhook.endpoint_id, "timeout")
    add_due(webhook)
    assert due_lanes() == []

    assert subscriptions.let_go(webhook)
    assert not subscriptions.let_go(webhook)

    assert due_lanes() == [webhook.endpoint_id]


def test_a_person_who_lets_it_go_while_it_is_probed_uses_up_no_place_for_probes(
    running: Engine, chatbot: Chatbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traffic, "SLOTS", 4)  # One of them for probes.
    may_answer = threading.Event()

    def talk(opened: Connection) -> None:
        while opened.read_request():
            may_answer.wait(8)
            opened.send(OK)

    def run() -> None:
        try:
            running.run()
        finally:
            connection.close()

    with RawServer(talk) as server, ThreadPoolExecutor(1) as beside:
        webhook = add_webhook(chatbot, server.url("/"))
        may_answer.set()
        ids = add_due(webhook)
        running.run()
        may_answer.clear()
        breaker.hold(webhook.endpoint_id, "timeout")
        let_the_pause_pass(webhook)
        ids += add_due(webhook, 2)
        run_beside = beside.submit(run)
        wait_until(lambda: len(server.requests) == 2, "the probe")
        assert subscriptions.let_go(webhook)
        wait_until(lambda: len(server.requests) == 3, "another, beside the probe")
        may_answer.set()
        run_beside.result(10)
        assert states(ids) == ["succeeded"] * 3

        breaker.hold(webhook.endpoint_id, "timeout")
        let_the_pause_pass(webhook)
        ids += add_due(webhook)
        running.run()
        assert states(ids) == ["succeeded"] * 4
