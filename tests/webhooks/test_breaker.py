"""An endpoint out of reach is held back, probed one at a time, and let go when it answers."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import Settings

from chatbots.models import Chatbot
from tests.receiver import Receiver
from tests.webhooks.due import add_due, add_webhook, due_webhooks, look, made_up, states, wait_until
from tests.webhooks.raw_server import OK, Connection, RawServer
from webhooks import breaker, outbox, probe_pause, probes, sample, subscriptions, traffic
from webhooks.breaker import Change, To
from webhooks.engine import Engine
from webhooks.models import Attempt, Delivery, Endpoint, Webhook
from webhooks.outcome import Outcome
from webhooks.probe_pause import USUAL
from webhooks.queue import Lane

pytestmark = [pytest.mark.django_db(transaction=True)]

NOBODY = "http://127.0.0.1:9/"


@pytest.fixture(autouse=True)
def in_the_sandbox(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """But with the pauses of everywhere else."""
    settings.SANDBOX = True
    monkeypatch.setattr(probe_pause, "NEAR", USUAL)


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
    assert endpoint.held_pause_seconds == USUAL.first
    untouched = Delivery.objects.filter(pk__in=ids, attempts=0)
    # No more than what was in flight when the twentieth failed.
    assert untouched.count() >= 150
    assert set(states(ids)) == {"pending"}


def test_a_probe_is_one_delivery_and_a_failed_one_doubles_the_pause(
    running: Engine, webhook: Webhook
) -> None:
    breaker.hold(Endpoint, webhook.endpoint_id, "timeout")
    add_due(webhook, 5)
    let_the_pause_pass(webhook)

    running.run()

    assert Attempt.objects.count() == 1
    assert endpoint_of(webhook).held_pause_seconds == 2 * USUAL.first
    assert due_webhooks() == []


def test_a_probe_goes_to_whoever_has_something_to_send(
    running: Engine, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    # The first in line of this lane waits for its retry, and all others behind it.
    waiting = add_webhook(chatbot, live_receiver.url("/ordered"), rate_limit=1, ordered=True)
    add_due(waiting, conversation="c", due_at=timezone.now() + timedelta(hours=5))
    add_due(waiting, 3, conversation="c")
    ready = add_webhook(chatbot, live_receiver.url("/ready"))
    ids = add_due(ready, 3)
    breaker.hold(Endpoint, ready.endpoint_id, "timeout")
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
    breaker.hold(Endpoint, ready.endpoint_id, "timeout")
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
    breaker.hold(Endpoint, broken.endpoint_id, "timeout")
    let_the_pause_pass(broken)
    ids = add_due(add_webhook(chatbot, live_receiver.url("/ready")), 8)
    give_back = probes.give_back

    def goes_away(lanes: Iterable[Lane]) -> None:
        monkeypatch.setattr(probes, "give_back", give_back)
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(probes, "give_back", goes_away)

    running.run()

    assert "server closed the connection" in caplog.text
    assert states(ids) == ["succeeded"] * 8
    assert len(live_receiver.requests) == 8
    assert running._traffic.in_flight == 0


@pytest.mark.parametrize("kind", ["refused_address", "internal", "connect", "dns", "tls"])
def test_a_probe_of_a_server_without_an_answer_doubles_the_pause(
    webhook: Webhook, kind: str
) -> None:
    breaker.hold(Endpoint, webhook.endpoint_id, "connect")
    end_one(webhook, Outcome(3, error_kind=kind), is_probe=True)
    assert endpoint_of(webhook).held_pause_seconds == 2 * USUAL.first


@pytest.mark.parametrize("kind", ["refused_address", "internal", "timeout", "closed", "protocol"])
def test_a_probe_of_a_webhook_without_an_answer_doubles_the_pause(
    webhook: Webhook, kind: str
) -> None:
    breaker.hold(Webhook, webhook.pk, "timeout")
    end_one(webhook, Outcome(3, error_kind=kind, phase="sent"), is_probe=True)
    webhook.refresh_from_db()
    assert webhook.held_pause_seconds == 2 * USUAL.first


def end_one(webhook: Webhook, *outcomes: Outcome, is_probe: bool = False) -> traffic.Traffic:
    """The requests of one worker to a webhook end like this, one after the other."""
    seen = traffic.Traffic()
    claimed = made_up(
        webhook_id=webhook.pk, endpoint_id=webhook.endpoint_id, account_id=webhook.account.pk
    )
    for outcome in outcomes:
        seen.began(claimed, is_probe=is_probe)
        seen.ended(claimed, outcome)
    seen.settle()
    return seen


TIMED_OUT = Outcome(10_000, error_kind="timeout", phase="sent")
NO_CONNECTION = Outcome(10_000, error_kind="timeout", phase="connect")
REFUSED = Outcome(3, error_kind="connect", phase="connect")
ANSWERED = Outcome(3, error_kind="http_status", status_code=500)


@pytest.mark.parametrize("outcome", [NO_CONNECTION, REFUSED])
def test_a_server_that_cannot_be_reached_is_held_back_for_all_that_lead_to_it(
    webhook: Webhook, outcome: Outcome
) -> None:
    other = add_webhook(webhook.chatbot, NOBODY + "other")
    add_due(webhook)
    add_due(other)
    end_one(webhook, *[outcome] * 20)
    assert endpoint_of(webhook).held_since is not None
    webhook.refresh_from_db()
    assert webhook.held_since is None
    assert due_webhooks() == []
    breaker.probe_now(Endpoint, webhook.endpoint_id)
    seen = traffic.Traffic()
    assert len(seen.begin_probes(look().probes, 10)) == 1  # Of two webhooks one.


@pytest.mark.parametrize("kind", ["timeout", "closed", "protocol"])
def test_a_webhook_that_is_not_answered_is_held_back_alone(webhook: Webhook, kind: str) -> None:
    other = add_webhook(webhook.chatbot, NOBODY + "other")
    add_due(webhook)
    add_due(other)
    end_one(webhook, *[Outcome(3, error_kind=kind, phase="sent")] * 20)
    webhook.refresh_from_db()
    assert webhook.held_since is not None
    assert endpoint_of(webhook).held_since is None
    assert due_webhooks() == [other.pk]


def test_an_answer_of_any_kind_ends_the_run_of_its_server_and_of_its_webhook(
    webhook: Webhook,
) -> None:
    end_one(webhook, *[*[REFUSED] * 19, ANSWERED] * 2, *[*[TIMED_OUT] * 19, ANSWERED] * 2)
    end_one(webhook, *[*[REFUSED] * 19, TIMED_OUT] * 2)  # It was reached.
    webhook.refresh_from_db()
    assert (webhook.held_since, endpoint_of(webhook).held_since) == (None, None)


def test_where_both_are_held_a_probe_takes_both_and_its_answer_lets_both_go(
    webhook: Webhook,
) -> None:
    breaker.hold(Endpoint, webhook.endpoint_id, "connect")
    breaker.hold(Webhook, webhook.pk, "timeout")
    add_due(webhook)
    breaker.probe_now(Endpoint, webhook.endpoint_id)
    assert look().probes == []
    breaker.probe_webhook_now(webhook)
    found = look().probes
    assert len(traffic.Traffic().begin_probes(found, 10)) == 1
    assert traffic.Traffic().begin_probes(found, 10) == []  # Another worker.
    end_one(webhook, ANSWERED, is_probe=True)
    webhook.refresh_from_db()
    assert (webhook.held_since, endpoint_of(webhook).held_since) == (None, None)


def test_a_new_url_is_not_held_back_for_the_old_one(webhook: Webhook) -> None:
    breaker.hold(Webhook, webhook.pk, "timeout")
    webhook.refresh_from_db()
    subscriptions.update(webhook, url="http://127.0.0.1:10/")
    webhook.refresh_from_db()
    assert webhook.held_since is None


def test_a_run_of_different_errors_is_called_that() -> None:
    assert breaker.reason_of(["timeout"]) == "20 in a row timed out"
    assert (
        breaker.reason_of(["connect", "timeout"])
        == "20 in a row did not get through: some were not accepted, some timed out"
    )


def test_a_hold_says_all_kinds_of_its_run_and_none_of_an_earlier_one(webhook: Webhook) -> None:
    tls = Outcome(3, error_kind="tls")
    end_one(webhook, tls, Outcome(3, status_code=200), REFUSED, *[NO_CONNECTION] * 19)
    reason = "20 in a row did not get through: some were not accepted, some timed out"
    assert endpoint_of(webhook).held_reason == reason


def test_the_pause_ends_growing_at_ten_minutes(webhook: Webhook) -> None:
    breaker.hold(Endpoint, webhook.endpoint_id, "timeout")
    for _ in range(12):
        breaker.apply([Change(Endpoint, webhook.endpoint_id, To.WAIT_LONGER)])

    assert endpoint_of(webhook).held_pause_seconds == USUAL.longest


def test_an_answer_to_the_probe_lets_all_go(
    running: Engine, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    webhook = add_webhook(chatbot, live_receiver.url("/ok"))
    ids = add_due(webhook, 30)
    breaker.hold(Endpoint, webhook.endpoint_id, "timeout")
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
    breaker.hold(Endpoint, webhook.endpoint_id, "timeout")
    assert not breaker.begin_probes(Endpoint, [webhook.endpoint_id])
    let_the_pause_pass(webhook)

    assert breaker.begin_probes(Endpoint, [webhook.endpoint_id])
    assert not breaker.begin_probes(Endpoint, [webhook.endpoint_id])


def test_a_probe_that_is_lost_with_its_worker_is_due_again_after_the_lease(
    webhook: Webhook,
) -> None:
    breaker.hold(Endpoint, webhook.endpoint_id, "timeout")
    let_the_pause_pass(webhook)
    breaker.begin_probes(Endpoint, [webhook.endpoint_id])
    Endpoint.objects.filter(pk=webhook.endpoint_id).update(
        held_until=Now() - timedelta(milliseconds=1)
    )

    assert breaker.begin_probes(Endpoint, [webhook.endpoint_id])


def test_holding_twice_keeps_the_first(webhook: Webhook) -> None:
    assert breaker.hold(Endpoint, webhook.endpoint_id, "timeout")
    since = endpoint_of(webhook).held_since
    assert not breaker.hold(Endpoint, webhook.endpoint_id, "dns")
    assert endpoint_of(webhook).held_since == since
    assert breaker.release(Endpoint, webhook.endpoint_id)
    assert not breaker.release(Endpoint, webhook.endpoint_id)


def test_a_test_goes_at_once_and_before_all_that_waits(
    running: Engine, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    webhook = add_webhook(chatbot, live_receiver.url("/ok"))
    add_due(webhook, 3, seconds_ago=60)
    breaker.hold(Endpoint, webhook.endpoint_id, "timeout")

    test = sample.send_test(webhook)
    assert [lane.webhook_id for lane in look().probes] == [webhook.pk]
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
    breaker.hold(Endpoint, webhook.endpoint_id, "timeout")
    ids = add_due(other, 20)

    running.run()

    assert states(ids) == ["succeeded"] * 20
    assert outbox.fan_out([]) == 0


def test_it_says_since_when_and_until_when_and_why(webhook: Webhook) -> None:
    breaker.hold(Endpoint, webhook.endpoint_id, "timeout")
    endpoint = endpoint_of(webhook)
    assert endpoint.held_since is not None
    assert endpoint.held_until is not None

    sentence = breaker.sentence(Webhook.objects.get(pk=webhook.pk))

    assert sentence == (
        f"Held back until {endpoint.held_until:%H:%M:%S} UTC because 20 in a row timed out, "
        f"since {endpoint.held_since:%H:%M} UTC."
    )
    breaker.release(Endpoint, webhook.endpoint_id)
    assert breaker.sentence(Webhook.objects.get(pk=webhook.pk)) == ""


def test_a_person_lets_it_go(webhook: Webhook) -> None:
    breaker.hold(Endpoint, webhook.endpoint_id, "timeout")
    add_due(webhook)
    assert due_webhooks() == []

    assert subscriptions.let_go(webhook)
    assert not subscriptions.let_go(webhook)

    assert due_webhooks() == [webhook.pk]


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
        breaker.hold(Endpoint, webhook.endpoint_id, "timeout")
        let_the_pause_pass(webhook)
        ids += add_due(webhook, 2)
        run_beside = beside.submit(run)
        wait_until(lambda: len(server.requests) == 2, "the probe")
        assert subscriptions.let_go(webhook)
        wait_until(lambda: len(server.requests) == 3, "another, beside the probe")
        may_answer.set()
        run_beside.result(10)
        assert states(ids) == ["succeeded"] * 3

        breaker.hold(Endpoint, webhook.endpoint_id, "timeout")
        let_the_pause_pass(webhook)
        ids += add_due(webhook)
        running.run()
        assert states(ids) == ["succeeded"] * 4
