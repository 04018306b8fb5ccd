"""The shapes of the chat API's answers, for its documentation, and how they are made."""

from __future__ import annotations

import json
from typing import Any

from rest_framework import serializers

from chatbots.conversation import Reply
from chatbots.models import Event, Message, MessageType
from chatbots.timestamp import iso
from chatbots.transcript import Stretch


class SourceAnswer(serializers.Serializer[Any]):
    url = serializers.CharField()
    title = serializers.CharField()


class ChatAnswer(serializers.Serializer[Any]):
    """The chatbot's answer."""

    id = serializers.CharField(help_text="The id of the chatbot's message.")
    response = serializers.CharField()
    chatlogId = serializers.CharField(help_text="Send it with the next question.")
    sources = SourceAnswer(many=True)


class MessageAnswer(serializers.Serializer[Any]):
    content = serializers.CharField()
    type = serializers.ChoiceField(choices=MessageType.values)
    createdAt = serializers.DateTimeField()


class MessagesAnswer(serializers.Serializer[Any]):
    """The latest messages of a conversation, oldest first."""

    messages = MessageAnswer(many=True)
    next = serializers.CharField(
        required=False,
        help_text="The `cursor` of what was said before these; absent where nothing was.",
    )


class RecordedEvent(serializers.Serializer[Any]):
    id = serializers.CharField()
    event = serializers.CharField()
    timestamp = serializers.DateTimeField()
    payload = serializers.DictField(help_text="The JSON that is signed and sent.")


class PersonAnswer(serializers.Serializer[Any]):
    """What a request for a person led to."""

    chatlogId = serializers.CharField()
    event = RecordedEvent(allow_null=True)
    reason = serializers.CharField(
        help_text="Why there is no event, or why no webhook gets it; empty otherwise."
    )


def of_chat(reply: Reply) -> dict[str, Any]:
    """The answer of POST /chat. The chatbot always answers there."""
    assert reply.response is not None
    return {
        "id": str(reply.response.pk),
        "response": reply.response.content,
        "chatlogId": reply.conversation.pk,
        "sources": [{"url": s.url, "title": s.title} for s in reply.sources],
    }


def of_message(message: Message) -> dict[str, Any]:
    return {
        "content": message.content,
        "type": MessageType(message.type).value,
        "createdAt": iso(message.created_at),
    }


def of_messages(stretch: Stretch) -> dict[str, Any]:
    shown: dict[str, Any] = {"messages": [of_message(row) for row in stretch.messages]}
    return shown | ({"next": str(stretch.before)} if stretch.before else {})


def of_person(reply: Reply) -> dict[str, Any]:
    """The answer of POST /live-chat and /handover."""
    event = reply.events[-1] if reply.events else None
    return {
        "chatlogId": reply.conversation.pk,
        "event": of_event(event) if event else None,
        "reason": reply.reason,
    }


def of_event(event: Event) -> dict[str, Any]:
    return {
        "id": event.pk,
        "event": event.type,
        "timestamp": iso(event.occurred_at),
        # A chat's payload holds only texts and nulls: parsing it changes nothing.
        "payload": json.loads(bytes(event.body)),
    }
