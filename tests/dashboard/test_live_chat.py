"""The agents' screen: who waits, and what can be done with a live chat."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

from chatbots import agents
from chatbots import conversation as chat
from chatbots.admin import live_chat_list
from chatbots.models import Conversation, ConversationState, Event, Message, MessageType
from chatbots.visitor import Visitor
from tests.dashboard.conftest import Everything


def at(conversation: Conversation, name: str = "open") -> str:
    return reverse(f"admin:live_chat_{name}", args=[conversation.pk])


def waiting(things: Everything, text: str = "Is anybody there?") -> Conversation:
    return chat.live_message(things.chatbot, text).conversation


def by_script(client: Client, address: str, **posted: str) -> Any:
    return client.post(address, posted, headers={"Accept": "application/json"})


@pytest.fixture
def colleague(own: Everything) -> User:
    """A second agent of the account."""
    user = User.objects.create_user("bob", "b@acme.example", "password", is_staff=True)
    own.account.members.add(user)
    return user


def test_the_list_says_who_waits_and_what_about(browser_of_member: Client, own: Everything) -> None:
    conversation = waiting(own, "My account was hacked, this is urgent")
    Conversation.objects.filter(pk=conversation.pk).update(name="Zoë")
    text = browser_of_member.get(reverse("admin:live_chat")).content.decode()
    assert "Zoë" in text
    assert "HIGH" in text
    assert "Web" in text
    assert at(conversation) in text
    assert "data-live-waiting>1</span>" in text
    # The conversation that is with the chatbot waits for nobody.
    assert at(own.conversation) not in text


def test_a_list_that_is_longer_than_the_screen_says_how_many_more_there_are(
    browser_of_member: Client, own: Everything, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_chat_list, "SHOWN", 2)
    first, *_, last = [waiting(own) for _ in range(5)]
    text = browser_of_member.get(reverse("admin:live_chat")).content.decode()
    assert "3 more came later." in text
    assert at(first) in text
    assert at(last) not in text
    assert "data-live-waiting>5</span>" in text


def test_a_member_replies_and_the_visitor_sees_it(
    browser_of_member: Client, own: Everything, member: User
) -> None:
    conversation = waiting(own)
    visitor = Visitor("token-of-the-visitor-0")
    Conversation.objects.filter(pk=conversation.pk).update(visitor_digest=visitor.digest)
    said = "Yes, <b>I</b> am.\r\nHow can I help?"
    answer = browser_of_member.post(at(conversation, "reply"), {"text": said})
    assert answer.status_code == 302
    conversation.refresh_from_db()
    assert conversation.state == ConversationState.LIVE
    assert conversation.agent == member
    seen = Client().get(
        reverse("chat:messages", args=[own.chatbot.pk]),
        headers={"X-Chatlog-Id": conversation.pk, "X-Visitor-Token": visitor.token},
    )
    last = seen.json()["messages"][-1]
    assert last["type"] == "agent"
    assert last["content"] == "Yes, <b>I</b> am.\nHow can I help?"
    page = browser_of_member.get(at(conversation)).content.decode()
    assert "Yes, &lt;b&gt;I&lt;/b&gt; am." in page
    assert "With you" in page


@pytest.mark.parametrize(
    ("action", "state"),
    [("hand_back", ConversationState.BOT), ("close", ConversationState.CLOSED)],
)
def test_after_the_end_of_a_live_chat_the_chatbot_answers_again(
    browser_of_member: Client, own: Everything, action: str, state: ConversationState
) -> None:
    conversation = waiting(own)
    agents.reply(conversation, "Hello")
    events = Event.objects.count()
    browser_of_member.post(at(conversation, action))
    conversation.refresh_from_db()
    assert conversation.state == state
    assert conversation.agent is None
    assert Event.objects.count() == events
    page = browser_of_member.get(at(conversation)).content.decode()
    assert 'class="wc-desk-reply" hidden' in page
    reply = chat.ask(own.chatbot, "What do you cost?", chatlog_id=conversation.pk)
    assert reply.response is not None
    again = browser_of_member.post(at(conversation, action), follow=True)
    assert "The live chat is over already." in again.content.decode()


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
    answer = by_script(browser_of_member, at(conversation, "reply"), text=text)
    assert answer.status_code == 409
    assert why in answer.json()["error"]
    assert not Message.objects.filter(type=MessageType.AGENT).exists()


def test_nobody_replies_where_no_live_chat_is_on(
    browser_of_member: Client, own: Everything
) -> None:
    answer = browser_of_member.post(at(own.conversation, "reply"), {"text": "Hello"}, follow=True)
    assert "The live chat is over. Nothing was sent." in answer.content.decode()
    assert not Message.objects.filter(type=MessageType.AGENT).exists()


def test_a_reply_that_is_sent_twice_is_said_once(
    browser_of_member: Client, own: Everything
) -> None:
    conversation = waiting(own)
    for _ in range(2):
        answer = by_script(
            browser_of_member, at(conversation, "reply"), text="Once.", client_id="c1"
        )
        assert answer.status_code == 200
    by_script(browser_of_member, at(conversation, "reply"), text="Once.", client_id="c2")
    said = Message.objects.filter(type=MessageType.AGENT)
    assert list(said.values_list("client_id", flat=True)) == ["c1", "c2"]


def test_the_second_agent_learns_who_has_the_visitor_and_may_take_over(
    browser_of_member: Client, own: Everything, member: User, colleague: User
) -> None:
    conversation = waiting(own)
    agents.reply(conversation, "Bob here.", agent=colleague)
    page = browser_of_member.get(at(conversation)).content.decode()
    assert "<strong>bob</strong> talks with this visitor" in page
    answer = by_script(browser_of_member, at(conversation, "reply"), text="Hello")
    assert answer.status_code == 409
    assert answer.json()["error"].startswith("bob talks with this visitor.")
    assert Message.objects.filter(type=MessageType.AGENT).count() == 1
    taken = by_script(browser_of_member, at(conversation, "take"))
    assert "With you" in taken.json()["stands"]["head"]
    assert by_script(browser_of_member, at(conversation, "reply"), text="Hi").status_code == 200
    conversation.refresh_from_db()
    assert conversation.agent == member
    page = browser_of_member.get(at(conversation)).content.decode()
    assert "bob · " in page
    assert "member · " in page


@pytest.mark.django_db(transaction=True)
def test_of_two_agents_who_reply_at_once_one_is_told_of_the_other(
    own: Everything, member: User, colleague: User
) -> None:
    conversation = waiting(own)
    start = threading.Barrier(2)
    results: list[int] = []

    def answer(user: User) -> None:
        client = Client()
        client.force_login(user)
        start.wait(10)
        reply = by_script(client, at(conversation, "reply"), text=f"{user} here")
        results.append(reply.status_code)
        connection.close()

    threads = [threading.Thread(target=answer, args=(user,)) for user in (member, colleague)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(results) == [200, 409]
    said = Message.objects.get(type=MessageType.AGENT)
    conversation.refresh_from_db()
    assert conversation.agent is not None
    assert said.content == f"{conversation.agent} here"


def test_news_is_what_changed_and_nothing_otherwise(
    browser_of_member: Client, own: Everything
) -> None:
    conversation = waiting(own)
    address = at(conversation, "open_news")
    first = browser_of_member.get(address).json()
    assert first["list"]["waiting"] == 1
    assert [message["id"] for message in first["said"]] == list(
        conversation.messages.order_by("id").values_list("pk", flat=True)
    )
    seen = {
        "list": first["list"]["version"],
        "stands": first["stands"]["version"],
        "after": first["said"][-1]["id"],
    }
    assert browser_of_member.get(address, seen).status_code == 204
    chat.live_message(own.chatbot, "<i>me</i> again", chatlog_id=conversation.pk)
    second = browser_of_member.get(address, seen).json()
    assert sorted(second) == ["list", "said"]
    assert "&lt;i&gt;me&lt;/i&gt; again" in second["said"][0]["html"]
    assert "<i>" not in json.dumps(second)


def test_a_screen_with_nothing_new_costs_a_handful_of_queries(
    browser_of_member: Client, own: Everything, django_assert_max_num_queries: Any
) -> None:
    conversations = [waiting(own) for _ in range(5)]
    address = at(conversations[0], "open_news")
    first = browser_of_member.get(address).json()
    seen = {
        "list": first["list"]["version"],
        "stands": first["stands"]["version"],
        "after": first["said"][-1]["id"],
    }
    # Session, person, conversation, list, messages.
    with django_assert_max_num_queries(5):
        assert browser_of_member.get(address, seen).status_code == 204


def test_the_list_takes_as_many_queries_for_many_as_for_one(
    browser_of_member: Client, own: Everything, django_assert_max_num_queries: Any
) -> None:
    for _ in range(20):
        waiting(own)
    # Session, person, version, list of each half, counts, words.
    with django_assert_max_num_queries(7):
        browser_of_member.get(reverse("admin:live_chat_news"))


def test_another_accounts_live_chat_is_not_there(
    browser_of_member: Client, own: Everything, others: Everything
) -> None:
    conversation = waiting(others)
    assert at(conversation) not in (
        browser_of_member.get(reverse("admin:live_chat")).content.decode()
    )
    assert browser_of_member.get(reverse("admin:live_chat_news")).json()["list"]["waiting"] == 0
    for name in ("open", "open_news"):
        assert browser_of_member.get(at(conversation, name)).status_code == 404
    for name in ("take", "reply", "hand_back", "close"):
        answer = browser_of_member.post(at(conversation, name), {"text": "Hello"})
        assert answer.status_code == 404
    conversation.refresh_from_db()
    assert conversation.state == ConversationState.WAITING
    assert not Message.objects.filter(type=MessageType.AGENT).exists()


def test_an_operator_sees_every_accounts(
    browser_of_operator: Client, own: Everything, others: Everything
) -> None:
    shown = [waiting(own), waiting(others)]
    text = browser_of_operator.get(reverse("admin:live_chat")).content.decode()
    assert all(at(conversation) in text for conversation in shown)


def test_a_reply_from_another_site_is_refused(own: Everything) -> None:
    conversation = waiting(own)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(own.account.members.get())
    for name in ("take", "reply", "hand_back", "close"):
        assert strict.post(at(conversation, name), {"text": "Hello"}).status_code == 403


def test_nobody_without_a_login_sees_it(own: Everything) -> None:
    conversation = waiting(own)
    for name in ("open", "open_news"):
        assert Client().get(at(conversation, name)).status_code == 302
