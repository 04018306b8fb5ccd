"""What was given up while a webhook failed is counted wherever it is said that it was disabled."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from chatbots.models import Chatbot
from tests.api.conftest import Api
from tests.webhooks.due import add_due, add_webhook, claim_all, finish, states
from webhooks import given_up, notices, queue, recovery, subscriptions, upkeep
from webhooks.models import Delivery, Webhook

pytestmark = pytest.mark.django_db


@pytest.fixture
def webhook(chatbot: Chatbot) -> Webhook:
    return add_webhook(chatbot)


def fails_for_five_days(webhook: Webhook) -> tuple[list[int], list[int]]:
    """The deliveries that were given up in that time, and those that wait; others were given up
    before, in another trouble."""
    now = timezone.now()
    since = now - timedelta(days=5, minutes=1)
    add_due(webhook, 4, status="failed", created_at=since - timedelta(days=2),
            finished_at=since - timedelta(days=1))  # fmt: skip
    lost = add_due(
        webhook,
        3,
        status="failed",
        # Made in the hours before, when all was well.
        created_at=since - timedelta(hours=1),
        finished_at=since + timedelta(days=1),
    )
    waiting = add_due(webhook, 2)
    Webhook.objects.update(failing_since=since, last_failure_at=now)
    assert upkeep.disable_long_failing() == 1
    webhook.refresh_from_db()
    return lost, waiting


def test_it_is_said_in_the_reason_and_the_log(
    webhook: Webhook, api_key: str, caplog: pytest.LogCaptureFixture
) -> None:
    fails_for_five_days(webhook)
    said = "3 deliveries were given up before; Recover sends them again."
    reason = Api(api_key).get(f"/webhooks/{webhook.pk}").json()["statusReason"]
    assert reason == f"Every delivery failed for 5 days. {said}"
    assert said in caplog.text


def test_the_mail_and_the_page_lead_to_recovering_just_these(
    webhook: Webhook, member: User, settings: Settings
) -> None:
    settings.DASHBOARD_ORIGIN = "https://dashboard.example.com"
    lost, waiting = fails_for_five_days(webhook)
    assert notices.send_due() == 1
    (message,) = mail.outbox
    assert "3 deliveries were given up before that." in message.body
    (address,) = re.findall(r"https://dashboard\.example\.com(/\S+)", str(message.body))

    browser = Client()
    browser.force_login(member)
    page = browser.get(reverse("admin:webhooks_webhook_change", args=[webhook.pk]))
    shown = unescape(page.content.decode())
    assert "3 deliveries were given up before; enabling it does not send that." in shown
    assert address.partition("&until")[0] in shown

    recover = browser.get(address)
    text = recover.content.decode()
    assert "<strong>3 deliveries</strong> failed in this window" in text
    window = {
        name: re.findall(rf'name="{name}" value="([^"]+)"', text)[0] for name in ("since", "until")
    }
    browser.post(address.partition("?")[0], window)
    enabled = browser.post(
        reverse("admin:webhooks_webhook_enable", args=[webhook.pk]), follow=True
    ).content.decode()
    assert "5 deliveries that waited for it are due now" in enabled
    assert "given up before" not in enabled
    assert states([*lost, *waiting]) == ["pending"] * 5
    assert Delivery.objects.filter(status="failed").count() == 4


def test_whoever_enables_it_first_is_led_there_too(webhook: Webhook, member: User) -> None:
    fails_for_five_days(webhook)
    browser = Client()
    browser.force_login(member)
    answer = browser.post(reverse("admin:webhooks_webhook_enable", args=[webhook.pk]), follow=True)
    shown = unescape(answer.content.decode())
    assert "3 deliveries were given up before." in shown
    (address,) = re.findall(r'href="(/\S+recover/\?\S+)"', shown)
    assert "<strong>3 deliveries</strong>" in browser.get(address).content.decode()


def test_where_nothing_was_given_up_nothing_is_said_of_it(webhook: Webhook, member: User) -> None:
    now = timezone.now()
    Webhook.objects.update(failing_since=now - timedelta(days=6), last_failure_at=now)
    upkeep.disable_long_failing()
    webhook.refresh_from_db()
    assert webhook.status_reason == "Every delivery failed for 5 days."
    notices.send_due()
    assert "given up before" not in mail.outbox[0].body


def test_the_first_of_the_failures_is_among_them(chatbot: Chatbot) -> None:
    webhook = add_webhook(chatbot, retry_schedule="none")
    add_due(webhook, created_at=timezone.now() - timedelta(hours=1))
    (first,) = claim_all()
    queue.present().record([finish(first, "failed")])
    webhook.refresh_from_db()
    found = given_up.while_failing(webhook)
    assert found is not None
    assert (found.count, found.how_many) == (1, "1 delivery")
    assert found.since < datetime.now(found.since.tzinfo) < found.until
    assert recovery.find(webhook, found.since, found.until).total == 1
    subscriptions.enable(webhook)
    assert given_up.while_failing(webhook) is None
