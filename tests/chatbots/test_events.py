"""The payloads of Wonderchat's three events, to the byte."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbots import events
from chatbots.jsonbytes import NotExact, decode
from chatbots.models import Chatbot, Event, EventSource, EventType
from chatbots.timestamp import iso
from tests.chatbots import node

MOMENT = datetime(2023, 10, 15, 14, 30, tzinfo=UTC)
NASTY = 'Zoë 🎉 "quoted" \\ </script> مرحبا \u2028\u2029 \0\x1f\x7f'


@pytest.fixture
def named(chatbot: Chatbot) -> Chatbot:
    chatbot.pk = "clm0987654321fedcba"
    return chatbot


PAGE = {
    EventType.LIVE_CHAT_INITIATED: (
        '{"event":"LIVE_CHAT_INITIATED","timestamp":"2023-10-15T14:30:00.000Z","data":{'
        '"chatlogId":"clm1234567890abcdef","userMessage":"I need help with my order",'
        '"email":"john.doe@example.com","name":"John Doe","phoneNumber":"+1234567890",'
        '"chatbotId":"clm0987654321fedcba","chatbotName":"Customer Support Bot"}}'
    ),
    EventType.USER_MESSAGE_SENT: (
        '{"event":"USER_MESSAGE_SENT","timestamp":"2023-10-15T14:30:00.000Z","data":{'
        '"chatbotId":"clm0987654321fedcba","chatbotName":"Customer Support Bot",'
        '"userMessage":"What are your business hours?",'
        '"chatbotResponse":"We\'re open Monday to Friday, 9 AM to 6 PM EST.",'
        '"chatlogId":"clm1234567890abcdef","email":"john.doe@example.com",'
        '"phoneNumber":"+1234567890","name":"John Doe"}}'
    ),
    EventType.HUMAN_HANDOVER: (
        '{"event":"HUMAN_HANDOVER","timestamp":"2023-10-15T14:30:00.000Z","data":{'
        '"chatlogId":"clm1234567890abcdef","chatbotId":"clm0987654321fedcba",'
        '"chatbotName":"Customer Support Bot",'
        '"userMessage":"I need to speak with a human about my complex issue",'
        '"email":"john.doe@example.com","name":"John Doe","phoneNumber":"+1234567890",'
        '"supportEmail":"support@acme.example","escalationType":"EMAIL","priority":"HIGH"}}'
    ),
}


@pytest.mark.parametrize("event", EventType.values)
def test_the_sample_of_each_event_is_the_pages_to_the_byte(named: Chatbot, event: str) -> None:
    body = events.body_of(event, MOMENT, events.sample(event, named))
    assert body.decode() == PAGE[EventType(event)]


def test_every_payload_type_belongs_to_one_event() -> None:
    assert set(events.EVENT_OF) == set(get_args(events.Payload))
    assert set(events.PAYLOADS) == set(EventType)


def test_what_is_undefined_is_absent_and_what_is_null_is_null() -> None:
    live = events.LiveChatInitiated(chatlogId="l", userMessage="m", chatbotId="c", chatbotName="n")
    assert events.data_of(live) == {
        "chatlogId": "l",
        "userMessage": "m",
        "name": None,
        "phoneNumber": None,
        "chatbotId": "c",
        "chatbotName": "n",
    }
    sent = events.UserMessageSent(
        chatbotId="c", chatbotName="n", userMessage="m", chatbotResponse="r", chatlogId="l"
    )
    assert list(events.data_of(sent)) == [
        "chatbotId",
        "chatbotName",
        "userMessage",
        "chatbotResponse",
        "chatlogId",
    ]
    handed = events.HumanHandover(
        chatlogId="l", chatbotId="c", chatbotName="n", userMessage="m", supportEmail="s@x.example"
    )
    assert events.data_of(handed) == {
        "chatlogId": "l",
        "chatbotId": "c",
        "chatbotName": "n",
        "userMessage": "m",
        "name": None,
        "phoneNumber": None,
        "supportEmail": "s@x.example",
        "escalationType": "EMAIL",
        "priority": None,
    }


@pytest.mark.node
@pytest.mark.skipif(node.NODE is None, reason="node is not installed")
def test_the_pages_own_code_verifies_all_three_with_hostile_texts(chatbot: Chatbot) -> None:
    chatbot.name = NASTY
    secret = "wörd 🎉"
    cases = []
    for event in EventType.values:
        data = events.lay_over(
            event,
            chatbot,
            {"userMessage": NASTY, "name": None, "extra": {"2": 1.0, "10": [1e-7], "1": NASTY}},
        )
        body = events.body_of(event, MOMENT, data)
        cases.append((body, hmac.digest(secret.encode(), body, "sha256").hex(), secret))
    cases.append((cases[0][0], cases[1][1], secret))
    assert node.verify(cases) == [True, True, True, False]


def test_extra_keys_follow_the_events_own_and_unset_ones_are_gone(chatbot: Chatbot) -> None:
    data = events.lay_over(
        EventType.LIVE_CHAT_INITIATED,
        chatbot,
        {"zzz": 1, "name": None, "chatbotName": "Mine"},
        frozenset({"email", "nothing"}),
    )
    assert list(data) == [
        "chatlogId",
        "userMessage",
        "name",
        "phoneNumber",
        "chatbotId",
        "chatbotName",
        "zzz",
    ]
    assert data["name"] is None
    assert data["chatbotName"] == "Mine"


def test_a_key_that_javascript_would_move_before_the_events_own_is_refused(
    chatbot: Chatbot,
) -> None:
    with pytest.raises(NotExact, match="would move it") as refused:
        events.body_of("X", MOMENT, {"a": 1, "7": 2})
    assert refused.value.path == "data"


def test_the_path_of_a_refused_value_starts_with_data() -> None:
    with pytest.raises(NotExact) as refused:
        events.body_of("X", MOMENT, {"a": [{"b": 2**53 + 1}]})
    assert refused.value.path == "data.a[0].b"


@settings(deadline=None)
@given(
    st.integers(1_000_000, 2 * 10**14),
    st.integers(-23, 23),
)
def test_timestamps_have_milliseconds_and_z_and_agree_with_the_column(
    milliseconds: int, hours: int
) -> None:
    moment = datetime(2, 1, 1, tzinfo=timezone(timedelta(hours=hours)))
    moment += timedelta(milliseconds=milliseconds, microseconds=milliseconds % 999)
    text = iso(moment)
    assert len(text) == len("2023-10-15T14:30:00.000Z")
    assert datetime.fromisoformat(text) == events.milliseconds(moment)


def test_build_keeps_only_a_chatlog_id_that_a_column_can_hold(chatbot: Chatbot) -> None:
    def kept(value: Any) -> str:
        return events.build(
            chatbot, "X", {"chatlogId": value}, source=EventSource.API, occurred_at=MOMENT
        ).chatlog_id

    assert kept("clm1") == "clm1"
    assert [kept(7), kept(None), kept("x" * 65), kept("a\0b")] == ["", "", "", ""]


def test_record_saves_the_event_and_tells_who_listens(chatbot: Chatbot) -> None:
    heard: list[Event] = []

    def listen(sender: type[Event], event: Event, **kwargs: object) -> None:
        heard.append(event)

    events.event_recorded.connect(listen)
    try:
        event = events.record(
            chatbot,
            events.LiveChatInitiated(
                chatlogId="clm1", userMessage=NASTY, chatbotId=chatbot.pk, chatbotName=chatbot.name
            ),
        )
    finally:
        events.event_recorded.disconnect(listen)
    assert heard == [event]
    stored = Event.objects.get()
    assert bytes(stored.body) == bytes(event.body)
    assert (stored.type, stored.chatlog_id, stored.source) == (
        "LIVE_CHAT_INITIATED",
        "clm1",
        "chat",
    )
    parsed = decode(bytes(stored.body))
    assert parsed["timestamp"] == iso(stored.occurred_at)
    assert parsed["data"]["userMessage"] == NASTY


def test_a_listener_that_fails_leaves_no_event(chatbot: Chatbot) -> None:
    def fail(sender: type[Event], **kwargs: object) -> None:
        raise RuntimeError("no room")

    events.event_recorded.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            events.record(
                chatbot,
                events.LiveChatInitiated(
                    chatlogId="c", userMessage="m", chatbotId=chatbot.pk, chatbotName="n"
                ),
            )
    finally:
        events.event_recorded.disconnect(fail)
    assert not Event.objects.exists()
