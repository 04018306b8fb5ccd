"""Below the Basic plan nothing is sent, and every page says so; the chats go on as ever."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chatbots import conversation as chat
from chatbots.membership import NAMED
from chatbots.models import Account, Event, Plan
from tests.dashboard.conftest import Everything, deliver
from webhooks.models import Delivery, DeliveryStatus

SAID = "Nothing is sent for heron account"


@pytest.fixture
def short(own: Everything) -> Everything:
    """The member's own things, after their account's plan was lowered."""
    own.account.plan = Plan.LITE
    own.account.save()
    return own


def pages(things: Everything) -> list[str]:
    webhook = [things.webhook.pk]
    return [
        reverse("admin:index"),
        reverse("admin:webhooks_webhook_changelist"),
        reverse("admin:webhooks_webhook_add"),
        reverse("admin:webhooks_delivery_changelist"),
        reverse("admin:chatbots_event_changelist"),
        *(
            reverse(f"admin:webhooks_webhook_{name}", args=webhook)
            for name in ("change", "test", "recover")
        ),
        reverse("admin:chatbots_chatbot_change", args=[things.chatbot.pk]),
        reverse("admin:chatbots_account_change", args=[things.account.pk]),
        reverse("admin:scenarios", args=[things.chatbot.pk]),
    ]


def test_every_page_about_webhooks_says_that_nothing_is_sent(
    browser_of_member: Client, browser_of_operator: Client, own: Everything
) -> None:
    for client in (browser_of_member, browser_of_operator):
        for address in pages(own):
            assert "Nothing is sent for" not in client.get(address).content.decode(), address
    Account.objects.filter(pk=own.account.pk).update(plan=Plan.LITE)
    change = f'href="{reverse("admin:chatbots_account_change", args=[own.account.pk])}"'
    for address in pages(own):
        text = browser_of_member.get(address).content.decode()
        assert text.count(SAID) == 1, address
        assert "this account is on the Lite plan" in text
        assert f"{change}>Change the plan" not in text
        text = browser_of_operator.get(address).content.decode()
        assert text.count(SAID) == 1, address
        assert f"{change}>Change the plan" in text


def test_the_list_of_webhooks_says_it_of_each(
    browser_of_operator: Client, short: Everything, others: Everything
) -> None:
    text = browser_of_operator.get(reverse("admin:webhooks_webhook_changelist")).content.decode()
    assert text.count("Not in the plan") == 1
    assert text.count(">Active</span>") == 1


def test_another_accounts_plan_is_nobodys_business(
    browser_of_member: Client, own: Everything, others: Everything
) -> None:
    Account.objects.filter(pk=others.account.pk).update(plan=Plan.FREE)
    for address in pages(own):
        assert "Nothing is sent for" not in browser_of_member.get(address).content.decode()


def test_of_many_accounts_a_few_are_named_and_the_rest_are_counted(
    browser_of_operator: Client, db: None
) -> None:
    for number in range(NAMED + 2):
        Account.objects.create(name=f"Free {number}", plan=Plan.FREE)
    text = browser_of_operator.get(reverse("admin:index")).content.decode()
    assert text.count("Nothing is sent for") == NAMED
    assert "And for 2 more accounts" in text


def test_a_conversation_goes_on_and_its_events_are_recorded_and_sent_nowhere(
    browser_of_member: Client, short: Everything
) -> None:
    visitor = Client()
    address = f"/chatbot/{short.chatbot.pk}"
    assert "the account's Lite plan has no webhooks" in visitor.get(address).content.decode()
    assert "the account's Lite plan has no webhooks" in (
        visitor.get(f"{address}/whatsapp").content.decode()
    )
    before = Delivery.objects.count()
    said = visitor.post(f"{address}/messages", {"text": "hello"}, content_type="application/json")
    assert said.status_code == 200
    event = Event.objects.latest("id")
    assert json.loads(bytes(event.body))["data"]["userMessage"] == "hello"
    assert Delivery.objects.count() == before
    conversation = reverse("admin:chatbots_conversation_change", args=[event.chatlog_id])
    for page in (conversation, reverse("admin:chatbots_event_change", args=[event.pk])):
        assert "Lite plan" in browser_of_member.get(page).content.decode(), page


def test_a_visitor_outside_the_sandbox_hears_nothing_of_plans(
    settings: object, short: Everything
) -> None:
    settings.SANDBOX = False  # type: ignore[attr-defined]
    assert "plan" not in Client().get(f"/chatbot/{short.chatbot.pk}").content.decode()


def test_nothing_is_sent_again_below_basic(browser_of_member: Client, short: Everything) -> None:
    resend = reverse("admin:webhooks_delivery_resend", args=[short.delivery.pk])
    text = browser_of_member.post(resend, follow=True).content.decode()
    assert "Webhooks are available on Basic plans and above" in text
    window = {"since": (timezone.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")}
    recover = reverse("admin:webhooks_webhook_recover", args=[short.webhook.pk])
    text = browser_of_member.post(recover, window).content.decode()
    assert "Webhooks are available on Basic plans and above" in text
    short.delivery.refresh_from_db()
    assert short.delivery.status == DeliveryStatus.FAILED


def test_what_waited_says_that_it_waits_for_a_plan_with_webhooks(
    browser_of_member: Client, own: Everything
) -> None:
    waits = deliver(own.webhook, DeliveryStatus.PENDING)
    own.account.plan = Plan.FREE
    own.account.save()
    page = reverse("admin:webhooks_delivery_change", args=[waits.pk])
    text = browser_of_member.get(page).content.decode()
    assert "plan has no webhooks. With Basic or above, this is sent." in text
    own.account.plan = Plan.PRO
    own.account.save()
    waits.refresh_from_db()
    assert waits.status == DeliveryStatus.PENDING


def test_a_handover_is_fired_and_mailed_whatever_the_plan(short: Everything) -> None:
    reply = chat.hand_over(short.chatbot, "Help!")
    assert [event.type for event in reply.events] == ["HUMAN_HANDOVER"]
    assert reply.conversation.support_emails.count() == 1
