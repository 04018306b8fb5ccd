"""A conversation on the public pages is its visitor's: its id, which webhooks show, is no key."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client, RequestFactory

from chatbots import conversation as chat
from chatbots import visitor as visitors
from chatbots.form_field import FormField
from chatbots.models import Chatbot, Conversation, Message

WRITING = ("messages", "live-chat", "handover", "form", "details")
PLACES = ("", "/embed", "/whatsapp")
ZOE = {"name": "Zoe", "phoneNumber": "+41 79 123 45 67"}
TOKEN = "of-the-visitor-" + "0" * 17
OTHER = "of-another-one-" + "0" * 17


class Page:
    """A chat page in a browser: with a token of its own, its cookies, or nothing at all."""

    def __init__(self, chatbot: Chatbot, place: str, token: str = "") -> None:
        self.base = f"/chatbot/{chatbot.pk}{place}"
        self.client = Client(enforce_csrf_checks=True, HTTP_ORIGIN="http://testserver")
        self.client.get(f"/chatbot/{chatbot.pk}")
        self.csrf = self.client.cookies["csrftoken"].value
        if place == "/embed":
            self.client.cookies.clear()
        self.own = {"X-Visitor-Token": token} if token else {}

    def post(self, call: str, **body: Any) -> tuple[int, dict[str, Any]]:
        response = self.client.post(
            f"{self.base}/{call}",
            json.dumps(body),
            content_type="application/json",
            headers={"X-CSRFToken": self.csrf, **self.own},
        )
        return response.status_code, response.json()

    def read(self, chatlog_id: str) -> tuple[int, dict[str, Any]]:
        response = self.client.get(
            f"{self.base}/messages", headers={"X-Chatlog-Id": chatlog_id, **self.own}
        )
        return response.status_code, response.json()


@pytest.fixture
def own_chatbot(chatbot: Chatbot) -> Chatbot:
    FormField.objects.create(chatbot=chatbot, label="Order", kind="text", position=1)
    return chatbot


def _try_all(page: Page, place: str, chatlog_id: str) -> set[int]:
    """What each call of the page answers about that conversation."""
    calls = WRITING if place != "/whatsapp" else WRITING[:2]
    sent = {"chatlogId": chatlog_id, "text": "hi", "values": {"Order": "1"}, "email": "a@b.example"}
    return {page.read(chatlog_id)[0]} | {page.post(call, **sent)[0] for call in calls}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("token", [OTHER, ""], ids=["another's token", "no token"])
def test_the_id_alone_reads_and_writes_nothing(
    own_chatbot: Chatbot, place: str, token: str
) -> None:
    mine = Page(own_chatbot, place, TOKEN)
    chatlog_id = mine.post("messages", text="My number is 4711", **ZOE)[1]["chatlogId"]
    before = Message.objects.count()
    for other in PLACES:
        assert _try_all(Page(own_chatbot, other, token), other, chatlog_id) == {404}
    assert Message.objects.count() == before
    assert Conversation.objects.get().email == ""
    # And the visitor's own does all of it.
    assert _try_all(mine, place, chatlog_id) == {200}


def test_what_the_api_began_is_on_no_page(own_chatbot: Chatbot) -> None:
    chatlog_id = chat.ask(own_chatbot, "hi", through_api=True).conversation.pk
    for place in PLACES:
        for token in (TOKEN, ""):
            assert _try_all(Page(own_chatbot, place, token), place, chatlog_id) == {404}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("tokens", [(TOKEN, OTHER), ("", "")], ids=["tokens", "none"])
def test_an_id_that_another_visitor_used_gives_nothing_away(
    own_chatbot: Chatbot, place: str, tokens: tuple[str, str]
) -> None:
    first, second = (Page(own_chatbot, place, token) for token in tokens)
    said = {"text": "My number is 4711", "clientId": "1", **ZOE}
    mine = first.post("messages", **said)[1]
    # The same browser, at the same address, with the same words.
    theirs = second.post("messages", **said)[1]
    assert theirs["chatlogId"] != mine["chatlogId"]
    assert not {m["id"] for m in theirs["messages"]} & {m["id"] for m in mine["messages"]}


@pytest.mark.parametrize("place", PLACES)
def test_a_visitor_who_says_it_twice_has_said_it_once(own_chatbot: Chatbot, place: str) -> None:
    page = Page(own_chatbot, place, TOKEN)
    said = {"text": "hello", "clientId": "1", **ZOE}
    assert page.post("messages", **said) == page.post("messages", **said)
    assert Conversation.objects.count() == 1


def test_who_shows_no_token_is_given_one_once(own_chatbot: Chatbot) -> None:
    page = Page(own_chatbot, "/embed")
    status, answer = page.post("messages", text="hi")
    assert status == 200
    assert page.read(answer["chatlogId"])[0] == 404
    page.own = {"X-Visitor-Token": answer["visitorToken"]}
    status, seen = page.read(answer["chatlogId"])
    assert (status, len(seen["messages"])) == (200, 2)
    assert "visitorToken" not in seen


WEAK = ["", "1", "x" * 21, "x" * 129, "é" * 30, "a b" * 10, "x" * 30 + "\0"]


@pytest.mark.parametrize("token", WEAK)
def test_what_is_too_weak_for_a_token_is_refused(own_chatbot: Chatbot, token: str) -> None:
    page = Page(own_chatbot, "/embed")
    page.own = {"X-Visitor-Token": token}
    for status, answer in (page.post("messages", text="hi"), page.read("c" * 25)):
        assert status == 400
        assert answer["error"].startswith("The header X-Visitor-Token has 22 to 128 letters")
    assert not Conversation.objects.exists()


def test_neither_the_row_nor_a_repr_shows_the_token(own_chatbot: Chatbot) -> None:
    page = Page(own_chatbot, "/embed", TOKEN)
    page.post("messages", text="hi", clientId="1")
    rows = [*Conversation.objects.values(), *Message.objects.values()]
    assert TOKEN not in str(rows)
    request = RequestFactory().get("/", headers={"X-Visitor-Token": TOKEN})
    assert TOKEN not in repr(visitors.of(request))
