"""The agent's side of a live chat, on the conversation's page."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from chatbots import conversation as chat
from chatbots.models import Conversation, ConversationState, Message, MessageType
from tests.dashboard.conftest import Everything


def page_of(conversation: Conversation, name: str = "change") -> str:
    return reverse(f"admin:chatbots_conversation_{name}", args=[conversation.pk])


def waiting(things: Everything) -> Conversation:
    reply = chat.live_message(things.chatbot, "Is anybody there?")
    return reply.conversation


def test_a_member_replies_and_the_visitor_sees_it(
    browser_of_member: Client, own: Everything
) -> None:
    conversation = waiting(own)
    page = browser_of_member.get(page_of(conversation)).content.decode()
    assert "Reply as an agent" in page
    assert "End live chat" in page
    said = "Yes, <b>I</b> am.\r\nHow can I help?"
    answer = browser_of_member.post(page_of(conversation, "reply"), {"text": said})
    assert answer.status_code == 302
    conversation.refresh_from_db()
    assert conversation.state == ConversationState.LIVE
    seen = Client().get(
        reverse("chat:messages", args=[own.chatbot.pk]),
        headers={"X-Chatlog-Id": conversation.pk},
    )
    last = seen.json()["messages"][-1]
    assert last["type"] == "agent"
    assert last["content"] == "Yes, <b>I</b> am.\nHow can I help?"
    page = browser_of_member.get(page_of(conversation)).content.decode()
    assert "Yes, &lt;b&gt;I&lt;/b&gt; am." in page


def test_a_member_ends_the_live_chat_and_the_chatbot_answers_again(
    browser_of_member: Client, own: Everything
) -> None:
    conversation = waiting(own)
    browser_of_member.post(page_of(conversation, "close"))
    conversation.refresh_from_db()
    assert conversation.state == ConversationState.CLOSED
    assert "Reply as an agent" not in browser_of_member.get(page_of(conversation)).content.decode()
    reply = chat.ask(own.chatbot, "What do you cost?", chatlog_id=conversation.pk)
    assert reply.response is not None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("  ", "Write a reply first."),
        ("a" * 4001, "no more than 4000 characters"),
        ("a\0b", "Null characters are not allowed."),
    ],
)
def test_a_reply_that_cannot_be_sent_says_why(
    browser_of_member: Client, own: Everything, text: str, why: str
) -> None:
    conversation = waiting(own)
    answer = browser_of_member.post(page_of(conversation, "reply"), {"text": text})
    assert why in answer.content.decode()
    # The transcript goes on asking at an address that can be read.
    assert f'hx-get="{page_of(conversation)}"' in answer.content.decode()
    assert not Message.objects.filter(type=MessageType.AGENT).exists()


def test_nobody_replies_where_no_live_chat_is_on(
    browser_of_member: Client, own: Everything
) -> None:
    assert "Reply as an agent" not in (
        browser_of_member.get(page_of(own.conversation)).content.decode()
    )
    answer = browser_of_member.post(
        page_of(own.conversation, "reply"), {"text": "Hello"}, follow=True
    )
    assert "The live chat has ended. Nothing was sent." in answer.content.decode()
    assert not Message.objects.filter(type=MessageType.AGENT).exists()


def test_another_accounts_live_chat_is_not_there(
    browser_of_member: Client, own: Everything, others: Everything
) -> None:
    conversation = waiting(others)
    for name in ("reply", "close"):
        answer = browser_of_member.post(page_of(conversation, name), {"text": "Hello"})
        assert answer.status_code == 404
    conversation.refresh_from_db()
    assert conversation.state == ConversationState.WAITING
    assert not Message.objects.filter(type=MessageType.AGENT).exists()


def test_a_reply_from_another_site_is_refused(own: Everything) -> None:
    conversation = waiting(own)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(own.account.members.get())
    for name in ("reply", "close"):
        assert strict.post(page_of(conversation, name), {"text": "Hello"}).status_code == 403
