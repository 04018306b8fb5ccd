"""The chat part of the REST API, as a program meets it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbots.form_field import FormField
from chatbots.models import Account, Answer, ApiKey, Chatbot, Conversation, Event, Plan
from tests.chatbots import node
from tests.chatbots.examples import collect

HUMAN = "I need to speak with a human about my complex issue"


class Caller:
    """Posts to the API with a key."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.client = Client(raise_request_exception=False)

    def __call__(self, call: str, body: object) -> tuple[int, dict[str, Any]]:
        response = self.client.post(
            f"/api/v1/{call}",
            body if isinstance(body, bytes) else json.dumps(body).encode(),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.key}"},
        )
        return response.status_code, json.loads(response.content)


@pytest.fixture
def post(api_key: str) -> Caller:
    return Caller(api_key)


@pytest.fixture
def bot(chatbot: Chatbot) -> Chatbot:
    Answer.objects.create(
        chatbot=chatbot,
        question="What are your business hours?",
        answer="We're open Monday to Friday, 9 AM to 6 PM EST.",
        source_title="Contact",
        source_url="https://example.com/contact",
    )
    return chatbot


def fields_of(answer: dict[str, Any]) -> list[str]:
    return [error["field"] for error in answer["errors"]]


def recorded() -> list[str]:
    return list(Event.objects.order_by("id").values_list("type", flat=True))


def test_a_question_gets_its_answer_and_source(post: Caller, bot: Chatbot) -> None:
    status, answer = post("chat", {"chatbotId": bot.pk, "question": "when are you open?"})
    assert status == 200
    assert sorted(answer) == ["chatlogId", "id", "response", "sources"]
    assert answer["response"] == "We're open Monday to Friday, 9 AM to 6 PM EST."
    assert answer["sources"] == [{"url": "https://example.com/contact", "title": "Contact"}]
    assert isinstance(answer["id"], str)
    assert Conversation.objects.get(pk=answer["chatlogId"]).channel == "api"
    assert recorded() == ["USER_MESSAGE_SENT"]


def test_a_conversation_goes_on_and_can_be_read(post: Caller, bot: Chatbot) -> None:
    chatlog_id = post("chat", {"chatbotId": bot.pk, "question": "hi"})[1]["chatlogId"]
    body = {"chatbotId": bot.pk, "question": "when are you open?", "chatlogId": chatlog_id}
    assert post("chat", body)[1]["chatlogId"] == chatlog_id
    status, answer = post("messages", {"chatlogId": chatlog_id})
    assert status == 200
    assert [(m["type"], m["content"]) for m in answer["messages"]] == [
        ("user", "hi"),
        ("bot", bot.fallback_reply),
        ("user", "when are you open?"),
        ("bot", "We're open Monday to Friday, 9 AM to 6 PM EST."),
    ]
    assert all(len(m["createdAt"]) == 24 for m in answer["messages"])


def test_the_key_may_be_in_the_body(bot: Chatbot, api_key: str) -> None:
    response = Client().post(
        "/api/v1/chat",
        {"apiKey": api_key, "chatbotId": bot.pk, "question": "hi"},
        content_type="application/json",
    )
    assert response.status_code == 200


def test_asking_for_a_human_fires_both_events(post: Caller, bot: Chatbot) -> None:
    assert post("chat", {"chatbotId": bot.pk, "question": HUMAN})[0] == 200
    assert recorded() == ["USER_MESSAGE_SENT", "LIVE_CHAT_INITIATED"]


def test_a_live_chat_starts_goes_on_and_says_why_it_fires_nothing(
    post: Caller, bot: Chatbot
) -> None:
    body: dict[str, Any] = {
        "chatbotId": bot.pk,
        "userMessage": "I need help",
        "channel": "whatsapp",
        "name": "Zoë 🎉",
        "email": None,
        "phoneNumber": "",
    }
    status, start = post("live-chat", body)
    assert status == 200
    assert sorted(start) == ["chatlogId", "event", "reason"]
    assert start["reason"] == ""
    assert start["event"]["id"] == Event.objects.get().pk
    assert start["event"]["payload"]["data"] == {
        "chatlogId": start["chatlogId"],
        "userMessage": "I need help",
        "name": "Zoë 🎉",
        "phoneNumber": None,
        "chatbotId": bot.pk,
        "chatbotName": bot.name,
    }
    body["chatlogId"] = start["chatlogId"]
    assert post("live-chat", body)[1]["event"]["event"] == "LIVE_CHAT_INITIATED"
    status, third = post("live-chat", body)
    assert (status, third["event"]) == (200, None)
    assert "on already" in third["reason"]
    assert Conversation.objects.get().channel == "whatsapp"


@pytest.mark.parametrize("via", ["email", "leave_email", "form"])
def test_a_handover_fires_and_leaves_the_mail(post: Caller, bot: Chatbot, via: str) -> None:
    status, answer = post(
        "handover",
        {
            "chatbotId": bot.pk,
            "userMessage": HUMAN,
            "via": via,
            "email": "zoë@exämple.com",
            "formFields": {"Order": 7, "Agreed": True, "Topics": ["a", "b"], "Note": None},
        },
    )
    assert status == 200
    assert answer["event"]["payload"]["data"]["email"] == "zoë@exämple.com"
    assert answer["event"]["payload"]["data"]["supportEmail"] == "support@acme.example"
    mail = Conversation.objects.get().support_emails.get()
    assert mail.form_fields == {"Order": "7", "Agreed": "Yes", "Topics": "a, b", "Note": ""}


def test_where_a_feature_is_off_the_answer_says_so(post: Caller, bot: Chatbot) -> None:
    bot.live_chat_enabled = False
    bot.email_handover_enabled = False
    bot.save()
    live = post("live-chat", {"chatbotId": bot.pk, "userMessage": "help"})
    mail = post("handover", {"chatbotId": bot.pk, "userMessage": "help", "via": "email"})
    for status, answer in (live, mail):
        assert (status, answer["event"]) == (200, None)
        assert " off " in answer["reason"]
    assert recorded() == []


def test_a_plan_without_webhooks_records_and_says_so(post: Caller, bot: Chatbot) -> None:
    Account.objects.update(plan=Plan.FREE)
    answer = post("live-chat", {"chatbotId": bot.pk, "userMessage": "help"})[1]
    assert answer["event"] is not None
    assert "Free plan has no webhooks" in answer["reason"]


def test_a_key_of_another_account_sees_nothing(bot: Chatbot, post: Caller) -> None:
    chatlog_id = post("chat", {"chatbotId": bot.pk, "question": "hi"})[1]["chatlogId"]
    stranger = Account.objects.create(name="Other")
    own = Chatbot.objects.create(account=stranger, name="Own")
    other = Caller(ApiKey.issue(stranger)[1])
    said = {"chatbotId": bot.pk, "question": "hi", "userMessage": "hi", "via": "email"}
    for call in ("chat", "live-chat", "handover"):
        assert other(call, said)[0] == 404
        assert other(call, {**said, "chatbotId": own.pk, "chatlogId": chatlog_id})[0] == 404
    assert other("messages", {"chatlogId": chatlog_id})[0] == 404
    assert Event.objects.count() == 1


@pytest.mark.parametrize(
    ("call", "change", "field"),
    [
        ("chat", {"question": ""}, "question"),
        ("chat", {"question": " \n\t "}, "question"),
        ("chat", {"question": "x" * 4001}, "question"),
        ("chat", {"question": None}, "question"),
        ("chat", {"question": 5}, "question"),
        ("chat", {"question": ["x"]}, "question"),
        ("chat", {"question": "a\0"}, "question"),
        ("chat", {"question": "a\ud800"}, "question"),
        ("chat", {"chatbotId": None}, "chatbotId"),
        ("chat", {"chatbotId": {"a": 1}}, "chatbotId"),
        ("chat", {"chatbotId": "a\0"}, "chatbotId"),
        ("chat", {"chatlogId": 7}, "chatlogId"),
        ("live-chat", {"userMessage": ""}, "userMessage"),
        ("live-chat", {"channel": "fax"}, "channel"),
        ("live-chat", {"email": "not an address"}, "email"),
        ("live-chat", {"email": "a@b\r\nBcc: c@d"}, "email"),
        ("live-chat", {"name": "x" * 201}, "name"),
        ("live-chat", {"phoneNumber": 123}, "phoneNumber"),
        ("handover", {"via": "pigeon"}, "via"),
        ("handover", {"via": None}, "via"),
        ("handover", {"formFields": []}, "formFields"),
        ("handover", {"formFields": {"a": {}}}, "formFields"),
        ("handover", {"formFields": {"": "a"}}, "formFields"),
        ("handover", {"formFields": {"a": "\0"}}, "formFields"),
        ("handover", {"formFields": {"\ud800": "a"}}, "formFields"),
        ("handover", {"formFields": {str(n): "a" for n in range(31)}}, "formFields"),
        ("messages", {"chatlogId": ""}, "chatlogId"),
        ("messages", {"chatlogId": None}, "chatlogId"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_happens(
    post: Caller, bot: Chatbot, call: str, change: dict[str, Any], field: str
) -> None:
    good = {"chatbotId": bot.pk, "question": "hi", "userMessage": "hi", "via": "form"}
    status, answer = post(call, good | change)
    assert status == 400
    assert fields_of(answer) == [field]
    assert not Conversation.objects.exists()
    assert not Event.objects.exists()


def test_a_missing_field_is_named(post: Caller, bot: Chatbot) -> None:
    assert fields_of(post("chat", {})[1]) == ["chatbotId", "question"]
    for call in ("chat", "messages", "live-chat", "handover"):
        bodies: list[object] = [[], [{}], "text", 7, None]
        for body in bodies:
            status, answer = post(call, body)
            assert (status, answer["detail"]) == (400, "The body must be a JSON object: {…}.")


def test_what_is_no_json_is_said_to_be_none(post: Caller, bot: Chatbot) -> None:
    assert post("chat", b"{")[1]["detail"].startswith("The body is not JSON: ")
    status, answer = post("chat", b'{"question":"a","question":"b"}')
    assert (status, answer["detail"]) == (
        400,
        "The body has the key 'question' twice; JavaScript would keep only one of them.",
    )
    status, answer = post("chat", b'{"question":NaN}')
    assert (status, fields_of(answer)) == (400, ["question"])


def test_a_field_that_the_chat_does_not_know_is_let_pass(post: Caller, bot: Chatbot) -> None:
    body = {"chatbotId": bot.pk, "question": "hi", "context": "Page 7", "stream": False}
    assert post("chat", body)[0] == 200


def test_no_key_no_answer(bot: Chatbot) -> None:
    status, _ = Caller("wc_wrong")("chat", {"chatbotId": bot.pk, "question": "hi"})
    assert status == 401


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(["chat", "live-chat", "handover", "messages"]),
    st.dictionaries(
        st.sampled_from(
            ["chatbotId", "question", "userMessage", "chatlogId", "via", "email", "formFields"]
        ),
        json_values,
    ),
)
def test_no_body_is_a_server_error(
    post: Caller, bot: Chatbot, call: str, change: dict[str, Any]
) -> None:
    good = {"chatbotId": bot.pk, "question": "hi", "userMessage": "hi", "via": "form"}
    assert post(call, good | change)[0] in {200, 400, 404}


@pytest.mark.node
@pytest.mark.skipif(node.NODE is None, reason="node is not installed")
def test_what_users_type_leaves_bodies_that_node_gives_back(post: Caller, bot: Chatbot) -> None:
    for text in collect(st.text(min_size=1, max_size=60), 60):
        post("chat", {"chatbotId": bot.pk, "question": text})
        post("live-chat", {"chatbotId": bot.pk, "userMessage": text, "name": text})
    bodies = [bytes(event.body) for event in Event.objects.all()]
    assert len(bodies) > 60
    assert node.stringify_parse(bodies) == bodies


def test_the_values_of_a_form_are_checked_against_it(post: Caller, bot: Chatbot) -> None:
    for label, kind, required, choices in (
        ("Mail", "email", True, ""),
        ("Message", "message", True, ""),
        ("Topic", "choice", False, "Returns\nDelivery"),
    ):
        FormField.objects.create(
            chatbot=bot, label=label, kind=kind, required=required, choices=choices
        )
    body: dict[str, Any] = {"chatbotId": bot.pk, "userMessage": "Where is it?", "via": "form"}
    status, answer = post("handover", body | {"formFields": {"Topic": "Sports"}})
    assert (status, fields_of(answer)) == (400, ["formFields", "formFields"])
    assert [error["message"] for error in answer["errors"]] == [
        "Mail: Please fill this in.",
        "Topic: Choose one of: Returns, Delivery.",
    ]
    assert post("handover", body)[0] == 400
    assert not Event.objects.exists()
    # The body's own keys are as good as the form's.
    assert post("handover", body | {"email": "ann@x.example"})[0] == 200
    # Another way than the form asks for none of it.
    assert post("handover", body | {"via": "email"})[0] == 200
    filled = {"Mail": "zoe@x.example", "Topic": "Returns"}
    answer = post("handover", body | {"formFields": filled})[1]
    assert answer["event"]["payload"]["data"]["email"] == "zoe@x.example"
