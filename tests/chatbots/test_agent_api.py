"""A program that answers visitors in place of an agent in the dashboard."""

from __future__ import annotations

import pytest

from chatbots import conversation as chat
from chatbots.models import Account, Chatbot, Conversation, ConversationState, Event, Message
from tests.api.conftest import Api, check_problem


@pytest.fixture
def api(api_key: str) -> Api:
    return Api(api_key)


@pytest.fixture
def waiting(chatbot: Chatbot) -> Conversation:
    return chat.live_message(chatbot, "help").conversation


def test_a_program_replies_hands_back_and_closes(
    api: Api, chatbot: Chatbot, waiting: Conversation
) -> None:
    address = f"/live-chat/{waiting.pk}"
    said = api.post(f"{address}/reply", {"agentMessage": "Ann here.", "agentName": "Ann"})
    assert said.status_code == 200
    answer = said.json()
    assert answer["chatlogId"] == waiting.pk
    assert answer["state"] == "live"
    assert answer["message"]["content"] == "Ann here."
    assert answer["message"]["type"] == "agent"
    assert Message.objects.get(type="agent").agent_name == "Ann"
    back = api.post(f"{address}/hand-back", {})
    assert back.json() == {"chatlogId": waiting.pk, "state": "bot"}
    chat.live_message(chatbot, "help", chatlog_id=waiting.pk)
    events = Event.objects.count()
    assert api.post(f"{address}/close", {}).json()["state"] == "closed"
    assert Event.objects.count() == events


def test_a_reply_with_the_same_client_id_is_said_once(api: Api, waiting: Conversation) -> None:
    body = {"agentMessage": "Once.", "clientId": "a1"}
    answers = [api.post(f"/live-chat/{waiting.pk}/reply", body).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert Message.objects.filter(type="agent").count() == 1


@pytest.mark.parametrize("call", ["reply", "hand-back", "close"])
def test_where_no_live_chat_is_on_the_answer_is_409_and_says_so(
    api: Api, chatbot: Chatbot, call: str
) -> None:
    conversation = Conversation.objects.create(chatbot=chatbot)
    refused = api.post(f"/live-chat/{conversation.pk}/{call}", {"agentMessage": "Hi"})
    assert refused.status_code == 409
    assert "The live chat is over" in refused.json()["detail"]
    assert not Message.objects.exists()


@pytest.mark.parametrize("call", ["reply", "hand-back", "close"])
def test_another_accounts_conversation_is_not_there(api: Api, call: str) -> None:
    other = Chatbot.objects.create(account=Account.objects.create(name="Other"), name="Bot")
    conversation = chat.live_message(other, "help").conversation
    refused = api.post(f"/live-chat/{conversation.pk}/{call}", {"agentMessage": "Hi"})
    assert refused.status_code == 404
    conversation.refresh_from_db()
    assert conversation.state == ConversationState.WAITING


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "agentMessage"),
        ({"agentMessage": "  "}, "agentMessage"),
        ({"agentMessage": "a\0"}, "agentMessage"),
        ({"agentMessage": "Hi", "agentName": "x" * 151}, "agentName"),
        ({"agentMessage": "Hi", "clientId": 7}, "clientId"),
    ],
)
def test_a_mistake_is_said_at_its_field(
    api: Api, waiting: Conversation, body: object, field: str
) -> None:
    refused = api.post(f"/live-chat/{waiting.pk}/reply", body)
    assert refused.status_code == 400
    assert [error["field"] for error in refused.json()["errors"]] == [field]


@pytest.mark.parametrize("call", ["reply", "hand-back", "close"])
@pytest.mark.parametrize("chatlog_id", ["%00", "a%00b", "%ED%A0%80", "%20", "\u00e9"])
def test_what_can_be_no_id_is_not_there(api: Api, chatlog_id: str, call: str) -> None:
    answer = api.post(f"/live-chat/{chatlog_id}/{call}", {"agentMessage": "Hi"})
    check_problem(answer, 404)
