"""The engine against a real receiver: what arrives, what is recorded, what comes next."""

from __future__ import annotations

import hmac
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks import Webhook as StandardWebhook
from standardwebhooks import WebhookVerificationError

from chatbots.models import Account, Chatbot, EventSource
from tests.receiver import Receiver
from tests.webhooks.due import (
    EVENT,
    add_due,
    add_event,
    add_webhook,
    in_seconds,
    let_time_pass,
    made_up,
    run_beside,
    states,
    wait_until,
)
from webhooks import (
    engine,
    limits,
    outbox,
    queue,
    replay,
    sample,
    schedule,
    subscriptions,
    traffic,
    upkeep,
)
from webhooks.engine import Engine
from webhooks.models import Attempt, Delivery, Webhook
from webhooks.queue import Due, Offer, Queue, Success, Taken

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "s3cret-s3cret"


@pytest.fixture(autouse=True)
def in_the_sandbox(settings: Settings) -> None:
    settings.SANDBOX = True


@pytest.fixture
def webhook(chatbot: Chatbot, live_receiver: Receiver) -> Webhook:
    return add_webhook(chatbot, live_receiver.url("/hook"), SECRET)


def assert_ends(beside: ThreadPoolExecutor, running: Engine, *, within_seconds: float) -> None:
    """A run ends by itself; one that does not is stopped, and the test fails."""
    run = run_beside(beside, running)
    try:
        run.result(within_seconds)
    finally:
        running.stop()


def attempt() -> Attempt:
    return Attempt.objects.get()


# ---------------------------------------------------------------- what arrives


def test_a_delivery_arrives_signed_and_is_recorded_as_it_was(
    running: Engine, webhook: Webhook, live_receiver: Receiver
) -> None:
    live_receiver.answer("/hook", 201, body=b'{"thanks":true}', headers={"X-Request-Id": "7"})
    event = add_event(webhook.chatbot, userMessage='Zoë 🎉 "quoted" \\ </script> مرحبا \u2028')
    outbox.fan_out([event])
    running.run()
    (request,) = live_receiver.requests
    assert request.body == bytes(event.body)
    headers = request.headers
    digest = hmac.new(SECRET.encode(), request.body, "sha256").hexdigest()
    assert headers["x-wonderchat-signature"] == digest
    assert headers["content-type"] == "application/json"
    assert headers["user-agent"].startswith("Wonderchat-Webhooks/")
    stamp = headers["x-wonderchat-timestamp"]
    sent_at = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    assert len(stamp) == len("2023-10-15T14:30:00.000Z")
    assert abs(request.at - sent_at.timestamp()) < 5
    assert set(headers) == {
        "host",
        "user-agent",
        "accept",
        "content-type",
        "x-wonderchat-signature",
        "x-wonderchat-timestamp",
        "content-length",
    }
    made = attempt()
    assert bytes(made.request_head) == request.head
    assert made.request_body is None
    assert (made.number, made.status_code, made.error_kind, made.error) == (1, 201, "", "")
    assert (made.url, made.remote_address) == (webhook.url, "127.0.0.1")
    assert bytes(made.response_head) == (
        b"HTTP/1.1 201 Told\r\nContent-Length: 15\r\nX-Request-Id: 7\r\n\r\n"
    )
    assert bytes(made.response_body) == b'{"thanks":true}'
    assert states() == ["succeeded"]


def test_what_was_claimed_too_long_ago_is_not_sent_but_claimed_anew(
    running: Engine,
    webhook: Webhook,
    live_receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queue, "LEAVE_SECONDS", -1.0)
    add_due(webhook, 3)
    claims: list[int] = []

    def claim(*asked: object) -> queue.Taken:
        taken = claim_for_real(*asked)  # type: ignore[arg-type]
        claims.append(len(taken.claimed))
        if len(claims) == 2:
            monkeypatch.undo()
        return taken

    present = type(queue.present())
    claim_for_real = queue.present().claim
    monkeypatch.setattr(present, "claim", staticmethod(claim))
    running.run()
    # Late twice, and then sent: once each, as the first attempt.
    assert claims == [3, 3]
    assert len(live_receiver.requests) == 3
    assert list(Attempt.objects.values_list("number", "error_kind")) == [(1, "")] * 3
    assert states() == ["succeeded"] * 3


def test_the_bytes_are_the_same_on_every_attempt_and_the_timestamp_is_not(
    running: Engine, webhook: Webhook, live_receiver: Receiver
) -> None:
    live_receiver.answer("/hook", 500)
    add_due(webhook)
    for _ in range(3):
        running.run()
        let_time_pass(3600)
    bodies = {request.body for request in live_receiver.requests}
    stamps = {request.headers["x-wonderchat-timestamp"] for request in live_receiver.requests}
    signatures = {request.headers["x-wonderchat-signature"] for request in live_receiver.requests}
    assert (len(live_receiver.requests), len(bodies), len(signatures)) == (3, 1, 1)
    assert len(stamps) == 3
    assert list(Attempt.objects.values_list("number", flat=True)) == [1, 2, 3]


def test_standard_headers_are_there_where_asked_for_and_verify(
    running: Engine, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    secret = subscriptions.make_secret()
    webhook = add_webhook(chatbot, live_receiver.url("/hook"), secret, standard_headers=True)
    live_receiver.answer("/hook", 500)
    add_due(webhook)
    running.run()
    let_time_pass(3600)
    running.run()
    first, second = live_receiver.requests
    for request in (first, second):
        StandardWebhook(secret).verify(request.body, request.headers)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    with pytest.raises(WebhookVerificationError):
        StandardWebhook(secret).verify(first.body + b" ", first.headers)


def test_after_a_rotation_both_secrets_verify_for_a_day(
    running: Engine, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    old = subscriptions.make_secret()
    webhook = add_webhook(chatbot, live_receiver.url("/hook"), old, standard_headers=True)
    new = subscriptions.rotate_secret(webhook)
    add_due(webhook)
    running.run()
    webhook.refresh_from_db()
    ((token, _),) = webhook.previous_secrets
    over = (timezone.now() - timedelta(seconds=1)).isoformat()
    Webhook.objects.update(previous_secrets=[[token, over]])
    add_due(webhook)
    running.run()
    today, tomorrow = live_receiver.requests
    for secret in (old, new):
        StandardWebhook(secret).verify(today.body, today.headers)
    StandardWebhook(new).verify(tomorrow.body, tomorrow.headers)
    with pytest.raises(WebhookVerificationError):
        StandardWebhook(old).verify(tomorrow.body, tomorrow.headers)
    digest = hmac.new(new.encode(), today.body, "sha256").hexdigest()
    assert today.headers["x-wonderchat-signature"] == digest


def test_the_webhook_id_is_the_same_when_a_delivery_is_resent(
    running: Engine, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    secret = subscriptions.make_secret()
    webhook = add_webhook(chatbot, live_receiver.url("/hook"), secret, standard_headers=True)
    add_due(webhook)
    running.run()
    replay.resend(Delivery.objects.get())
    running.run()
    first, second = live_receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    StandardWebhook(secret).verify(second.body, second.headers)


@pytest.mark.parametrize(
    ("skew_seconds", "is_refused"), [(-600, "too old"), (-240, ""), (240, ""), (600, "too new")]
)
def test_the_standard_library_refuses_what_is_outside_its_tolerance_and_takes_what_is_within(
    running: Engine,
    chatbot: Chatbot,
    live_receiver: Receiver,
    skew_seconds: int,
    is_refused: str,
) -> None:
    secret = subscriptions.make_secret()
    webhook = add_webhook(chatbot, live_receiver.url("/hook"), secret, standard_headers=True)
    add_due(webhook, simulate={"timestampSkewSeconds": skew_seconds})
    running.run()
    [request] = live_receiver.requests
    if is_refused:
        with pytest.raises(WebhookVerificationError, match=is_refused):
            StandardWebhook(secret).verify(request.body, request.headers)
    else:
        StandardWebhook(secret).verify(request.body, request.headers)


def test_many_deliveries_arrive_once_each(
    running: Engine, webhook: Webhook, live_receiver: Receiver
) -> None:
    events = [add_event(webhook.chatbot, userMessage=f"number {n}") for n in range(200)]
    outbox.fan_out(events)
    running.run()
    messages = [json.loads(r.body)["data"]["userMessage"] for r in live_receiver.requests]
    assert sorted(messages) == sorted(f"number {n}" for n in range(200))
    assert states() == ["succeeded"] * 200
    assert Attempt.objects.count() == 200


# ---------------------------------------------------------------- what comes next


def seconds_put_off() -> float:
    """From the last answer until the one delivery is due again."""
    (due_at,) = Delivery.objects.values_list("due_at", flat=True)
    last = Attempt.objects.latest("number")
    return (due_at - last.started_at).total_seconds() - last.duration_ms / 1000


def test_a_failure_is_retried_on_the_schedule_until_it_is_over(
    running: Engine, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    webhook = add_webhook(chatbot, live_receiver.url("/hook"), retry_schedule="quick")
    live_receiver.answer("/hook", 500)
    add_due(webhook)
    for seconds in schedule.SCHEDULES["quick"]:
        running.run()
        delivery = Delivery.objects.get()
        assert delivery.status == "pending"
        longest = seconds * (1 + schedule.JITTER)
        assert seconds - 0.1 < seconds_put_off()
        assert in_seconds(delivery.due_at) <= longest
        let_time_pass(longest)
    running.run()
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.attempts, delivery.failures) == ("failed", 5, 5)
    assert len(live_receiver.requests) == 5
    assert set(Attempt.objects.values_list("error_kind", flat=True)) == {"http_status"}


def test_a_retry_that_is_due_within_a_run_is_sent_by_it(
    running: Engine, chatbot: Chatbot, live_receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "LINGER_SECONDS", 1.5)
    webhook = add_webhook(chatbot, live_receiver.url("/hook"), retry_schedule="quick")
    live_receiver.answer("/hook", 500)
    live_receiver.answer("/hook", 200, then=True)
    add_due(webhook)
    running.run()
    assert states() == ["succeeded"]
    first, second = live_receiver.requests
    assert second.at - first.at >= 1.0


def test_a_run_that_a_slow_database_holds_up_goes_on_with_what_is_due_soon(
    running: Engine, chatbot: Chatbot, live_receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "LINGER_SECONDS", 0.2)
    tell = type(queue.present()).tell

    def tell_slowly(self: queue.Queue, successes: Sequence[Success]) -> Collection[int]:
        held = tell(self, successes)
        time.sleep(0.3)
        return held

    monkeypatch.setattr(type(queue.present()), "tell", tell_slowly)
    webhook = add_webhook(chatbot, live_receiver.url("/hook"), rate_limit=10)
    add_due(webhook, 4)
    running.run()
    assert states() == ["succeeded"] * 4


def test_without_a_schedule_there_is_one_attempt(
    running: Engine, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    webhook = add_webhook(chatbot, live_receiver.url("/hook"), retry_schedule="none")
    live_receiver.answer("/hook", 500)
    add_due(webhook)
    running.run()
    assert states() == ["failed"]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_obeyed(
    running: Engine, webhook: Webhook, live_receiver: Receiver, status: int, form: str
) -> None:
    value = "120"
    if form == "date":
        value = format_datetime(timezone.now() + timedelta(seconds=121), usegmt=True)
    live_receiver.answer("/hook", status, headers={"Retry-After": value})
    add_due(webhook)
    running.run()
    assert seconds_put_off() > 115
    assert in_seconds(Delivery.objects.get().due_at) <= 135


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        ("0", 5, 5.5),
        ("9999999", 86_400, 86_400),
        ("soon", 5, 5.5),
        ("Sun, 01 Mar 9999999999 12:00:30 GMT", 5, 5.5),
    ],
)
def test_retry_after_is_kept_within_bounds(
    running: Engine, webhook: Webhook, live_receiver: Receiver, value: str, least: int, most: float
) -> None:
    live_receiver.answer("/hook", 429, headers={"Retry-After": value})
    add_due(webhook)
    running.run()
    assert least - 0.1 < seconds_put_off()
    assert in_seconds(Delivery.objects.get().due_at) <= most + 0.1


def test_retry_after_means_nothing_on_another_answer(
    running: Engine, webhook: Webhook, live_receiver: Receiver
) -> None:
    live_receiver.answer("/hook", 500, headers={"Retry-After": "3000"})
    add_due(webhook)
    running.run()
    assert in_seconds(Delivery.objects.get().due_at) < 6


def test_410_disables_the_webhook_and_its_deliveries_wait(
    running: Engine, webhook: Webhook, live_receiver: Receiver
) -> None:
    live_receiver.answer("/hook", 410)
    add_due(webhook)
    add_due(webhook, seconds_ago=-100, failures=1)
    running.run()
    webhook.refresh_from_db()
    assert webhook.status == "disabled"
    assert "410" in webhook.status_reason
    assert states() == ["held", "held"]
    live_receiver.answer("/hook", 200)
    subscriptions.enable(webhook)
    running.run()
    assert states() == ["succeeded", "succeeded"]
    assert len(live_receiver.requests) == 3


def test_what_waits_for_a_disabled_webhook_holds_up_nobody_behind_it(
    running: Engine, chatbot: Chatbot, webhook: Webhook, live_receiver: Receiver
) -> None:
    disabled = add_webhook(chatbot, live_receiver.url("/disabled"))
    waiting = add_due(disabled, 300, seconds_ago=60)
    # Not by way of `subscriptions.disable`, which would see to them itself.
    Webhook.objects.filter(pk=disabled.pk).update(status="disabled")
    behind = add_due(webhook, 5)
    running.run()
    assert states(behind) == ["succeeded"] * 5
    assert states(waiting) == ["held"] * 300
    assert {request.path for request in live_receiver.requests} == {"/hook"}


def disabled_by_a_person(webhook: Webhook) -> None:
    subscriptions.disable(webhook, "Somebody disabled it.")


def disabled_by_long_failure(webhook: Webhook) -> None:
    now = timezone.now()
    Webhook.objects.update(failing_since=now - timedelta(days=5, minutes=1), last_failure_at=now)
    assert upkeep.disable_long_failing() == 1


@pytest.mark.parametrize("disable", [disabled_by_a_person, disabled_by_long_failure])
def test_what_waits_for_a_disabled_webhook_and_what_comes_meanwhile_arrives_once_it_is_enabled(
    running: Engine,
    webhook: Webhook,
    live_receiver: Receiver,
    disable: Callable[[Webhook], None],
) -> None:
    add_due(webhook, 3)
    disable(webhook)
    outbox.fan_out([add_event(webhook.chatbot)])
    running.run()
    assert states() == ["held"] * 4
    assert live_receiver.requests == []

    webhook.refresh_from_db()
    assert subscriptions.enable(webhook) == 4
    running.run()
    assert states() == ["succeeded"] * 4
    assert len(live_receiver.requests) == 4


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_not_followed(
    running: Engine, webhook: Webhook, live_receiver: Receiver, status: int
) -> None:
    live_receiver.answer("/hook", status, headers={"Location": live_receiver.url("/there")})
    add_due(webhook)
    running.run()
    assert [request.path for request in live_receiver.requests] == ["/hook"]
    assert (attempt().error_kind, attempt().status_code) == ("redirect", status)
    assert states() == ["pending"]


def test_a_receiver_that_is_down_is_a_failure_with_a_sentence(
    running: Engine, webhook: Webhook, live_receiver: Receiver
) -> None:
    live_receiver.stop()
    add_due(webhook)
    running.run()
    assert attempt().error_kind == "connect"
    assert attempt().error.endswith(".")
    assert states() == ["pending"]


# ---------------------------------------------------------------- what a webhook's row says of it


def test_when_a_run_ends_the_row_tells_of_the_success(
    running: Engine, webhook: Webhook, live_receiver: Receiver
) -> None:
    Webhook.objects.update(failing_since=timezone.now() - timedelta(days=1))
    add_due(webhook)
    running.run()
    webhook.refresh_from_db()
    assert webhook.failing_since is None
    assert -10 < in_seconds(webhook.last_success_at) <= 0


@pytest.mark.django_db(transaction=True)
def test_a_run_that_is_told_to_stop_has_told_of_the_success(
    running: Engine,
    chatbot: Chatbot,
    webhook: Webhook,
    live_receiver: Receiver,
    beside: ThreadPoolExecutor,
) -> None:
    live_receiver.answer("/slow", delay_seconds=1)
    add_due(add_webhook(chatbot, live_receiver.url("/slow")))
    add_due(webhook)
    run = run_beside(beside, running)
    wait_until(lambda: states().count("succeeded") == 1, "the success is recorded")
    running.stop()
    run.result(timeout=20)
    assert states() == ["succeeded"] * 2
    assert not Webhook.objects.filter(last_success_at=None).exists()


def test_a_failure_that_follows_a_success_is_told_after_it(
    running: Engine, chatbot: Chatbot, webhook: Webhook, live_receiver: Receiver
) -> None:
    """Also while something else is in flight, when a success would wait to be told."""
    Webhook.objects.update(failing_since=timezone.now() - timedelta(days=1))
    live_receiver.answer("/slow", delay_seconds=2)
    add_due(add_webhook(chatbot, live_receiver.url("/slow")))
    live_receiver.answer("/hook", 200)
    live_receiver.answer("/hook", 500, then=True)
    add_due(webhook)
    add_due(webhook, seconds_ago=-0.5)
    running.run()
    webhook.refresh_from_db()
    assert webhook.last_success_at is not None
    assert webhook.failing_since is not None
    assert webhook.last_success_at < webhook.failing_since  # Not a day ago.


# ---------------------------------------------------------------- tests and simulations


@pytest.mark.parametrize("status", [500, 410, 429])
def test_a_test_is_never_retried_and_disables_nothing(
    running: Engine, webhook: Webhook, live_receiver: Receiver, status: int
) -> None:
    live_receiver.answer("/hook", status, headers={"Retry-After": "1"})
    sample.send_test(webhook)
    running.run()
    assert states() == ["failed"]
    webhook.refresh_from_db()
    assert webhook.status == "active"
    assert webhook.failing_since is None


def test_a_test_of_a_disabled_webhook_is_sent(
    running: Engine, webhook: Webhook, live_receiver: Receiver
) -> None:
    subscriptions.disable(webhook, "Just now.")
    sample.send_test(webhook, data={"userMessage": "Is this on?"})
    running.run()
    assert states() == ["succeeded"]
    assert json.loads(live_receiver.requests[0].body)["data"]["userMessage"] == "Is this on?"


def test_after_several_rotations_each_secret_of_the_day_verifies(
    running: Engine, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    secrets = [subscriptions.make_secret()]
    webhook = add_webhook(chatbot, live_receiver.url("/hook"), secrets[0], standard_headers=True)
    secrets += [subscriptions.rotate_secret(webhook) for _ in range(5)]
    add_due(webhook)
    running.run()
    (request,) = live_receiver.requests
    for secret in secrets[-4:]:
        StandardWebhook(secret).verify(request.body, request.headers)
    assert len(request.headers["webhook-signature"].split()) == 4
    with pytest.raises(WebhookVerificationError):
        StandardWebhook(secrets[0]).verify(request.body, request.headers)


def test_a_bad_signature_is_one_on_purpose(
    running: Engine, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    secret = subscriptions.make_secret()
    webhook = add_webhook(chatbot, live_receiver.url("/hook"), secret, standard_headers=True)
    add_due(webhook, simulate={"badSignature": True})
    running.run()
    (request,) = live_receiver.requests
    signature = request.headers["x-wonderchat-signature"]
    assert signature != hmac.new(secret.encode(), request.body, "sha256").hexdigest()
    assert len(bytes.fromhex(signature)) == 32
    with pytest.raises(WebhookVerificationError):
        StandardWebhook(secret).verify(request.body, request.headers)
    assert states() == ["succeeded"]


def test_a_skewed_timestamp_is_off_by_as_much(
    running: Engine, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    webhook = add_webhook(chatbot, live_receiver.url("/hook"), standard_headers=True)
    add_due(webhook, simulate={"timestampSkewSeconds": -600})
    running.run()
    (request,) = live_receiver.requests
    stamp = datetime.fromisoformat(request.headers["x-wonderchat-timestamp"])
    assert 595 < request.at - stamp.timestamp() < 605
    assert 595 < request.at - int(request.headers["webhook-timestamp"]) < 605


def test_copies_and_an_unknown_event_arrive_as_asked_for(
    running: Engine, webhook: Webhook, live_receiver: Receiver
) -> None:
    simulate = {"copies": 3, "unknownEvent": True}
    event = sample.compose(webhook.chatbot, EVENT, source=EventSource.API, simulate=simulate)
    event.save(force_insert=True)
    outbox.fan_out([event], copies=sample.copies_of(simulate))
    running.run()
    bodies = [request.body for request in live_receiver.requests]
    assert len(bodies) == 3
    assert len(set(bodies)) == 1
    assert json.loads(bodies[0])["event"] not in {EVENT, "HUMAN_HANDOVER", "LIVE_CHAT_INITIATED"}


# ---------------------------------------------------------------- what must not leave


@pytest.mark.parametrize("is_test", [False, True])
def test_outside_the_sandbox_nothing_is_sent_to_a_private_address(
    running: Engine,
    webhook: Webhook,
    live_receiver: Receiver,
    settings: Settings,
    is_test: bool,
) -> None:
    add_due(webhook, is_test=is_test)
    settings.SANDBOX = False
    running.run()
    assert live_receiver.requests == []
    assert live_receiver.connections_seen == 0
    made = attempt()
    assert (made.error_kind, made.status_code) == ("refused_address", None)
    assert bytes(made.request_head) == b""
    assert made.error.endswith(".")
    assert states() == ["failed" if is_test else "pending"]


def test_a_secret_that_cannot_be_read_is_our_fault_and_is_tried_again(
    running: Engine, webhook: Webhook, live_receiver: Receiver, settings: Settings
) -> None:
    add_due(webhook)
    kept = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = ["b3RoZXIta2V5LW90aGVyLWtleS1vdGhlci1rZXktMTI="]
    running.run()
    assert live_receiver.requests == []
    assert attempt().error_kind == "internal"
    assert "ENCRYPTION_KEYS" in attempt().error
    assert SECRET not in attempt().error
    settings.ENCRYPTION_KEYS = kept
    let_time_pass(10)
    running.run()
    assert states() == ["succeeded"]


def test_without_the_previous_secret_it_is_signed_with_the_present_one(
    running: Engine, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    webhook = add_webhook(chatbot, live_receiver.url("/hook"), standard_headers=True)
    new = subscriptions.rotate_secret(webhook)
    webhook.refresh_from_db()
    ((_, end),) = webhook.previous_secrets
    Webhook.objects.update(previous_secrets=[["nonsense", end]])
    add_due(webhook)
    running.run()
    (request,) = live_receiver.requests
    StandardWebhook(new).verify(request.body, request.headers)
    assert states() == ["succeeded"]


# ---------------------------------------------------------------- runs


def test_a_run_with_nothing_due_ends(running: Engine, db: None) -> None:
    running.run()
    assert Attempt.objects.count() == 0


def test_a_second_run_only_pokes_the_one_under_way(
    running: Engine,
    webhook: Webhook,
    live_receiver: Receiver,
    beside: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The first run would look again only after this, were it not poked.
    monkeypatch.setattr(engine, "LINGER_SECONDS", 5.0)
    live_receiver.answer("/hook", 200)
    add_due(webhook)
    first = run_beside(beside, running)
    live_receiver.wait_for(1)
    wait_until(lambda: states() == ["succeeded"], "the first to be recorded")
    add_due(webhook)
    running.run()
    assert not first.done()
    live_receiver.wait_for(2, timeout_seconds=2)
    wait_until(lambda: states() == ["succeeded"] * 2, "the second to be recorded", 2)
    running.stop()
    first.result(10)


def test_stopping_finishes_what_is_in_flight_and_claims_no_more(
    running: Engine,
    webhook: Webhook,
    live_receiver: Receiver,
    beside: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    live_receiver.answer("/hook", 200, delay_seconds=0.7)
    in_flight = add_due(webhook, 3)
    run = run_beside(beside, running)
    live_receiver.wait_for(3)
    turns, record = [], running._record

    def begin_turn() -> None:
        turns.append(running._stopping)
        record()

    monkeypatch.setattr(running, "_record", begin_turn)
    running.stop()
    # One that was under way may find what is due by now.
    wait_until(lambda: True in turns, "a turn that began after the stop", 5)
    left = add_due(webhook, 3)
    run.result(10)
    assert states(in_flight) == ["succeeded"] * 3
    assert states(left) == ["pending"] * 3
    assert set(Delivery.objects.filter(pk__in=left).values_list("attempts", flat=True)) == {0}
    assert len(live_receiver.requests) == 3


def test_a_hanging_endpoint_does_not_delay_the_others(
    running: Engine,
    chatbot: Chatbot,
    webhook: Webhook,
    live_receiver: Receiver,
    beside: ThreadPoolExecutor,
) -> None:
    with Receiver() as hanging:
        hanging.answer("/", 200, delay_seconds=60)
        stuck = add_webhook(chatbot, hanging.url("/"))
        add_due(stuck, 1500, seconds_ago=60)
        good = add_due(webhook, 100)
        run = run_beside(beside, running)
        live_receiver.wait_for(100, timeout_seconds=4)
        wait_until(lambda: states(good) == ["succeeded"] * 100, "all of them recorded", 4)
        assert not run.done()
        # As many as an endpoint that nothing is known of may have, of 1,500 that wait.
        assert 1 <= len(hanging.requests) <= 8
        running.stop()
    run.result(15)


def test_a_hundred_endpoints_that_hang_from_the_start_leave_the_others_their_room(
    running: Engine,
    chatbot: Chatbot,
    live_receiver: Receiver,
    beside: ThreadPoolExecutor,
) -> None:
    # Each port is an endpoint; nobody accepts what connects to it.
    silent = [socket.create_server(("127.0.0.1", 0), backlog=16) for _ in range(100)]
    try:
        for one in silent:
            stuck = add_webhook(chatbot, f"http://127.0.0.1:{one.getsockname()[1]}/")
            add_due(stuck, 12, seconds_ago=60)
        other = Chatbot.objects.create(account=chatbot.account, name="Other")
        webhook = add_webhook(other, live_receiver.url("/hook"), SECRET)
        good = add_due(webhook, 200)
        run = run_beside(beside, running)
        wait_until(lambda: states(good) == ["succeeded"] * 200, "all of them recorded", 5)
        assert not run.done()
        running.stop()
    finally:
        for one in silent:
            one.close()
    run.result(15)


def test_endpoints_past_the_first_look_have_their_turn_and_the_run_ends(
    running: Engine,
    chatbot: Chatbot,
    live_receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    beside: ThreadPoolExecutor,
) -> None:
    from webhooks import queue_postgresql_look, queue_sqlite

    for module in (queue, queue_postgresql_look, queue_sqlite):
        monkeypatch.setattr(module, "MOST_LANES", 3)
    for number in range(7):
        waiting = add_webhook(chatbot, f"http://127.0.0.1:{20_000 + number}/")
        add_due(waiting, seconds_ago=-3600)
    last = add_webhook(chatbot, live_receiver.url("/hook"))
    (id,) = add_due(last)
    assert_ends(beside, running, within_seconds=10)
    assert Delivery.objects.get(pk=id).status == "succeeded"


def test_an_account_that_has_no_place_left_is_not_looked_at_over_and_over(
    running: Engine,
    chatbot: Chatbot,
    live_receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    beside: ThreadPoolExecutor,
) -> None:
    monkeypatch.setattr(limits, "ACCOUNT_SLOTS", 2)
    # So that a sweep of it takes several looks.
    monkeypatch.setattr(traffic, "FEW_LANES", 8)
    silent = socket.create_server(("127.0.0.1", 0), backlog=64)
    for number in range(40):
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/{number}"
        add_due(add_webhook(chatbot, url), seconds_ago=60)
    # One of another account that has sent all there was, and has a rate limit.
    elsewhere = Chatbot.objects.create(account=Account.objects.create(name="Other"), name="Other")
    (sent,) = add_due(add_webhook(elsewhere, live_receiver.url("/hook"), rate_limit=1000))
    looks = []

    def look(most: int) -> Due:
        looks.append(most)
        return Engine._look(running, most)

    monkeypatch.setattr(running, "_look", look)
    try:
        run = run_beside(beside, running)
        wait_until(lambda: running._traffic.in_flight == limits.FEW, "all it may have open", 5)
        wait_until(lambda: states([sent]) == ["succeeded"], "the other's to be recorded", 5)
        before = len(looks)
        assert not wait([run], 1).done
        assert len(looks) - before < 20
        running.stop()
    finally:
        silent.close()
    run.result(15)


def test_accounts_with_little_in_a_claim_are_sent_to_first() -> None:
    much = [made_up(delivery_id=number, account_id=1) for number in range(1, 4)]
    little = made_up(delivery_id=9, account_id=2)
    assert engine._few_first([*much, little]) == [little, *much]
    assert engine._few_first(much) == much


def test_a_claim_takes_less_while_one_with_little_is_served_beside_one_with_much(
    running: Engine, chatbot: Chatbot, live_receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "MOST_CLAIMED", dict.fromkeys(engine.MOST_CLAIMED, 20))
    monkeypatch.setattr(engine, "MOST_BESIDE_OTHERS", 10)
    for number in range(40):
        add_due(add_webhook(chatbot, live_receiver.url(f"/{number}")), 2, seconds_ago=60)
    elsewhere = Chatbot.objects.create(account=Account.objects.create(name="Other"), name="Other")
    add_due(add_webhook(elsewhere, live_receiver.url("/other")))
    sizes: list[int] = []

    def claim(self: Queue, offers: Sequence[Offer], limit: int, most_bytes: int) -> Taken:
        sizes.append(limit)
        return as_ever(self, offers, limit, most_bytes)

    as_ever = type(queue.present()).claim
    monkeypatch.setattr(type(queue.present()), "claim", claim)
    running.run()
    assert sizes[0] == 20
    assert set(sizes[1:]) == {10}
    assert states() == ["succeeded"] * 81


def test_more_lanes_than_places_that_all_wait_for_an_earlier_delivery_let_the_run_end(
    running: Engine,
    chatbot: Chatbot,
    live_receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    beside: ThreadPoolExecutor,
) -> None:
    monkeypatch.setattr(engine, "MOST_CLAIMED", dict.fromkeys(engine.MOST_CLAIMED, 2))
    for number in range(5):
        ordered = add_webhook(chatbot, f"http://127.0.0.1:{20_000 + number}/", ordered=True)
        add_due(ordered, seconds_ago=-3600, conversation="a")
        add_due(ordered, conversation="a")
    last = add_webhook(chatbot, live_receiver.url("/hook"))
    (id,) = add_due(last)
    assert_ends(beside, running, within_seconds=5)
    assert Delivery.objects.get(pk=id).status == "succeeded"
    assert Attempt.objects.count() == 1


# ---------------------------------------------------------------- the database goes away


@pytest.fixture
def quiet() -> Iterator[None]:
    """The engine warns that the database is away, which is what is tried here."""
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


def test_a_database_that_goes_away_in_the_middle_loses_nothing(
    running: Engine,
    webhook: Webhook,
    live_receiver: Receiver,
    beside: ThreadPoolExecutor,
    quiet: None,
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("holds on PostgreSQL; SQLite is a file")
    live_receiver.answer("/hook", 200, delay_seconds=0.3)
    backend = threading.local()
    found: list[int] = []

    def run() -> None:
        try:
            connection.ensure_connection()
            backend.id = connection.connection.info.backend_pid
            found.append(backend.id)
            running.run()
        finally:
            connection.close()

    ids = add_due(webhook, 60)
    done = beside.submit(run)
    live_receiver.wait_for(5)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", found)
    done.result(20)
    assert states(ids) == ["succeeded"] * 60
    bodies = len(live_receiver.requests)
    assert bodies == Attempt.objects.count() == 60
