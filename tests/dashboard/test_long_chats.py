"""However long a conversation is, what is shown of it is bounded, and leads to the rest."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from chatbots import agents, handover_mail, transcript
from chatbots import conversation as chat
from chatbots.models import Chatbot, Conversation, Message
from chatbots.visitor import Visitor
from tests.api.conftest import Api
from tests.dashboard.conftest import Everything

LONG = "x" * 4000


@pytest.fixture
def api(api_key: str) -> Api:
    return Api(api_key)


def talk(conversation: Conversation, count: int, text: str = "") -> None:
    """So many messages, numbered, or each `text`."""
    Message.objects.bulk_create(
        Message(conversation=conversation, type="user", content=text or f"said {number}.")
        for number in range(count)
    )


@pytest.mark.parametrize("limit", [None, 7, 200])
@pytest.mark.parametrize("text", ["", LONG])
def test_a_long_conversation_is_read_part_by_part_to_its_beginning(
    chatbot: Chatbot, api: Api, limit: int | None, text: str
) -> None:
    conversation = Conversation.objects.create(chatbot=chatbot)
    talk(conversation, 60 if limit == 7 else 450, text)
    whole = [row.content for row in conversation.messages.order_by("id")]
    read: list[str] = []
    asked = {"chatlogId": conversation.pk} | ({"limit": limit} if limit else {})
    cursor = None
    while cursor != "":
        answer = api.post("/messages", asked | ({"cursor": cursor} if cursor else {})).json()
        part = [message["content"] for message in answer["messages"]]
        assert 0 < len(part) <= (limit or transcript.MOST_MESSAGES)
        assert sum(map(len, part)) <= transcript.MOST_CHARACTERS
        read = part + read
        cursor = answer.get("next", "")
    assert read == whole


def test_a_short_conversation_is_whole_and_leads_nowhere(chatbot: Chatbot, api: Api) -> None:
    conversation = Conversation.objects.create(chatbot=chatbot)
    assert api.post("/messages", {"chatlogId": conversation.pk}).json() == {"messages": []}
    talk(conversation, 200)
    answer = api.post("/messages", {"chatlogId": conversation.pk}).json()
    assert [message["content"] for message in answer["messages"]][::199] == ["said 0.", "said 199."]
    assert set(answer) == {"messages"}


@pytest.mark.parametrize(
    "wrong", [{"cursor": "x"}, {"cursor": "²"}, {"limit": 0}, {"limit": 201}, {"limit": "x"}]
)
def test_a_part_that_there_cannot_be_is_refused(
    chatbot: Chatbot, api: Api, wrong: dict[str, object]
) -> None:
    conversation = Conversation.objects.create(chatbot=chatbot)
    answer = api.post("/messages", {"chatlogId": conversation.pk} | wrong)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] in wrong


def test_a_message_longer_than_a_part_is_a_part(chatbot: Chatbot) -> None:
    conversation = Conversation.objects.create(chatbot=chatbot)
    talk(conversation, 2, LONG)
    stretch = transcript.latest(conversation, characters=10)
    assert [message.content for message in stretch.messages] == [LONG]
    assert transcript.latest(conversation, before=stretch.before, characters=10).before == 0


def test_the_support_email_of_a_long_chat_is_bounded_and_ends_with_the_request(
    chatbot: Chatbot,
) -> None:
    conversation = Conversation.objects.create(chatbot=chatbot)
    talk(conversation, 500, LONG)
    chat.hand_over(chatbot, "A person, please!", chatlog_id=conversation.pk)
    talk(conversation, 5)
    body = str(handover_mail.message_of(conversation.support_emails.get()).body)
    assert len(body) < transcript.MOST_CHARACTERS + 20_000
    assert handover_mail.LEFT_OUT in body
    assert "Visitor: A person, please!" in body
    assert "said 1." not in body


def test_the_dashboards_pages_of_a_long_chat_are_bounded_and_lead_to_the_rest(
    own: Everything, browser_of_member: Client
) -> None:
    conversation = own.conversation
    conversation.messages.all().delete()
    talk(conversation, 450)
    chat.live_message(own.chatbot, "A person, please!", chatlog_id=conversation.pk)
    page = reverse("admin:chatbots_conversation_change", args=[conversation.pk])
    live = browser_of_member.get(reverse("admin:live_chat_open", args=[conversation.pk]))
    first = browser_of_member.get(page)
    for answer in (live, first):
        text = answer.content.decode()
        assert "said 449." in text
        assert "said 251." not in text
        assert f"?before={answer.context['before']}" in text
    second = browser_of_member.get(f"{page}?before={first.context['before']}").content.decode()
    assert "said 251." in second
    assert "said 52." in second
    assert "said 449." not in second
    assert "The latest messages" in second


def test_the_pages_of_a_chat_with_long_messages_are_no_longer_than_others(
    own: Everything, browser_of_member: Client
) -> None:
    conversation = own.conversation
    for _ in range(4):
        talk(conversation, 200, LONG)
        chat.hand_over(own.chatbot, "Mail me", chatlog_id=conversation.pk)
    chat.live_message(own.chatbot, "A person, please!", chatlog_id=conversation.pk)
    agents.reply(conversation, "Hello!")
    for address in ("admin:chatbots_conversation_change", "admin:live_chat_open"):
        page = browser_of_member.get(reverse(address, args=[conversation.pk]))
        # What was said, and three e-mails of it.
        assert len(page.content) < 5 * transcript.MOST_CHARACTERS


@pytest.mark.parametrize("text", ["", LONG])
def test_a_chat_page_gets_a_long_chat_in_parts_from_its_beginning(
    chatbot: Chatbot, text: str
) -> None:
    visitor = Visitor("token-of-the-visitor-0")
    conversation = Conversation.objects.create(chatbot=chatbot, visitor_digest=visitor.digest)
    talk(conversation, 230, text)
    read: list[str] = []
    after, more = 0, True
    while more:
        answer = Client().get(
            f"/chatbot/{chatbot.pk}/messages?after={after}",
            headers={"X-Chatlog-Id": conversation.pk, "X-Visitor-Token": visitor.token},
        )
        assert len(answer.content) < 2 * transcript.MOST_CHARACTERS
        found = answer.json()
        read += [message["content"] for message in found["messages"]]
        after, more = found["messages"][-1]["id"], found["more"]
    assert read == [row.content for row in conversation.messages.order_by("id")]
