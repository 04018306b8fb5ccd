"""A conversation's page: what was said, and what went to the support e-mail."""

from __future__ import annotations

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from chatbots import conversation as chat
from chatbots import handover_mail
from chatbots.conversation import Contact
from chatbots.models import Conversation, SupportEmail
from tests.dashboard.conftest import Everything


def page_of(client: Client, conversation: Conversation) -> str:
    address = reverse("admin:chatbots_conversation_change", args=[conversation.pk])
    return client.get(address).content.decode()


def test_the_support_email_is_shown_with_the_form_and_what_became_of_it(
    browser_of_member: Client, own: Everything, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = chat.hand_over(
        own.chatbot,
        "Third time I ask: where is my refund?",
        contact=Contact(name="<b>Zoë</b>"),
        form_fields={"Order <number>": "A-7 <i>", "Topic": ""},
    ).conversation
    text = page_of(browser_of_member, conversation)
    assert "Support e-mail" in text
    assert "s@example.com" in text
    assert ">Pending</span>" in text
    assert "Order &lt;number&gt;" in text
    assert "A-7 &lt;i&gt;" in text
    assert "not filled in" in text
    assert "Subject: [HIGH] &lt;b&gt;Zoë&lt;/b&gt; asks for a person (heron bot)" in text
    assert "HIGH because: " in text

    assert handover_mail.send_due() == 1
    text = page_of(browser_of_member, conversation)
    assert ">Sent</span>" in text
    # What is shown is what was sent.
    for line in str(mail.outbox[0].body).splitlines():
        if "<" not in line and "'" not in line:
            assert line in text

    SupportEmail.objects.update(status="failed", error="SMTPException: mailbox <full>")
    text = page_of(browser_of_member, conversation)
    assert ">Failed</span>" in text
    assert "SMTPException: mailbox &lt;full&gt;" in text


def test_without_a_handover_there_is_no_support_email(
    browser_of_member: Client, own: Everything
) -> None:
    text = page_of(browser_of_member, own.conversation)
    assert "heron said" in text
    assert "Support e-mail" not in text


def test_a_visitor_is_found_by_their_phone_number(
    browser_of_member: Client, own: Everything
) -> None:
    Conversation.objects.create(chatbot=own.chatbot, channel="whatsapp", phone_number="+4915155")
    found = browser_of_member.get(reverse("admin:chatbots_conversation_changelist"), {"q": "15155"})
    assert "+4915155" in found.content.decode()
    assert own.conversation.pk not in found.content.decode()
