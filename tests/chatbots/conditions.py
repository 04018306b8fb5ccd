"""What a receiver gets for each event (Wonderchat's page), for tests that walk its conditions."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import connections

from chatbots.models import Chatbot, EventType
from tests.receiver import Receiver, Request
from webhooks import engine, subscriptions

SECRET = "the receiver's own secret"
Result = TypeVar("Result")

# The keys of each event's data, in the order of Wonderchat's page.
KEYS = {
    "LIVE_CHAT_INITIATED": [
        "chatlogId",
        "userMessage",
        "email",
        "name",
        "phoneNumber",
        "chatbotId",
        "chatbotName",
    ],
    "USER_MESSAGE_SENT": [
        "chatbotId",
        "chatbotName",
        "userMessage",
        "chatbotResponse",
        "chatlogId",
        "email",
        "phoneNumber",
        "name",
    ],
    "HUMAN_HANDOVER": [
        "chatlogId",
        "chatbotId",
        "chatbotName",
        "userMessage",
        "email",
        "name",
        "phoneNumber",
        "supportEmail",
        "escalationType",
        "priority",
    ],
}


def in_thread(work: Callable[[], Result]) -> Result:
    """`work` where no event loop runs: playwright's is in ours, and Django's ORM minds."""
    made: list[Result] = []

    def run() -> None:
        try:
            made.append(work())
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return made[0]


def subscribe(chatbot: Chatbot, receiver: Receiver) -> None:
    """A webhook to `receiver` for every event of `chatbot`. A conversation's come in order."""
    for event in EventType.values:
        subscriptions.create(
            chatbot, url=receiver.url(f"/{event}"), event=event, secret=SECRET, ordered=True
        )


def deliver(receiver: Receiver) -> list[dict[str, Any]]:
    """Send what is due, and give the payloads that came since the last time, oldest first."""
    receiver.clear()
    in_thread(engine.run)
    payloads = [checked(request) for request in receiver.requests]
    return sorted(payloads, key=lambda payload: payload["timestamp"])


def checked(request: Request) -> dict[str, Any]:
    """The payload of `request`, signed over exactly these bytes and shaped as the page has it."""
    expected = hmac.new(SECRET.encode(), request.body, hashlib.sha256).hexdigest()
    assert request.headers["x-wonderchat-signature"] == expected
    assert request.headers["content-type"] == "application/json"
    iso = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    assert re.fullmatch(iso, request.headers["x-wonderchat-timestamp"])
    payload: dict[str, Any] = json.loads(request.body)
    assert list(payload) == ["event", "timestamp", "data"]
    assert re.fullmatch(iso, payload["timestamp"])
    assert request.path == f"/{payload['event']}"
    compact = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    assert request.body == compact.encode()
    return payload


def summary(payload: dict[str, Any], chatbot: Chatbot) -> dict[str, Any]:
    """What is particular about a payload, after the rest was found to be as on the page.

    The event, the message, and what is known of the visitor; `...` for a key that is absent.
    """
    data, keys = payload["data"], KEYS[payload["event"]]
    assert list(data) == [key for key in keys if key in data]
    assert data["chatbotId"] == chatbot.pk
    assert data["chatbotName"] == chatbot.name
    assert re.fullmatch(r"c[0-9a-z]{24}", data["chatlogId"])
    optional = {"email", "name", "phoneNumber"}
    assert set(keys) - set(data) <= optional
    if payload["event"] == "HUMAN_HANDOVER":
        assert data["supportEmail"] == chatbot.support_email
        assert data["escalationType"] == "EMAIL"
    if payload["event"] == "USER_MESSAGE_SENT":
        assert data["chatbotResponse"]
    return {
        "event": payload["event"],
        "userMessage": data["userMessage"],
        **{key: data.get(key, ...) for key in ("email", "name", "phoneNumber")},
    }
