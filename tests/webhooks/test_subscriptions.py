from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, connections, transaction
from django.utils import timezone

from chatbots.models import Account, Chatbot, Event, EventSource, Plan
from tests.webhooks.due import claim_all, side_by_side
from webhooks import outbox, sample, settling, subscriptions, vault
from webhooks.models import Delivery, DeliveryStatus, Endpoint, Webhook, WebhookStatus

URL = "https://hooks.example.com/wonderchat"
EVENT = "USER_MESSAGE_SENT"


@pytest.fixture
def webhook(chatbot: Chatbot) -> Webhook:
    return subscriptions.create(chatbot, url=URL, event=EVENT, secret="s3cret")[0]


def happen(chatbot: Chatbot) -> Event:
    event = sample.compose(chatbot, EVENT, source=EventSource.API)
    event.save(force_insert=True)
    outbox.fan_out([event])
    return event


def statuses(webhook: Webhook) -> list[str]:
    return list(webhook.deliveries.order_by("id").values_list("status", flat=True))


def sentences(error: ValidationError) -> dict[str, list[str]]:
    return dict(error.message_dict)


def test_a_given_secret_is_kept_encrypted_and_returned(chatbot: Chatbot) -> None:
    webhook, secret = subscriptions.create(chatbot, url=URL, event=EVENT, secret="  ü s3cret ")
    assert secret == "  ü s3cret "
    webhook.refresh_from_db()
    assert webhook.secret == secret
    assert "s3cret" not in webhook.encrypted_secret


def test_a_secret_is_made_when_none_is_given(chatbot: Chatbot) -> None:
    first = subscriptions.create(chatbot, url=URL, event=EVENT)[1]
    second = subscriptions.create(chatbot, url=URL + "2", event=EVENT)[1]
    assert first.startswith("whsec_")
    assert len(first) == len("whsec_") + 32
    assert first != second


@pytest.mark.parametrize("secret", ["", "   ", "a\nb", "tab\t", "\x00", "\ud800", "x" * 501])
def test_an_impossible_secret_is_refused(chatbot: Chatbot, secret: str) -> None:
    with pytest.raises(ValidationError) as caught:
        subscriptions.create(chatbot, url=URL, event=EVENT, secret=secret)
    assert list(sentences(caught.value)) == ["secret"]
    assert not Webhook.objects.exists()
    assert not Endpoint.objects.exists()


def test_every_wrong_field_is_named_at_once(chatbot: Chatbot) -> None:
    with pytest.raises(ValidationError) as caught:
        subscriptions.create(
            chatbot,
            url="ftp://x",
            event="NOPE",
            secret="",
            retry_schedule="often",
            description="a\x00b",
        )
    assert set(sentences(caught.value)) == {
        "url",
        "event",
        "secret",
        "retry_schedule",
        "description",
    }
    assert "LIVE_CHAT_INITIATED" in sentences(caught.value)["event"][0]


def test_a_long_description_is_refused(chatbot: Chatbot) -> None:
    with pytest.raises(ValidationError) as caught:
        subscriptions.create(chatbot, url=URL, event=EVENT, description="x" * 201)
    assert list(sentences(caught.value)) == ["description"]


def test_a_plan_without_webhooks_gets_none(account: Account, chatbot: Chatbot) -> None:
    account.plan = Plan.LITE
    account.save()
    with pytest.raises(subscriptions.PlanWithoutWebhooks) as caught:
        subscriptions.create(chatbot, url=URL, event=EVENT)
    assert "Lite plan" in caught.value.messages[0]


def test_a_duplicate_is_refused_in_words(chatbot: Chatbot, webhook: Webhook) -> None:
    with pytest.raises(ValidationError) as caught:
        subscriptions.create(chatbot, url=URL, event=EVENT, secret="other")
    assert "already sends this event to this URL" in sentences(caught.value)["url"][0]


def test_a_duplicate_that_only_the_database_sees_reads_the_same(
    chatbot: Chatbot, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    real = Webhook.validate_constraints

    def late(self: Webhook, exclude: Any = None) -> None:
        checked.append("")
        if len(checked) > 1:  # As if the other one committed just after the first check.
            real(self, exclude)

    monkeypatch.setattr(Webhook, "validate_constraints", late)
    with pytest.raises(ValidationError) as caught:
        subscriptions.create(chatbot, url=URL, event=EVENT, secret="other")
    assert "already sends this event to this URL" in sentences(caught.value)["url"][0]


def test_a_deleted_webhook_frees_its_url(chatbot: Chatbot, webhook: Webhook) -> None:
    subscriptions.delete(webhook)
    again, _ = subscriptions.create(chatbot, url=URL, event=EVENT)
    assert again.pk != webhook.pk


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Example.COM/a", "https://example.com:443"),
        ("https://example.com:8443/b?c=d", "https://example.com:8443"),
        ("https://[2606:4700::1111]/", "https://[2606:4700::1111]:443"),
    ],
)
def test_webhooks_of_one_server_share_an_endpoint(db: None, url: str, origin: str) -> None:
    assert subscriptions.endpoint_of(url).origin == origin
    assert subscriptions.endpoint_of(url) == subscriptions.endpoint_of(url)


def test_a_private_url_is_refused_outside_the_sandbox(chatbot: Chatbot, settings: Any) -> None:
    with pytest.raises(ValidationError):
        subscriptions.create(chatbot, url="http://127.0.0.1:9000/", event=EVENT)
    settings.SANDBOX = True
    assert subscriptions.create(chatbot, url="http://127.0.0.1:9000/", event=EVENT)


def test_a_changed_url_takes_what_waits_along(chatbot: Chatbot, webhook: Webhook) -> None:
    happen(chatbot)
    subscriptions.update(webhook, url="https://other.example.com/", description="Moved")
    (claimed,) = claim_all()
    assert claimed.url == "https://other.example.com/"
    webhook.refresh_from_db()
    assert webhook.endpoint.origin == "https://other.example.com:443"
    assert webhook.description == "Moved"


def test_a_change_that_is_refused_changes_nothing(webhook: Webhook) -> None:
    with pytest.raises(ValidationError):
        subscriptions.update(webhook, description="New", url="nonsense")
    webhook.refresh_from_db()
    assert (webhook.url, webhook.description) == (URL, "")


def test_a_change_to_a_duplicate_is_refused(chatbot: Chatbot, webhook: Webhook) -> None:
    other, _ = subscriptions.create(chatbot, url=URL + "2", event=EVENT)
    with pytest.raises(ValidationError) as caught:
        subscriptions.update(other, url=URL)
    assert list(sentences(caught.value)) == ["url"]


def test_only_what_is_meant_to_change_can_be_changed(webhook: Webhook) -> None:
    with pytest.raises(TypeError):
        subscriptions.update(webhook, status="active")


def test_disabling_holds_and_enabling_releases(chatbot: Chatbot, webhook: Webhook) -> None:
    happen(chatbot)
    assert subscriptions.disable(webhook, "Switched off by Ada.") == 1
    happen(chatbot)
    assert statuses(webhook) == ["held", "held"]
    assert webhook.status_reason == "Switched off by Ada."
    assert subscriptions.enable(webhook) == 2
    assert statuses(webhook) == ["pending", "pending"]
    webhook.refresh_from_db()
    assert (webhook.status, webhook.status_reason) == ("active", "")
    assert webhook.deliveries.filter(due_at__gt=timezone.now()).count() == 0


def test_disabling_leaves_what_is_in_flight_and_tests(chatbot: Chatbot, webhook: Webhook) -> None:
    happen(chatbot)
    webhook.deliveries.update(lease_until=timezone.now() + timedelta(seconds=20))
    test = sample.send_test(webhook)
    assert subscriptions.disable(webhook, "x") == 0
    test.refresh_from_db()
    assert test.status == DeliveryStatus.PENDING


def test_deleting_cancels_what_waits_and_keeps_the_log(chatbot: Chatbot, webhook: Webhook) -> None:
    happen(chatbot)
    webhook.deliveries.update(status="succeeded")
    happen(chatbot)
    subscriptions.delete(webhook)
    assert statuses(webhook) == ["succeeded", "cancelled"]
    assert webhook.deliveries.get(status="cancelled").finished_at is not None
    subscriptions.delete(webhook)
    with pytest.raises(ValidationError):
        subscriptions.enable(webhook)


def test_enabling_needs_the_plan(account: Account, webhook: Webhook) -> None:
    subscriptions.disable(webhook, "x")
    account.plan = Plan.FREE
    account.save()
    with pytest.raises(subscriptions.PlanWithoutWebhooks):
        subscriptions.enable(Webhook.objects.get(pk=webhook.pk))


def test_rotation_keeps_the_previous_secret_a_day(webhook: Webhook) -> None:
    assert subscriptions.rotate_secret(webhook, "second") == "second"
    webhook.refresh_from_db()
    assert webhook.secret == "second"
    ((token, end),) = webhook.previous_secrets
    assert vault.decrypt(token, webhook.pk) == "s3cret"
    left = datetime.fromisoformat(end) - timezone.now()
    assert timedelta(hours=23) < left <= timedelta(hours=24)


def test_rotation_back_signs_once_with_the_secret_that_came_back(webhook: Webhook) -> None:
    subscriptions.rotate_secret(webhook, "second")
    subscriptions.rotate_secret(webhook, "s3cret")
    webhook.refresh_from_db()
    assert webhook.secret == "s3cret"
    assert [vault.decrypt(token, webhook.pk) for token, _ in webhook.previous_secrets] == ["second"]


def test_rotation_to_the_same_secret_changes_nothing(webhook: Webhook) -> None:
    subscriptions.rotate_secret(webhook, "s3cret")
    webhook.refresh_from_db()
    assert webhook.previous_secrets == []


def test_rotation_is_the_way_out_when_the_secret_cannot_be_read(webhook: Webhook) -> None:
    Webhook.objects.update(encrypted_secret="lost")
    assert subscriptions.rotate_secret(webhook, "fresh") == "fresh"
    webhook.refresh_from_db()
    assert webhook.secret == "fresh"
    assert webhook.previous_secrets == []


def test_the_reason_names_what_is_missing(account: Account, chatbot: Chatbot) -> None:
    reason = subscriptions.not_sending_reason
    assert "subscribes to USER_MESSAGE_SENT" in reason(chatbot, EVENT)
    webhook, _ = subscriptions.create(chatbot, url=URL, event=EVENT)
    assert reason(chatbot, EVENT) == ""
    assert "HUMAN_HANDOVER" in reason(chatbot, "HUMAN_HANDOVER")
    assert "not an event" in reason(chatbot, "NOPE")
    subscriptions.disable(webhook, "x")
    assert "disabled" in reason(chatbot, EVENT)
    account.plan = Plan.FREE
    account.save()
    assert "Basic plans and above" in reason(Chatbot.objects.get(), EVENT)


def at_once(*calls: Callable[[], object]) -> list[BaseException]:
    """Run `calls` in threads that start together, each with its own connection."""
    barrier = threading.Barrier(len(calls))
    errors: list[BaseException] = []

    def run(call: Callable[[], object]) -> None:
        try:
            barrier.wait(10)
            call()
        except (ValidationError, threading.BrokenBarrierError) as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return errors


@pytest.mark.django_db(transaction=True)
def test_enabling_and_disabling_at_once_leaves_no_delivery_behind(chatbot: Chatbot) -> None:
    webhook, _ = subscriptions.create(chatbot, url=URL, event=EVENT)

    def read() -> Webhook:
        return Webhook.objects.get(pk=webhook.pk)

    for _ in range(5):
        errors = at_once(
            lambda: subscriptions.enable(read()),
            lambda: subscriptions.disable(read(), "x"),
            lambda: happen(chatbot),
            lambda: subscriptions.enable(read()),
            lambda: happen(chatbot),
            lambda: subscriptions.disable(read(), "y"),
        )
        assert errors == []
        settling.go_on(60)
        webhook.refresh_from_db()
        wanted = "pending" if webhook.status == WebhookStatus.ACTIVE else "held"
        assert set(statuses(webhook)) == {wanted}


@pytest.mark.django_db(transaction=True)
def test_the_same_webhook_added_twice_at_once_is_one(chatbot: Chatbot) -> None:
    def add() -> None:
        subscriptions.create(chatbot, url=URL, event=EVENT, secret="s")

    errors = at_once(add, add, add)
    assert len(errors) == 2
    assert Webhook.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_event_that_commits_after_the_webhook_was_disabled_is_found(chatbot: Chatbot) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer: the disabling waits for the event.")
    webhook, _ = subscriptions.create(chatbot, url=URL, event=EVENT)
    with transaction.atomic():
        happen(chatbot)
        assert at_once(lambda: subscriptions.disable(Webhook.objects.get(), "x")) == []
    assert statuses(webhook) == ["pending"]
    settling.go_on(60)
    assert statuses(webhook) == ["held"]
    with transaction.atomic():
        happen(chatbot)
        assert at_once(lambda: subscriptions.enable(Webhook.objects.get())) == []
    assert statuses(webhook) == ["pending", "held"]
    assert settling.settle_stragglers() == 1
    assert Delivery.objects.filter(status=DeliveryStatus.HELD).count() == 0


# ---------------------------------------------------------------- how many


def test_a_chatbot_has_only_so_many_webhooks(
    chatbot: Chatbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "MOST_PER_CHATBOT", 3)
    made = [add(chatbot, n) for n in range(3)]
    with pytest.raises(ValidationError, match="can have 3 at most") as raised:
        add(chatbot, 3)
    assert raised.value.code == "too_many_webhooks"
    # Another chatbot has its own; and what is deleted counts no more.
    add(Chatbot.objects.create(account=chatbot.account, name="Second"), 0)
    subscriptions.delete(made[0])
    add(chatbot, 3)


@pytest.mark.django_db(transaction=True)
def test_webhooks_that_are_added_at_one_time_are_counted_together(
    chatbot: Chatbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "MOST_PER_CHATBOT", 3)

    def try_to_add(n: int) -> bool:
        try:
            add(chatbot, n)
        except ValidationError:
            return False
        return True

    added = side_by_side(*[partial(try_to_add, n) for n in range(8)])
    assert added.count(True) == chatbot.webhooks.count() == 3


def add(chatbot: Chatbot, number: int) -> Webhook:
    url = f"https://hooks.example.com/{number}"
    return subscriptions.create(chatbot, url=url, event="HUMAN_HANDOVER", secret="s3cret")[0]
