"""Webhooks → Connect & Manage: adding one, and what can be done with it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chatbots.models import Chatbot, Plan
from tests.dashboard.conftest import SECRET, deliver
from webhooks import breaker, presence, subscriptions
from webhooks.models import Delivery, DeliveryStatus, Endpoint, Webhook, WebhookStatus

ADD = "/webhooks/webhook/add/"


def filled(chatbot: Chatbot, **changed: str) -> dict[str, str]:
    return {
        "chatbot": chatbot.pk,
        "url": "http://127.0.0.1:9000/hook",
        "event": "HUMAN_HANDOVER",
        "secret": SECRET,
        "retry_schedule": "quick",
        "description": "mine",
    } | changed


def page_of(webhook: Webhook, name: str = "change") -> str:
    return reverse(f"admin:webhooks_webhook_{name}", args=[webhook.pk])


def test_a_webhook_is_added_and_its_page_says_what_comes_next(
    browser_of_member: Client, chatbot: Chatbot
) -> None:
    answer = browser_of_member.post(ADD, filled(chatbot), follow=True)
    webhook = Webhook.objects.get()
    assert answer.redirect_chain == [(page_of(webhook), 302)]
    assert (webhook.url, webhook.event, webhook.retry_schedule) == (
        "http://127.0.0.1:9000/hook",
        "HUMAN_HANDOVER",
        "quick",
    )
    assert webhook.secret == SECRET
    assert "Send a test payload" in answer.content.decode()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"url": ""}, "URL"),
        ({"url": "ftp://example.com/"}, "is not possible"),
        ({"url": "http://[bad"}, "closing bracket"),
        ({"secret": ""}, "Enter a secret"),
        ({"secret": "a\tb"}, "control character"),
        ({"event": "NOTHING"}, "Select a valid choice"),
    ],
)
def test_a_mistake_is_said_at_its_field_and_nothing_is_added(
    browser_of_member: Client, chatbot: Chatbot, changed: dict[str, str], said: str
) -> None:
    text = browser_of_member.post(ADD, filled(chatbot, **changed)).content.decode()
    errors = re.findall(r"<li>\s*(.*?)\s*</li>", text, re.DOTALL)
    assert any(said in error for error in errors), errors
    assert not Webhook.objects.exists()


def test_what_has_to_be_filled_in_is_marked(browser_of_member: Client, webhook: Webhook) -> None:
    def marked(address: str) -> list[str]:
        text = browser_of_member.get(address).content.decode()
        return re.findall(r"<label[^>]*>\s*([^<]+?)<span[^>]*>\*</span>", text)

    assert marked(ADD) == ["Chatbot", "Endpoint URL", "Event type", "Secret key", "Retries"]
    assert marked(page_of(webhook, "edit")) == ["Endpoint URL", "Event type", "Retries"]


def test_a_private_address_is_refused_outside_the_sandbox(
    browser_of_member: Client, chatbot: Chatbot, settings: Any
) -> None:
    settings.SANDBOX = False
    answer = browser_of_member.post(ADD, filled(chatbot, url="https://10.1.2.3/hook"))
    assert answer.status_code == 200
    assert not Webhook.objects.exists()
    assert "wc-sandbox" not in answer.content.decode()


def test_a_duplicate_is_told_which_one_to_change(
    browser_of_member: Client, chatbot: Chatbot, webhook: Webhook
) -> None:
    again = filled(chatbot, url=webhook.url, event=webhook.event)
    text = browser_of_member.post(ADD, again).content.decode()
    assert "This chatbot already sends this event to this URL." in text
    assert Webhook.objects.count() == 1


def test_one_webhook_too_many_is_told_so(
    browser_of_member: Client,
    chatbot: Chatbot,
    webhook: Webhook,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subscriptions, "MOST_PER_CHATBOT", 1)
    text = browser_of_member.post(ADD, filled(chatbot)).content.decode()
    assert "This chatbot has 1 webhook; a chatbot can have 1 at most." in text
    assert Webhook.objects.count() == 1


def test_a_plan_without_webhooks_is_told_so(browser_of_member: Client, chatbot: Chatbot) -> None:
    chatbot.account.plan = Plan.FREE
    chatbot.account.save()
    text = browser_of_member.post(ADD, filled(chatbot)).content.decode()
    assert "Webhooks are available on Basic plans and above" in text
    assert not Webhook.objects.exists()


def test_editing_changes_everything_but_the_secret(
    browser_of_member: Client, webhook: Webhook
) -> None:
    form = {"url": "http://127.0.0.1:9000/new", "event": "HUMAN_HANDOVER", "retry_schedule": "none"}
    answer = browser_of_member.post(
        page_of(webhook, "edit"), form | {"ordered": "on", "secret": "ignored"}
    )
    assert answer.status_code == 302
    webhook.refresh_from_db()
    assert (webhook.url, webhook.event, webhook.ordered) == (form["url"], "HUMAN_HANDOVER", True)
    assert webhook.secret == SECRET
    text = browser_of_member.post(page_of(webhook, "edit"), form | {"url": "x"}).content.decode()
    assert "wc-form" in text


def test_disabling_holds_and_enabling_sends_what_waited(
    browser_of_member: Client, webhook: Webhook
) -> None:
    assert browser_of_member.post(page_of(webhook, "disable")).status_code == 302
    webhook.refresh_from_db()
    assert webhook.status == WebhookStatus.DISABLED
    delivery = deliver(webhook, DeliveryStatus.HELD, attempts=0)
    text = browser_of_member.get(page_of(webhook)).content.decode()
    assert "Disabled by member in the dashboard." in text
    assert "1 delivery waits for it and goes out when it is enabled." in text
    assert "What waits is kept for 30 days after it happened." in text
    answer = browser_of_member.post(page_of(webhook, "enable"), follow=True)
    assert "1 delivery that waited" in answer.content.decode()
    delivery.refresh_from_db()
    assert delivery.status == DeliveryStatus.PENDING


def test_what_changes_something_is_not_done_by_a_link_or_from_another_site(
    webhook: Webhook, browser_of_member: Client
) -> None:
    for name in ("enable", "disable", "remove"):
        assert browser_of_member.get(page_of(webhook, name)).status_code == 405
    stranger = Client(enforce_csrf_checks=True)
    stranger.cookies = browser_of_member.cookies
    for name in ("enable", "disable", "remove", "rotate", "recover", "test", "edit"):
        assert stranger.post(page_of(webhook, name)).status_code == 403, name
    webhook.refresh_from_db()
    assert webhook.status == WebhookStatus.ACTIVE


def test_a_deleted_webhook_leaves_the_list_and_keeps_its_log(
    browser_of_member: Client, webhook: Webhook
) -> None:
    delivery = deliver(webhook)
    listed = reverse("admin:webhooks_webhook_changelist")
    assert webhook.url in browser_of_member.get(listed).content.decode()
    browser_of_member.post(page_of(webhook, "remove"))
    rows = browser_of_member.get(listed, {"status": ""}).content.decode()
    assert "wc-url" not in rows
    assert webhook.url in browser_of_member.get(listed, {"status": "deleted"}).content.decode()
    page = reverse("admin:webhooks_delivery_change", args=[delivery.pk])
    assert "Succeeded at the first attempt" in browser_of_member.get(page).content.decode()
    assert "Resend" not in browser_of_member.get(page).content.decode()


def test_a_made_secret_is_shown_once(browser_of_member: Client, webhook: Webhook) -> None:
    answer = browser_of_member.post(page_of(webhook, "rotate"), {"secret": ""})
    webhook.refresh_from_db()
    assert webhook.secret != SECRET
    assert webhook.secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert webhook.secret not in browser_of_member.get(page_of(webhook)).content.decode()
    assert webhook.secret not in browser_of_member.get(page_of(webhook, "rotate")).content.decode()


def test_a_given_secret_is_never_written_back(browser_of_member: Client, webhook: Webhook) -> None:
    answer = browser_of_member.post(page_of(webhook, "rotate"), {"secret": "my own new secret"})
    webhook.refresh_from_db()
    assert webhook.secret == "my own new secret"
    assert "my own new secret" not in answer.content.decode()


def test_a_test_payload_is_sent_as_it_was_edited(
    browser_of_member: Client, webhook: Webhook
) -> None:
    form = browser_of_member.get(page_of(webhook, "test"))
    assert "What are your business hours?" in form.content.decode()
    sent = {
        "value-userMessage": 'Zoë 🎉 "quoted" \\ </script>',
        "mode-userMessage": "value",
        "mode-name": "null",
        "mode-email": "absent",
        "badSignature": "on",
        "timestampSkewSeconds": "-600",
    }
    answer = browser_of_member.post(page_of(webhook, "test"), sent)
    delivery = Delivery.objects.get()
    assert answer["Location"] == reverse("admin:webhooks_delivery_change", args=[delivery.pk])
    assert delivery.is_test
    assert delivery.simulate == {"badSignature": True, "timestampSkewSeconds": -600}
    body = bytes(delivery.event.body).decode()
    assert '"userMessage":"Zoë 🎉 \\"quoted\\" \\\\ </script>"' in body
    assert '"name":null' in body
    assert '"email"' not in body


def test_a_simulation_that_is_not_possible_is_said(
    browser_of_member: Client, webhook: Webhook
) -> None:
    for wrong in ({"copies": "101"}, {"timestampSkewSeconds": "9999999999999"}):
        answer = browser_of_member.post(page_of(webhook, "test"), wrong)
        assert answer.status_code == 200
    assert not Delivery.objects.exists()


def test_a_failing_webhook_says_since_when(browser_of_member: Client, webhook: Webhook) -> None:
    webhook.failing_since = timezone.now() - timedelta(hours=5)
    webhook.save()
    assert "Failing for" in browser_of_member.get(page_of(webhook)).content.decode()
    listed = reverse("admin:webhooks_webhook_changelist")
    assert webhook.url in browser_of_member.get(listed, {"status": "failing"}).content.decode()
    assert webhook.url in browser_of_member.get(reverse("admin:index")).content.decode()


def test_a_webhook_that_is_not_there_is_not_found(browser_of_member: Client, db: None) -> None:
    for address in ("/webhooks/webhook/99/change/", "/webhooks/webhook/99/edit/"):
        assert browser_of_member.get(address).status_code == 404
    assert browser_of_member.get("/webhooks/webhook/abc/change/").status_code == 404


def test_nobody_deletes_a_webhook_with_its_history(
    browser_of_operator: Client, webhook: Webhook
) -> None:
    assert browser_of_operator.post(page_of(webhook, "delete"), {"post": "yes"}).status_code == 403
    assert Webhook.objects.filter(pk=webhook.pk).exists()


def test_a_held_endpoint_is_shown_and_let_go(browser_of_member: Client, webhook: Webhook) -> None:
    presence.report("a worker")
    breaker.hold(Endpoint, webhook.endpoint_id, "timeout")
    waiting = deliver(webhook, DeliveryStatus.PENDING, attempts=0)
    Delivery.objects.filter(pk=waiting.pk).update(due_at=timezone.now() - timedelta(seconds=1))

    page = browser_of_member.get(page_of(webhook)).content.decode()
    assert "The endpoint is held back" in page
    endpoint = Endpoint.objects.get(pk=webhook.endpoint_id)
    assert endpoint.held_since is not None
    assert endpoint.held_until is not None
    since, until = f"{endpoint.held_since:%H:%M}", f"{endpoint.held_until:%H:%M:%S}"
    because = "because 20 in a row timed out"
    assert f"Held back until {until} UTC {because}, since {since} UTC." in page
    of_delivery = reverse("admin:webhooks_delivery_change", args=[waiting.pk])
    assert "Its endpoint is held back" in browser_of_member.get(of_delivery).content.decode()

    assert browser_of_member.get(page_of(webhook, "let_go")).status_code == 405
    Webhook.objects.update(asked_to_wait_until=timezone.now() + timedelta(hours=1))
    asked = browser_of_member.get(page_of(webhook)).content.decode()
    assert "The receiver asked to be left alone" in asked
    answer = browser_of_member.post(page_of(webhook, "let_go"), follow=True)

    assert "held back no more" in answer.content.decode()
    webhook.refresh_from_db()
    assert webhook.endpoint.held_since is None
    assert webhook.asked_to_wait_until is None
