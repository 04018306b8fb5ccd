"""What is done now and then: disabling what fails for days, notices, pruning."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.utils import timezone

from chatbots import events
from chatbots.models import Chatbot, Event, EventSource
from tests.webhooks.due import add_due, claim_all, finish
from webhooks import notices, outbox, queue, subscriptions, upkeep
from webhooks.models import Attempt, Delivery, IdempotencyKey, Webhook
from webhooks.queue import Claimed

pytestmark = pytest.mark.django_db


@pytest.fixture
def webhook(chatbot: Chatbot) -> Webhook:
    made, _ = subscriptions.create(
        chatbot, url="https://example.com/hook", event="USER_MESSAGE_SENT", secret="a secret"
    )
    return made


def event_of(chatbot: Chatbot) -> Event:
    event = events.build(
        chatbot,
        "USER_MESSAGE_SENT",
        events.sample("USER_MESSAGE_SENT", chatbot),
        source=EventSource.API,
    )
    event.save(force_insert=True)
    outbox.fan_out([event])
    return event


def failing_for(webhook: Webhook, days: float) -> None:
    """The first failure was so long ago, and the last just now."""
    now = timezone.now()
    Webhook.objects.filter(pk=webhook.pk).update(
        failing_since=now - timedelta(days=days), last_failure_at=now
    )


def test_a_webhook_that_fails_for_five_days_is_disabled_and_its_deliveries_wait(
    webhook: Webhook,
) -> None:
    event_of(webhook.chatbot)
    failing_for(webhook, 5.01)

    assert upkeep.disable_long_failing() == 1

    webhook.refresh_from_db()
    assert webhook.status == "disabled"
    assert "5 days" in webhook.status_reason
    assert Delivery.objects.get().status == "held"
    assert subscriptions.enable(webhook) == 1
    assert Delivery.objects.get().status == "pending"


def test_one_failure_long_ago_disables_nothing(webhook: Webhook) -> None:
    """Its receiver was mended, and nothing was sent since but a test."""
    event_of(webhook.chatbot)
    then = timezone.now() - timedelta(days=6)
    Webhook.objects.update(failing_since=then, last_failure_at=then + timedelta(days=4.99))

    assert upkeep.disable_long_failing() == 0

    (failed,) = claim_all()
    queue.present().record([finish(failed, "failed")])
    assert upkeep.disable_long_failing() == 1


def test_the_last_failure_is_known_to_within_a_minute(webhook: Webhook) -> None:
    add_due(webhook, 3)
    first, second, third = claim_all()

    def fails(claimed: Claimed) -> tuple[datetime, datetime]:
        queue.present().record([finish(claimed, "failed")])
        webhook.refresh_from_db()
        assert webhook.failing_since is not None
        assert webhook.last_failure_at is not None
        return webhook.failing_since, webhook.last_failure_at

    since, last = fails(first)
    assert since == last
    # Not a write for each failure.
    assert fails(second) == (since, last)
    Webhook.objects.update(last_failure_at=last - timedelta(seconds=61))
    since_then, later = fails(third)
    assert since_then == since
    assert later > last


def test_a_success_that_nobody_told_of_keeps_a_webhook(webhook: Webhook) -> None:
    """Its worker told of another success a moment before, or died."""
    event_of(webhook.chatbot)
    failing_for(webhook, 5.01)
    success = timezone.now() - timedelta(days=5)
    Delivery.objects.update(status="succeeded", finished_at=success)

    assert upkeep.disable_long_failing() == 0

    webhook.refresh_from_db()
    assert (webhook.status, webhook.failing_since) == ("active", None)


def test_a_webhook_that_fails_for_less_stays(webhook: Webhook) -> None:
    failing_for(webhook, 4.99)

    assert upkeep.disable_long_failing() == 0

    webhook.refresh_from_db()
    assert webhook.status == "active"


def test_the_people_of_the_account_are_told_once(webhook: Webhook, member: object) -> None:
    failing_for(webhook, 6)
    upkeep.disable_long_failing()

    assert notices.send_due() == 1
    assert notices.send_due() == 0

    (message,) = mail.outbox
    assert message.to == [getattr(member, "email")]  # noqa: B009 - whatever the user model is
    assert webhook.url in message.body
    assert "enable it" in message.body
    assert webhook.secret not in message.body


def test_a_mail_server_that_fails_leaves_the_notice_due(
    webhook: Webhook, member: object, settings: object
) -> None:
    failing_for(webhook, 6)
    upkeep.disable_long_failing()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # type: ignore[attr-defined]
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # type: ignore[attr-defined]

    assert notices.send_due() == 0

    webhook.refresh_from_db()
    assert webhook.notice_due


def aged(event: Event, days: int) -> None:
    """Give `event` an id of that many days ago."""
    from chatbots.cuid import cuid_floor

    new = cuid_floor(timezone.now() - timedelta(days=days)) + event.pk[9:]
    old = event.pk
    Event.objects.filter(pk=old).update(id=new)
    Delivery.objects.filter(event_id=old).update(event_id=new)


def test_old_finished_events_are_forgotten_with_all_that_belongs_to_them(
    webhook: Webhook, settings: object
) -> None:
    old, waiting, new = (event_of(webhook.chatbot) for _ in range(3))
    delivery = Delivery.objects.get(event=old)
    Attempt.objects.create(
        delivery=delivery,
        number=1,
        started_at=timezone.now(),
        duration_ms=3,
        url=webhook.url,
        request_head=b"",
        response_head=b"",
        response_body=b"",
    )
    Delivery.objects.filter(event__in=[old, new]).update(status="succeeded")
    aged(old, 31)
    aged(waiting, 31)

    assert upkeep.prune() == 1

    assert Attempt.objects.count() == 0
    assert {delivery.status for delivery in Delivery.objects.all()} == {"pending", "succeeded"}
    assert Event.objects.filter(pk=new.pk).exists()
    assert Event.objects.count() == 2


def test_what_waits_for_a_disabled_webhook_is_forgotten_with_its_event(webhook: Webhook) -> None:
    held, young, due = (event_of(webhook.chatbot) for _ in range(3))
    Delivery.objects.filter(event__in=[held, young]).update(status="held")
    aged(held, 31)
    aged(due, 31)

    assert upkeep.prune() == 1
    assert set(Delivery.objects.values_list("status", "event")) == {
        ("held", young.pk),
        ("pending", Event.objects.exclude(pk=young.pk).get().pk),
    }
    # What is enabled in time is sent, however old.
    Delivery.objects.filter(event=young).update(status="pending")
    aged(young, 31)
    assert upkeep.prune() == 0


def test_idempotency_keys_are_forgotten_after_a_day(chatbot: Chatbot) -> None:
    for hours in (23, 25):
        IdempotencyKey.objects.create(
            account=chatbot.account,
            key=f"key of {hours} hours",
            request_hash="",
            created_at=timezone.now() - timedelta(hours=hours),
        )

    upkeep.prune()

    assert [key.key for key in IdempotencyKey.objects.all()] == ["key of 23 hours"]
