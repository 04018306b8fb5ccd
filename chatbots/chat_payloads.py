"""The payloads of a conversation's events, from its rows: who fills which field, and with what."""

from __future__ import annotations

from msgspec import UNSET

from chatbots import events
from chatbots.models import Conversation


def live_chat(conversation: Conversation, text: str) -> events.LiveChatInitiated:
    chatbot = conversation.chatbot
    return events.LiveChatInitiated(
        chatlogId=conversation.pk,
        userMessage=text,
        email=conversation.email or UNSET,
        name=conversation.name or None,
        phoneNumber=conversation.phone_number or None,
        chatbotId=chatbot.pk,
        chatbotName=chatbot.name,
    )


def user_message(
    conversation: Conversation, text: str, answer: str, *, through_api: bool
) -> events.UserMessageSent:
    """`through_api` leaves the visitor's details out: "only in main chat endpoint"."""
    chatbot = conversation.chatbot
    payload = events.UserMessageSent(
        chatbotId=chatbot.pk,
        chatbotName=chatbot.name,
        userMessage=text,
        chatbotResponse=answer,
        chatlogId=conversation.pk,
    )
    if not through_api:
        payload.email = conversation.email or UNSET
        payload.phoneNumber = conversation.phone_number or UNSET
        payload.name = conversation.name or UNSET
    return payload


def handover(
    conversation: Conversation, text: str, priority: events.Priority | None
) -> events.HumanHandover:
    chatbot = conversation.chatbot
    return events.HumanHandover(
        chatlogId=conversation.pk,
        chatbotId=chatbot.pk,
        chatbotName=chatbot.name,
        userMessage=text,
        email=conversation.email or UNSET,
        name=conversation.name or None,
        phoneNumber=conversation.phone_number or None,
        supportEmail=chatbot.support_email,
        priority=priority,
    )
