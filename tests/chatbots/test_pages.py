"""The chat page and the calls its script makes."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client, RequestFactory
from pytest_django.fixtures import Settings

from chatbots import agents, visitor_throttle
from chatbots import conversation as chat
from chatbots.form_field import FormField
from chatbots.models import Answer, Chatbot, Conversation, Event, SupportEmail
from chatbots.visitor_throttle import LIMITS, Kind, Limit

EVIL = '</script><script>alert(1)</script>"&'


class Visitor:
    """A browser on the chat page: it has the page's token and sends JSON."""

    def __init__(self, chatbot: Chatbot) -> None:
        self.base = f"/chatbot/{chatbot.pk}"
        self.client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        self.page = self.client.get(self.base).content.decode()
        self.token = self.client.cookies["csrftoken"].value

    def post(self, call: str, body: object) -> tuple[int, dict[str, Any]]:
        response = self.client.post(
            f"{self.base}/{call}",
            body if isinstance(body, bytes) else json.dumps(body).encode(),
            content_type="application/json",
            headers={"X-CSRFToken": self.token},
        )
        return response.status_code, json.loads(response.content)

    def read(self, chatlog_id: str, after: object = 0) -> tuple[int, dict[str, Any]]:
        response = self.client.get(
            f"{self.base}/messages?after={after}", headers={"X-Chatlog-Id": chatlog_id}
        )
        return response.status_code, json.loads(response.content)


@pytest.fixture
def visitor(chatbot: Chatbot) -> Visitor:
    Answer.objects.create(
        chatbot=chatbot,
        question="What are your business hours?",
        answer="9 to 6.",
        source_url="https://example.com/contact",
    )
    return Visitor(chatbot)


def test_the_page_greets_and_suggests(visitor: Visitor, chatbot: Chatbot) -> None:
    assert chatbot.greeting in visitor.page
    assert "What are your business hours?" in visitor.page
    assert "Sandbox" not in visitor.page


def test_the_sandbox_is_marked_on_the_page(chatbot: Chatbot, settings: Settings) -> None:
    settings.SANDBOX = True
    assert "Sandbox" in Visitor(chatbot).page


def test_the_page_asks_no_other_host_and_runs_no_inline_script(visitor: Visitor) -> None:
    response = visitor.client.get(visitor.base)
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http://" not in visitor.page
    assert "https://" not in visitor.page
    assert "<style" not in visitor.page


def test_names_and_questions_are_text_never_html(chatbot: Chatbot) -> None:
    chatbot.name = chatbot.greeting = EVIL
    chatbot.save()
    Answer.objects.create(chatbot=chatbot, question=EVIL, answer=EVIL)
    assert "<script>alert" not in Visitor(chatbot).page


@pytest.mark.parametrize("path", ["nope", "a%00b", "é", "x" * 300])
def test_an_unknown_chatbot_is_a_404(db: None, path: str) -> None:
    assert Client().get(f"/chatbot/{path}").status_code == 404
    assert Client().get(f"/chatbot/{path}/messages").status_code == 404


def test_an_unknown_chatbots_page_says_so(db: None) -> None:
    assert "There is no chatbot at this address" in Client().get("/chatbot/nope").content.decode()


def test_a_question_is_answered_with_its_source(visitor: Visitor) -> None:
    status, answer = visitor.post("messages", {"text": "when are you open?"})
    assert status == 200
    assert [(m["type"], m["content"]) for m in answer["messages"]] == [
        ("user", "when are you open?"),
        ("bot", "9 to 6."),
    ]
    assert answer["messages"][1]["sources"] == [
        {"url": "https://example.com/contact", "title": "What are your business hours?"}
    ]
    assert visitor.read(answer["chatlogId"])[1]["messages"] == answer["messages"]
    assert [event.type for event in Event.objects.all()] == ["USER_MESSAGE_SENT"]


def test_a_visitor_who_comes_back_finds_the_conversation(visitor: Visitor) -> None:
    said = visitor.post("messages", {"text": "hi", "name": "Ann"})[1]
    status, answer = visitor.read(said["chatlogId"])
    assert status == 200
    assert [m["id"] for m in answer["messages"]] == [m["id"] for m in said["messages"]]
    assert answer["details"]["name"] == "Ann"
    assert visitor.read(said["chatlogId"], said["messages"][-1]["id"])[1]["messages"] == []


def test_an_agents_reply_arrives(visitor: Visitor) -> None:
    said = visitor.post("live-chat", {"text": "help"})[1]
    assert said["state"] == "waiting"
    newest = said["messages"][-1]["id"]
    agents.reply(Conversation.objects.get(), "Ann here.")
    answer = visitor.read(said["chatlogId"], newest)[1]
    assert answer["state"] == "live"
    assert [(m["type"], m["content"]) for m in answer["messages"]] == [("agent", "Ann here.")]


def test_details_are_kept_and_sent_with_the_next_event(visitor: Visitor) -> None:
    status, kept = visitor.post("details", {"name": "Ann", "email": "ann@x.example"})
    assert status == 200
    visitor.post("messages", {"text": "hi", "chatlogId": kept["chatlogId"]})
    data = json.loads(bytes(Event.objects.get().body))["data"]
    assert (data["name"], data["email"]) == ("Ann", "ann@x.example")


def test_a_left_message_needs_an_address_and_goes_to_support(visitor: Visitor) -> None:
    status, answer = visitor.post("handover", {"text": "call me"})
    assert status == 400
    assert "e-mail" in answer["error"]
    status, answer = visitor.post("handover", {"text": "call me", "email": "ann@x.example"})
    assert status == 200
    assert "ann@x.example" in answer["messages"][-1]["content"]
    assert SupportEmail.objects.count() == 1
    assert [event.type for event in Event.objects.all()] == ["HUMAN_HANDOVER"]


def test_a_post_without_the_pages_token_is_refused(visitor: Visitor) -> None:
    visitor.token = "x" * 32
    response = visitor.client.post(
        f"{visitor.base}/messages", b'{"text":"hi"}', content_type="application/json"
    )
    assert response.status_code == 403
    assert not Event.objects.exists()


def test_another_chatbots_conversation_is_not_there(visitor: Visitor, chatbot: Chatbot) -> None:
    other = Chatbot.objects.create(account=chatbot.account, name="Other")
    chatlog_id = chat.ask(other, "hi").conversation.pk
    assert visitor.read(chatlog_id)[0] == 404
    for call in ("messages", "live-chat", "details"):
        assert visitor.post(call, {"text": "hi", "chatlogId": chatlog_id})[0] == 404


@pytest.mark.parametrize("chatlog_id", ["", "nope", "é", "a b", "x" * 500])
def test_a_chatlog_that_is_not_there_is_a_404(visitor: Visitor, chatlog_id: str) -> None:
    assert visitor.read(chatlog_id)[0] == 404


@pytest.mark.parametrize("after", ["", "-1", "x", "9" * 40, "²"])
def test_any_after_is_borne(visitor: Visitor, after: str) -> None:
    chatlog_id = visitor.post("messages", {"text": "hi"})[1]["chatlogId"]
    assert visitor.read(chatlog_id, after)[0] == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"text": ""}, 400),
        ({"text": "  "}, 400),
        ({"text": "x" * 4001}, 400),
        ({"text": "a\0"}, 400),
        ({"text": "a\ud800"}, 400),
        ({"text": 7}, 400),
        ({"text": "hi", "email": "nobody"}, 400),
        ({"text": "hi", "name": "x" * 201}, 400),
        ({}, 400),
        ([], 400),
        (b"{", 400),
        (b"\xff", 400),
        (b'{"text":1e999}', 400),
        (b'"' + b"x" * 70_000 + b'"', 413),
    ],
)
def test_what_cannot_be_said_is_refused_in_words(
    visitor: Visitor, body: object, status: int
) -> None:
    got, answer = visitor.post("messages", body)
    assert got == status
    assert len(answer["error"]) > 10
    assert not Conversation.objects.exists()


def test_other_content_than_json_is_refused(visitor: Visitor) -> None:
    response = visitor.client.post(
        f"{visitor.base}/messages",
        {"text": "hi", "csrfmiddlewaretoken": visitor.token},
    )
    assert response.status_code == 415


def test_a_visitor_who_runs_wild_is_told_to_wait(visitor: Visitor, chatbot: Chatbot) -> None:
    for _ in range(LIMITS[Kind.WRITE].per_visitor):
        assert visitor.post("messages", {"text": "hi"})[0] == 200
    status, answer = visitor.post("messages", {"text": "hi"})
    assert status == 429
    wait = re.fullmatch(
        r"That was quick! Please wait (\d+) seconds and try again.", answer["error"]
    )
    assert wait
    assert 1 <= int(wait[1]) <= 60
    for call in ("live-chat", "handover", "form", "details", "whatsapp/messages"):
        assert visitor.post(call, {"text": "hi"})[0] == 429
    assert Event.objects.count() == LIMITS[Kind.WRITE].per_visitor
    # Others, and what was said, are not affected.
    visitor.client.defaults["REMOTE_ADDR"] = "8.8.8.8"
    assert visitor.post("messages", {"text": "hi"})[0] == 200


def test_all_visitors_of_a_chatbot_together_have_a_limit_too(
    visitor: Visitor, chatbot: Chatbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LIMITS, Kind.WRITE, Limit(per_visitor=2, per_chatbot=3))

    def details_from(address: str, chatbot: Chatbot = chatbot) -> int:
        visitor.base = f"/chatbot/{chatbot.pk}"
        visitor.client.defaults["REMOTE_ADDR"] = address
        return visitor.post("details", {})[0]

    assert [details_from("8.8.8.8") for _ in range(5)] == [200, 200, 429, 429, 429]
    # What was refused did not use up what the others have.
    assert [details_from("9.9.9.9") for _ in range(2)] == [200, 429]
    other = Chatbot.objects.create(account=chatbot.account, name="Other")
    assert details_from("9.9.9.9", other) == 200


def test_reading_has_a_limit_of_its_own(visitor: Visitor) -> None:
    chatlog_id = visitor.post("messages", {"text": "hi"})[1]["chatlogId"]
    for _ in range(LIMITS[Kind.READ].per_visitor):
        assert visitor.read(chatlog_id)[0] == 200
    # Whoever guesses at ids is stopped as well.
    assert visitor.read("c" * 25)[0] == 429
    assert visitor.read(chatlog_id)[0] == 429
    assert visitor.post("messages", {"text": "hi"})[0] == 200


def test_the_sandbox_lets_a_visitor_say_as_much_as_they_like(
    visitor: Visitor, settings: Any
) -> None:
    settings.SANDBOX = True
    for _ in range(LIMITS[Kind.WRITE].per_visitor + 1):
        assert visitor.post("details", {})[0] == 200


def test_the_visitors_address_behind_a_proxy_is_the_last_forwarded() -> None:
    factory = RequestFactory()
    header = {"X-Forwarded-For": "6.6.6.6, 9.9.9.9"}
    behind = factory.get("/", REMOTE_ADDR="10.0.0.1", headers=header)
    direct = factory.get("/", REMOTE_ADDR="8.8.8.8", headers=header)
    alone = factory.get("/", REMOTE_ADDR="127.0.0.1")
    odd = factory.get("/", REMOTE_ADDR="")
    assert visitor_throttle.address_of(behind) == "9.9.9.9"
    assert visitor_throttle.address_of(direct) == "8.8.8.8"
    assert visitor_throttle.address_of(alone) == "127.0.0.1"
    assert visitor_throttle.address_of(odd) == ""


# ---------------------------------------------------------------- WhatsApp

ZOE = {"name": " Zoë ", "phoneNumber": "0049 151 2345678"}


def test_whatsapp_asks_for_a_number_once_and_takes_no_email(visitor: Visitor) -> None:
    status, answer = visitor.post("whatsapp/messages", {"text": "hi"})
    assert (status, "with its country code" in answer["error"]) == (400, True)
    status, answer = visitor.post("whatsapp/messages", {"text": "hi", "phoneNumber": "12"})
    assert (status, "with its country code" in answer["error"]) == (400, True)
    status, answer = visitor.post(
        "whatsapp/messages", {"text": "hi", "email": "zoe@x.example", **ZOE}
    )
    assert status == 200
    assert answer["details"] == {"email": "", "name": "Zoë", "phoneNumber": "+491512345678"}
    body = {"text": "a human, please", "chatlogId": answer["chatlogId"]}
    assert visitor.post("whatsapp/messages", body)[1]["state"] == "waiting"
    assert Conversation.objects.get().channel == "whatsapp"
    assert [event.type for event in Event.objects.all()] == ["LIVE_CHAT_INITIATED"]


@pytest.mark.parametrize("call", ["messages", "live-chat"])
def test_whatsapp_without_live_chat_fires_nothing_and_says_so(
    visitor: Visitor, chatbot: Chatbot, call: str
) -> None:
    chatbot.live_chat_enabled = False
    chatbot.save()
    status, answer = visitor.post(f"whatsapp/{call}", {"text": "get me a human", **ZOE})
    assert status == 200
    assert "live chat is not available" in answer["messages"][-1]["content"]
    assert not Event.objects.exists()
    assert not SupportEmail.objects.exists()


def test_whatsapp_has_no_form_and_no_email(visitor: Visitor, chatbot: Chatbot) -> None:
    page = visitor.client.get(f"{visitor.base}/whatsapp")
    assert "E-mail" not in page.content.decode()
    assert "default-src 'none'" in page["Content-Security-Policy"]
    for call in ("handover", "form", "details"):
        answer = visitor.client.post(
            f"{visitor.base}/whatsapp/{call}", headers={"X-CSRFToken": visitor.token}
        )
        assert answer.status_code == 404


# ---------------------------------------------------------------- the chatbot's own form


def test_a_form_is_checked_and_sent_to_support(visitor: Visitor, chatbot: Chatbot) -> None:
    for kind, required in (("email", True), ("text", False)):
        FormField.objects.create(chatbot=chatbot, label=f"My {kind}", kind=kind, required=required)
    status, answer = visitor.post("form", {"values": {"My text": "7"}})
    assert (status, answer) == (
        400,
        {"error": "My email: Please fill this in.", "field": "My email"},
    )
    values = {"My email": "ann@x.example", "My text": "7", "unknown": "x" * 2000}
    status, answer = visitor.post("form", {"values": values})
    assert status == 200
    data = json.loads(bytes(Event.objects.get().body))["data"]
    assert (data["userMessage"], data["email"]) == (
        "My email: ann@x.example\nMy text: 7",
        "ann@x.example",
    )
    assert SupportEmail.objects.get().form_fields == {"My email": "ann@x.example", "My text": "7"}


@pytest.mark.parametrize(
    "body",
    [{}, {"values": []}, {"values": {"Order": {}}}, {"values": {}}, {"values": {"Order": " "}}],
)
def test_a_form_with_nothing_in_it_is_refused(
    visitor: Visitor, chatbot: Chatbot, body: object
) -> None:
    FormField.objects.create(chatbot=chatbot, label="Order", kind="text")
    status, answer = visitor.post("form", body)
    assert status == 400
    assert len(answer["error"]) > 10
    assert not Event.objects.exists()


def test_a_form_that_was_taken_away_says_so(visitor: Visitor) -> None:
    status, answer = visitor.post("form", {"values": {"Order": "7"}})
    assert (status, answer["error"]) == (
        404,
        "This form is no longer there. Reload the page, please.",
    )


# ---------------------------------------------------------------- who is counted, and for what


def test_a_visitors_whole_ipv6_network_is_one_visitor(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LIMITS, Kind.WRITE, Limit(per_visitor=3, per_chatbot=100))

    def details_from(address: str) -> int:
        visitor.client.defaults["REMOTE_ADDR"] = address
        return visitor.post("details", {})[0]

    of_one = [details_from(f"2a01:4f8:1:2:{number:x}::{number:x}") for number in range(5)]
    assert of_one == [200, 200, 200, 429, 429]
    assert details_from("2a01:4f8:1:3::1") == 200
    assert details_from("::ffff:8.8.8.8") == 200


REFUSED = [
    b"not json",
    b"{}",
    b'{"text": ""}',
    b'{"text": "hi", "chatlogId": "nobodys"}',
    b'{"text": "hi", "email": "none"}',
    b'"' + b"x" * 70_000 + b'"',
]


def test_what_is_refused_uses_up_nothing_of_the_other_visitors(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LIMITS, Kind.WRITE, Limit(per_visitor=2, per_chatbot=1))
    monkeypatch.setitem(LIMITS, Kind.READ, Limit(per_visitor=2, per_chatbot=1))
    calls = ["messages", "live-chat", "handover", "form", "details", "whatsapp/messages"]
    for number, body in enumerate([body for body in REFUSED for _ in calls]):
        visitor.client.defaults["REMOTE_ADDR"] = f"8.8.{number}.1"
        call = calls[number % len(calls)]
        # Details may be empty, and have no text.
        if call != "details" or body not in REFUSED[1:3]:
            assert visitor.post(call, body)[0] in {400, 404, 413}, (call, body[:60])
        assert visitor.read("c" * 25)[0] == 404
    visitor.client.defaults["REMOTE_ADDR"] = "9.9.9.9"
    status, answer = visitor.post("messages", {"text": "hi"})
    assert status == 200
    assert visitor.read(answer["chatlogId"])[0] == 200
    # And that was the one there was.
    visitor.client.defaults["REMOTE_ADDR"] = "9.9.9.10"
    assert visitor.post("messages", {"text": "hi"})[0] == 429
