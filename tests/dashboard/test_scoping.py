"""A member sees and reaches their own accounts' things and nobody else's."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from chatbots.models import ApiKey, Chatbot
from tests.dashboard import pages
from tests.dashboard.conftest import Everything
from webhooks.models import Delivery, DeliveryStatus, Webhook, WebhookStatus


def test_a_member_sees_their_own_things_everywhere(
    browser_of_member: Client, own: Everything
) -> None:
    for address in pages.lists() + pages.of(own):
        assert browser_of_member.get(address).status_code == 200, address
    assert b"heron" in browser_of_member.get(reverse("admin:webhooks_delivery_changelist")).content


def test_nothing_of_another_account_is_on_any_page_of_a_member(
    browser_of_member: Client, own: Everything, others: Everything
) -> None:
    for address in pages.lists() + pages.of(own):
        text = browser_of_member.get(address).content.decode()
        for trace in ("zebra", others.chatbot.pk, others.conversation.pk, others.event.pk):
            assert trace not in text, (address, trace)


def test_the_pages_of_another_account_are_not_there_for_a_member(
    browser_of_member: Client, own: Everything, others: Everything
) -> None:
    for address in pages.of(others):
        answer = browser_of_member.get(address)
        assert answer.status_code in {302, 403, 404}, address
        assert b"zebra" not in answer.content


def test_a_member_can_do_nothing_to_another_account(
    browser_of_member: Client, own: Everything, others: Everything
) -> None:
    for address in pages.actions(others):
        assert browser_of_member.post(address, {}).status_code in {302, 403, 404}, address
    webhook = Webhook.objects.get(pk=others.webhook.pk)
    assert webhook.status == WebhookStatus.ACTIVE
    assert webhook.encrypted_secret == others.webhook.encrypted_secret
    assert Delivery.objects.get(pk=others.delivery.pk).status == DeliveryStatus.FAILED
    assert ApiKey.objects.get(pk=others.key.pk).revoked_at is None


@pytest.mark.parametrize("model", pages.LISTS)
def test_a_search_finds_nothing_of_another_account(
    browser_of_member: Client, own: Everything, others: Everything, model: str
) -> None:
    address = reverse(f"admin:{model}_changelist")
    for words in ("zebra", others.event.pk, others.conversation.pk, str(others.delivery.pk)):
        text = browser_of_member.get(address, {"q": words}).content.decode()
        assert "zebra account" not in text
        assert "zebra guest" not in text
        assert "zebra bot" not in text
        assert "8000/zebra" not in text


@pytest.mark.parametrize(
    ("model", "query"),
    [
        ("webhooks_delivery", "webhook__id__exact={0.webhook.pk}"),
        ("chatbots_event", "chatbot__id__exact={0.chatbot.pk}"),
        ("chatbots_conversation", "chatbot__id__exact={0.chatbot.pk}"),
        ("chatbots_chatbot", "account__id__exact={0.account.pk}"),
    ],
)
def test_a_filter_shows_nothing_of_another_account(
    browser_of_member: Client, own: Everything, others: Everything, model: str, query: str
) -> None:
    address = reverse(f"admin:{model}_changelist")
    text = browser_of_member.get(f"{address}?{query.format(others)}").content.decode()
    assert "zebra" not in text


@pytest.mark.parametrize(
    ("model", "lookup"),
    [
        ("webhooks_webhook", "encrypted_secret__startswith=g"),
        ("chatbots_apikey", "hash__startswith=a"),
        ("webhooks_delivery", "webhook__encrypted_secret__startswith=g"),
        ("chatbots_chatbot", "account__members__password__startswith=m"),
        ("auth_user", "password__startswith=m"),
    ],
)
def test_a_hidden_value_cannot_be_guessed_through_the_address(
    browser_of_member: Client, own: Everything, model: str, lookup: str
) -> None:
    answer = browser_of_member.get(reverse(f"admin:{model}_changelist") + f"?{lookup}")
    assert answer.status_code in {302, 400, 403}


def test_another_accounts_chatbot_cannot_be_given_a_webhook(
    browser_of_member: Client, own: Everything, others: Everything
) -> None:
    answer = browser_of_member.post(
        reverse("admin:webhooks_webhook_add"),
        {
            "chatbot": others.chatbot.pk,
            "url": "http://127.0.0.1:8000/x",
            "event": "HUMAN_HANDOVER",
            "secret": "s",
            "retry_schedule": "standard",
        },
    )
    assert "Select a valid choice" in answer.content.decode()
    assert not Webhook.objects.filter(event="HUMAN_HANDOVER").exists()


def test_a_chatbot_cannot_be_made_in_another_account(
    browser_of_member: Client, own: Everything, others: Everything
) -> None:
    form = {
        "account": others.account.pk,
        "name": "intruder",
        "greeting": "Hi",
        "fallback_reply": "No",
        "support_email": "",
        "live_chat_enabled": "on",
        "answers-TOTAL_FORMS": 0,
        "answers-INITIAL_FORMS": 0,
        "form_title": "Ask us",
        "form_fields-TOTAL_FORMS": 0,
        "form_fields-INITIAL_FORMS": 0,
    }
    browser_of_member.post(reverse("admin:chatbots_chatbot_add"), form)
    assert not Chatbot.objects.filter(name="intruder").exists()
    browser_of_member.post(
        reverse("admin:chatbots_chatbot_add"), form | {"account": own.account.pk}
    )
    assert Chatbot.objects.get(name="intruder").account == own.account


def test_a_key_cannot_be_made_for_another_account(
    browser_of_member: Client, own: Everything, others: Everything
) -> None:
    browser_of_member.post(
        reverse("admin:chatbots_apikey_add"), {"account": others.account.pk, "name": "intruder"}
    )
    assert not ApiKey.objects.filter(name="intruder").exists()


def test_a_member_cannot_change_the_plan_or_the_members(
    browser_of_member: Client, own: Everything, others: Everything, operator: User
) -> None:
    address = reverse("admin:chatbots_account_change", args=[own.account.pk])
    browser_of_member.post(
        address,
        {
            "name": "New name",
            "plan": "enterprise",
            "memberships-TOTAL_FORMS": 1,
            "memberships-INITIAL_FORMS": 0,
            "memberships-0-user": operator.pk,
        },
    )
    own.account.refresh_from_db()
    assert (own.account.name, own.account.plan) == ("New name", "basic")
    assert operator not in own.account.members.all()
    assert operator.username not in browser_of_member.get(address).content.decode()


def test_a_member_sees_no_people_and_cannot_look_them_up(
    browser_of_member: Client, own: Everything, operator: User
) -> None:
    assert browser_of_member.get(reverse("admin:auth_user_changelist")).status_code == 403
    looked_up = browser_of_member.get(
        reverse("admin:autocomplete"),
        {"app_label": "chatbots", "model_name": "membership", "field_name": "user", "term": "op"},
    )
    assert looked_up.status_code == 403


def test_an_operator_sees_every_account(
    browser_of_operator: Client, own: Everything, others: Everything
) -> None:
    for address in [*pages.lists(), *pages.of(own), *pages.of(others)]:
        assert browser_of_operator.get(address).status_code == 200, address
    text = browser_of_operator.get(reverse("admin:webhooks_webhook_changelist")).content.decode()
    assert "zebra" in text
    assert "heron" in text


def test_staff_without_an_account_sees_nothing(db: None, others: Everything) -> None:
    nobody = User.objects.create_user("nobody", password="password", is_staff=True)
    client = Client()
    client.force_login(nobody)
    for address in pages.lists():
        answer = client.get(address)
        assert answer.status_code in {200, 403}, address
        assert b"zebra" not in answer.content


def test_without_a_login_every_page_leads_to_it(db: None, others: Everything) -> None:
    for address in pages.lists() + pages.of(others):
        answer = Client().get(address)
        assert answer.status_code == 302, address
        assert "/login/" in answer["Location"]
