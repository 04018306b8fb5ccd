"""Bodies to be wrong about: Wonderchat's own samples, and real events with what they may hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from chatbots import events
from chatbots.models import EventType
from tests.webhooks.wrong_ways.way import compact

_PERSON: dict[str, Any] = {
    # As the page has it, with its no-break space.
    "email": "[email\u00a0protected]",
    "name": "John Doe",
    "phoneNumber": "+1234567890",
}
_BOT: dict[str, Any] = {"chatbotId": "clm0987654321fedcba", "chatbotName": "Customer Support Bot"}
_CHATLOG: dict[str, Any] = {"chatlogId": "clm1234567890abcdef"}


def _page(event: str, minute: int, data: dict[str, Any]) -> bytes:
    stamp = f"2023-10-15T14:{minute}:00.000Z"
    return compact({"event": event, "timestamp": stamp, "data": data}).encode()


def _real(payload: events.Payload, millisecond: int = 960) -> bytes:
    moment = datetime(2026, 11, 26, 8, 5, 7, millisecond * 1000, UTC)
    return events.body_of(events.EVENT_OF[type(payload)], moment, events.data_of(payload))


def _live_chat(message: str, **more: Any) -> bytes:
    return _real(
        events.LiveChatInitiated(
            chatlogId="cm1x", userMessage=message, chatbotId="cm1b", chatbotName="Bot", **more
        )
    )


SAMPLES: dict[str, bytes] = {
    "the page's LIVE_CHAT_INITIATED": _page(
        EventType.LIVE_CHAT_INITIATED,
        30,
        {**_CHATLOG, "userMessage": "I need help with my order", **_PERSON, **_BOT},
    ),
    "the page's USER_MESSAGE_SENT": _page(
        EventType.USER_MESSAGE_SENT,
        35,
        {
            **_BOT,
            "userMessage": "What are your business hours?",
            "chatbotResponse": "We're open Monday to Friday, 9 AM to 6 PM EST.",
            **_CHATLOG,
            "email": _PERSON["email"],
            "phoneNumber": _PERSON["phoneNumber"],
            "name": _PERSON["name"],
        },
    ),
    "the page's HUMAN_HANDOVER": _page(
        EventType.HUMAN_HANDOVER,
        40,
        {
            **_CHATLOG,
            **_BOT,
            "userMessage": "I need to speak with a human about my complex issue",
            **_PERSON,
            "supportEmail": _PERSON["email"],
            "escalationType": "EMAIL",
            "priority": "HIGH",
        },
    ),
    "a live chat of nobody known": _live_chat("I want to talk to a human"),
    "a name with emoji and accents": _live_chat("Ça va ? 👋🏽", name="Zoë 😀 Ågren"),
    "quotes and markup": _live_chat('it\'s "x" <b>&amp;</b> 1+1=2 `a`\\n', name="O'Brien / Söhne"),
    "odd spaces and controls": _live_chat("a\u2028b\u2029c\u00a0d\x85e\x1bf\x7fg\bh\n\t", name="ﷺ"),
    "a message without a person": _real(
        events.UserMessageSent(
            chatbotId="cm1b",
            chatbotName="Bot für Käufer",
            userMessage="Wo ist mein Paket? https://example.com/a",
            chatbotResponse="Hier: <https://example.com/b>",
            chatlogId="cm1x",
        ),
        50,
    ),
    "a handover without a priority": _real(
        events.HumanHandover(
            chatlogId="cm1x",
            chatbotId="cm1b",
            chatbotName="Bot",
            userMessage="Rückruf, bitte",
            supportEmail="support+eu@example.com",
        ),
        0,
    ),
}
