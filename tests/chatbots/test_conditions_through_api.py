"""Wonderchat's eight trigger conditions, each by a program over the API, to a real receiver."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

from chatbots import demo, handover_mail
from chatbots.models import Account, ApiKey, Chatbot
from tests.chatbots import conditions
from tests.chatbots.conditions import deliver, summary
from tests.receiver import Receiver
from webhooks import engine

pytestmark = pytest.mark.django_db(transaction=True)

LIVE_CHAT = "LIVE_CHAT_INITIATED"
MESSAGE = "USER_MESSAGE_SENT"
HANDOVER = "HUMAN_HANDOVER"
HUMAN = "I need to speak with a human about my complex issue"
NOBODY: dict[str, Any] = {"email": ..., "name": ..., "phoneNumber": ...}
UNKNOWN: dict[str, Any] = {"email": ..., "name": None, "phoneNumber": None}
ANN = {"email": "ann@x.example", "name": "Ann Ö.", "phoneNumber": "+1 202 555 0100"}


class Program:
    """A program with a key, and the receiver of its chatbot's webhooks."""

    def __init__(self, chatbot: Chatbot, receiver: Receiver) -> None:
        self.chatbot = chatbot
        self.receiver = receiver
        self.key = ApiKey.issue(chatbot.account)[1]

    def post(self, call: str, **body: Any) -> dict[str, Any]:
        response = Client().post(
            f"/api/v1/{call}",
            json.dumps({"chatbotId": self.chatbot.pk, **body}),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.key}"},
        )
        assert response.status_code == 200, response.content
        answer: dict[str, Any] = json.loads(response.content)
        return answer

    def fired(self) -> list[dict[str, Any]]:
        """What the receiver got since the last time."""
        return [summary(payload, self.chatbot) for payload in deliver(self.receiver)]

    def switch(self, **features: bool) -> None:
        Chatbot.objects.filter(pk=self.chatbot.pk).update(**features)


@pytest.fixture
def program(
    settings: Settings, live_receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> Program:
    settings.SANDBOX = True
    monkeypatch.setattr(engine, "LINGER_SECONDS", 0)
    chatbot = demo.demo_chatbot(Account.objects.create(name="Acme"))
    conditions.subscribe(chatbot, live_receiver)
    return Program(chatbot, live_receiver)


def test_a_question_fires_without_the_visitors_details_known_or_not(program: Program) -> None:
    known = program.post("live-chat", userMessage="hello", **ANN)["chatlogId"]
    assert program.fired() == [{"event": LIVE_CHAT, "userMessage": "hello", **ANN}]
    program.post("chat", question="when are you open?")
    assert program.fired() == [{"event": MESSAGE, "userMessage": "when are you open?", **NOBODY}]
    program.post("chat", question="when are you open?", chatlogId=known)
    assert program.fired() == [
        {"event": MESSAGE, "userMessage": "when are you open?", **NOBODY},
        {"event": LIVE_CHAT, "userMessage": "when are you open?", **ANN},
    ]


def test_a_question_that_asks_for_a_person_starts_a_live_chat(program: Program) -> None:
    program.post("chat", question=HUMAN)
    assert program.fired() == [
        {"event": MESSAGE, "userMessage": HUMAN, **NOBODY},
        {"event": LIVE_CHAT, "userMessage": HUMAN, **UNKNOWN},
    ]


def test_a_live_chat_fires_when_it_starts_for_its_first_message_and_no_more(
    program: Program,
) -> None:
    start = program.post("live-chat", userMessage="help", **ANN)
    assert program.fired() == [{"event": LIVE_CHAT, "userMessage": "help", **ANN}]
    program.post("live-chat", userMessage="order 7", chatlogId=start["chatlogId"])
    assert program.fired() == [{"event": LIVE_CHAT, "userMessage": "order 7", **ANN}]
    third = program.post("live-chat", userMessage="hello?", chatlogId=start["chatlogId"])
    assert third["event"] is None
    assert "on already" in third["reason"]
    assert program.fired() == []


def test_a_whatsapp_user_gets_a_live_chat_where_it_is_on(program: Program) -> None:
    zoe = {"name": "Zoë", "phoneNumber": "+491511234567"}
    program.post("live-chat", userMessage=HUMAN, channel="whatsapp", **zoe)
    assert program.fired() == [{"event": LIVE_CHAT, "userMessage": HUMAN, "email": ..., **zoe}]


def test_a_whatsapp_user_gets_nothing_where_it_is_off(program: Program) -> None:
    program.switch(live_chat_enabled=False)
    answer = program.post("live-chat", userMessage=HUMAN, channel="whatsapp")
    assert answer["event"] is None
    assert "Live chat is off" in answer["reason"]
    said = program.post("messages", chatlogId=answer["chatlogId"])["messages"]
    assert "live chat is not available" in said[-1]["content"]
    assert program.fired() == []
    assert handover_mail.send_due() == 0


def test_a_question_that_asks_for_a_person_goes_by_email_where_live_chat_is_off(
    program: Program,
) -> None:
    program.switch(live_chat_enabled=False)
    program.post("chat", question=HUMAN)
    assert program.fired() == [
        {"event": MESSAGE, "userMessage": HUMAN, **NOBODY},
        {"event": HANDOVER, "userMessage": HUMAN, **UNKNOWN},
    ]
    assert handover_mail.send_due() == 1


@pytest.mark.parametrize("via", ["email", "leave_email"])
def test_a_handover_fires_itself_and_nothing_else(program: Program, via: str) -> None:
    program.post("handover", userMessage="Call me", via=via, **ANN)
    program.post("handover", userMessage="Call me", via=via)
    assert program.fired() == [
        {"event": HANDOVER, "userMessage": "Call me", **ANN},
        {"event": HANDOVER, "userMessage": "Call me", **UNKNOWN},
    ]
    assert handover_mail.send_due() == 2
    assert {mail.to[0] for mail in mail.outbox} == {program.chatbot.support_email}


def test_a_form_fills_the_places_the_payload_has(program: Program) -> None:
    program.post(
        "handover",
        userMessage="It never came.",
        via="form",
        formFields={
            "Order number": 7,
            "E-mail": ANN["email"],
            "Name": ANN["name"],
            "Phone": ANN["phoneNumber"],
            "Topic": "Delivery",
            "utm_source": "newsletter",
        },
    )
    assert program.fired() == [{"event": HANDOVER, "userMessage": "It never came.", **ANN}]
    assert handover_mail.send_due() == 1
    form = str(mail.outbox[0].body).split("----\n")[1].split("\n\n")[0].splitlines()
    assert form == [
        "Name: Ann Ö.",
        "E-mail: ann@x.example",
        "Phone: +1 202 555 0100",
        "Order number: 7",
        "Topic: Delivery",
        "What happened?: It never came.",
        "utm_source: newsletter",
    ]
