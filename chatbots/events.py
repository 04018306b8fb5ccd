"""Wonderchat's three events: their payloads, the bytes of each, and the recording of one.

Field order and what may be missing come from Wonderchat's webhooks page: a field that "may be
undefined" is UNSET (the key is absent), one that "may be null" is None.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import msgspec
from django.db import transaction
from django.dispatch import Signal
from django.utils import timezone
from msgspec import UNSET, UnsetType

from chatbots import jsonbytes
from chatbots.cuid import cuid
from chatbots.models import Chatbot, Event, EventSource, EventType
from chatbots.timestamp import iso

Priority = Literal["LOW", "MEDIUM", "HIGH"]

# What is sent for one event has no more, whichever way the event came in.
MOST_BODY_BYTES: Final = 256 * 1024
# As its column holds it.
LONGEST_CHATLOG_ID: Final = 64
# A NUL, or half of a surrogate pair.
_UNKEPT: Final = re.compile("[\0\ud800-\udfff]")


class LiveChatInitiated(msgspec.Struct, kw_only=True):
    """Data of LIVE_CHAT_INITIATED. E-mail may be undefined, name and phone number null."""

    chatlogId: str
    userMessage: str
    email: str | UnsetType = UNSET
    name: str | None = None
    phoneNumber: str | None = None
    chatbotId: str
    chatbotName: str


class UserMessageSent(msgspec.Struct, kw_only=True):
    """Data of USER_MESSAGE_SENT. The user's details come only from the main chat, when known."""

    chatbotId: str
    chatbotName: str
    userMessage: str
    chatbotResponse: str
    chatlogId: str
    email: str | UnsetType = UNSET
    phoneNumber: str | UnsetType = UNSET
    name: str | UnsetType = UNSET


class HumanHandover(msgspec.Struct, kw_only=True):
    """Data of HUMAN_HANDOVER. E-mail may be undefined; name, phone number and priority null."""

    chatlogId: str
    chatbotId: str
    chatbotName: str
    userMessage: str
    email: str | UnsetType = UNSET
    name: str | None = None
    phoneNumber: str | None = None
    supportEmail: str
    escalationType: Literal["EMAIL"] = "EMAIL"
    priority: Priority | None = None


Payload = LiveChatInitiated | UserMessageSent | HumanHandover

PAYLOADS: dict[str, type[Payload]] = {
    EventType.LIVE_CHAT_INITIATED: LiveChatInitiated,
    EventType.USER_MESSAGE_SENT: UserMessageSent,
    EventType.HUMAN_HANDOVER: HumanHandover,
}
EVENT_OF: dict[type[Payload], str] = {payload: event for event, payload in PAYLOADS.items()}

_COLUMNS = [field.attname for field in Event._meta.concrete_fields]

# Sent with `event`, inside the transaction that records it.
event_recorded = Signal()


class TooLarge(ValueError):
    """The body of an event would be longer than MOST_BODY_BYTES; says so in a sentence."""

    def __init__(self, size: int) -> None:
        super().__init__(
            f"The event's body would be {size:,} bytes long; at most {MOST_BODY_BYTES:,} "
            f"({MOST_BODY_BYTES // 1024} KiB) are sent. Leave something out."
        )


def fields_of(event: str) -> tuple[str, ...]:
    """The keys of an event's data, in the page's order; none for an event it does not have."""
    payload = PAYLOADS.get(event)
    return payload.__struct_fields__ if payload else ()


def data_of(payload: Payload) -> dict[str, Any]:
    """A payload's data as JSON has it: in order, without what is undefined."""
    return {
        name: value
        for name in payload.__struct_fields__
        if (value := getattr(payload, name)) is not UNSET
    }


def milliseconds(moment: datetime) -> datetime:
    """`moment` without what its ISO form does not show, so that both say the same."""
    return moment - timedelta(microseconds=moment.microsecond % 1000)


def body_of(event: str, occurred_at: datetime, data: Mapping[str, Any]) -> bytes:
    """The body of an event: what is signed and sent, byte for byte, on every attempt.

    Raises jsonbytes.NotExact, with the path of the value to blame, for data that JavaScript would
    not give back as they are, and TooLarge. A key such as "0" in `data` itself is refused:
    JavaScript would move it before the event's own.
    """
    for key in data:
        if jsonbytes.is_array_index(key):
            raise jsonbytes.NotExact(
                f"has the key {key!r}; JavaScript would move it before the event's own keys.",
                "data",
            )
    body = b'{"event":%b,"timestamp":"%b","data":%b}' % (
        jsonbytes.encode(event, path="event"),
        iso(occurred_at).encode(),
        jsonbytes.encode(data, path="data"),
    )
    if len(body) > MOST_BODY_BYTES:
        raise TooLarge(len(body))
    return body


def is_chatlog_id(text: str) -> bool:
    """Whether an event can be found by `text` as its conversation's id: what somebody posts may be
    any text, and it is kept with the event where it fits."""
    return len(text) <= LONGEST_CHATLOG_ID and not _UNKEPT.search(text)


def build(
    chatbot: Chatbot,
    event: str,
    data: Mapping[str, Any],
    *,
    source: EventSource,
    occurred_at: datetime | None = None,
) -> Event:
    """An Event with its bytes made, not saved. Raises what `body_of` does."""
    moment = milliseconds(occurred_at or timezone.now())
    chatlog_id = data.get("chatlogId")
    values: dict[str, Any] = {
        "id": cuid(),
        "chatbot_id": chatbot.pk,
        "type": event,
        "occurred_at": moment,
        "chatlog_id": chatlog_id
        if isinstance(chatlog_id, str) and is_chatlog_id(chatlog_id)
        else "",
        "source": source,
        "body": body_of(event, moment, data),
        "created_at": timezone.now(),
    }
    # By place: by name, a model takes longer to make than its bytes.
    made = Event(*[values[column] for column in _COLUMNS])  # type: ignore[misc]  # Not one list.
    made.chatbot = chatbot
    return made


def record(chatbot: Chatbot, payload: Payload) -> Event:
    """Record that `payload` happened in a chat: its row, and whoever listens, or neither.

    Call it inside the transaction of the chat's own rows.
    """
    event = build(chatbot, EVENT_OF[type(payload)], data_of(payload), source=EventSource.CHAT)
    with transaction.atomic():
        event.save(force_insert=True)
        event_recorded.send(Event, event=event)
    return event


def sample(event: str, chatbot: Chatbot) -> dict[str, Any]:
    """The data of Wonderchat's own sample of `event`, as this chatbot would send it."""
    own = {"chatbotId": chatbot.pk, "chatbotName": chatbot.name}
    person = {
        "email": "john.doe@example.com",
        "name": "John Doe",
        "phoneNumber": "+1234567890",
    }
    texts: dict[str, dict[str, str]] = {
        EventType.LIVE_CHAT_INITIATED: {"userMessage": "I need help with my order"},
        EventType.USER_MESSAGE_SENT: {
            "userMessage": "What are your business hours?",
            "chatbotResponse": "We're open Monday to Friday, 9 AM to 6 PM EST.",
        },
        EventType.HUMAN_HANDOVER: {
            "userMessage": "I need to speak with a human about my complex issue",
            "supportEmail": chatbot.support_email or "support@example.com",
            "escalationType": "EMAIL",
            "priority": "HIGH",
        },
    }
    values = {"chatlogId": "clm1234567890abcdef", **own, **person, **texts.get(event, {})}
    return {name: values[name] for name in fields_of(event) or values}


def lay_over(
    event: str, chatbot: Chatbot, data: Mapping[str, Any], unset: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """`data` laid over the sample of `event`; keys the event does not have follow after its own."""
    merged = sample(event, chatbot) | dict(data)
    return {name: value for name, value in merged.items() if name not in unset}
