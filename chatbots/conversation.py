"""What happens in a chat: a question, a live chat, a handover by e-mail, an agent's reply.

Each is one short transaction: the message rows, the conversation's new state, and the events
(Wonderchat webhooks page, Trigger Conditions), or nothing. The conversation's row is locked first,
so messages of one conversation that come together take turns. Nothing in here waits for anything
but the database; the answer is looked for before the transaction begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from msgspec import UNSET

from chatbots import events, knowledge, own_phrases, wording
from chatbots.intent import asks_for_a_person
from chatbots.models import (
    Channel,
    Chatbot,
    Conversation,
    ConversationState,
    Event,
    Message,
    MessageType,
    SupportEmail,
)
from chatbots.priority import priority_of

LIVE_STATES = frozenset({ConversationState.WAITING, ConversationState.LIVE})


@dataclass(frozen=True, kw_only=True)
class Contact:
    """What is known of a visitor; empty where it is not."""

    email: str = ""
    name: str = ""
    phone_number: str = ""


NOBODY = Contact()


@dataclass(frozen=True)
class Reply:
    """What a message led to.

    `response` is None where nobody but a person will answer. `reason` says in a sentence why there
    is no event, or why nobody can receive it; empty when there is nothing to say.
    """

    conversation: Conversation
    message: Message
    response: Message | None
    sources: tuple[knowledge.Source, ...] = ()
    events: tuple[Event, ...] = ()
    reason: str = ""


def ask(
    chatbot: Chatbot,
    text: str,
    *,
    chatlog_id: str | None = None,
    channel: str = Channel.WEB,
    through_api: bool = False,
    contact: Contact = NOBODY,
) -> Reply:
    """A visitor's message to the chatbot, and the chatbot's answer.

    Fires USER_MESSAGE_SENT and, where the message asks for a person, LIVE_CHAT_INITIATED (live
    chat on) or HUMAN_HANDOVER (e-mail handover on). `through_api` leaves the visitor's details out
    of USER_MESSAGE_SENT: the page has them "only in main chat endpoint". While a live chat is on,
    the page's messages go to the person and the chatbot keeps silent; the API's caller asked the
    chatbot, so it answers. Raises Conversation.DoesNotExist for a chatlog that is not this
    chatbot's.
    """
    wants_person = asks_for_a_person(text, own_phrases.lines(chatbot.person_phrases))
    found = None if wants_person else knowledge.find(chatbot, text)
    with transaction.atomic():
        conversation = _open(chatbot, chatlog_id, channel, contact)
        if conversation.state in LIVE_STATES and not through_api:
            return _in_live_chat(chatbot, conversation, text)
        message = _say(conversation, MessageType.USER, text)
        way = _way_to_a_person(chatbot, conversation) if wants_person else ""
        if wants_person:
            words = wording.on_the_way(way, conversation.email)
        else:
            words = found.answer if found else chatbot.fallback_reply
        response = _say(conversation, MessageType.BOT, words)
        happened = [
            events.record(chatbot, _user_message(chatbot, conversation, text, words, through_api))
        ]
        if way == wording.LIVE_CHAT:
            happened.append(_start_live_chat(chatbot, conversation, text))
        elif way == wording.EMAIL:
            happened.append(_send_to_support(chatbot, conversation, message, {}))
        elif conversation.state in LIVE_STATES and conversation.awaits_first_live_message:
            happened.append(_first_live_message(chatbot, conversation, text))
        elif conversation.state == ConversationState.CLOSED:
            conversation.state = ConversationState.BOT
        conversation.save()
    return Reply(
        conversation,
        message,
        response,
        sources=found.sources if found else (),
        events=tuple(happened),
        reason=wording.plan_reason(chatbot.account),
    )


def live_message(
    chatbot: Chatbot,
    text: str,
    *,
    chatlog_id: str | None = None,
    channel: str = Channel.WEB,
    contact: Contact = NOBODY,
) -> Reply:
    """Start the live chat with `text`, or be the visitor's next message in it.

    LIVE_CHAT_INITIATED is fired by the start and by the first message after it; the ones after
    that fire nothing. Where live chat is off, the message is kept and the reply says so. Raises
    Conversation.DoesNotExist for a chatlog that is not this chatbot's.
    """
    with transaction.atomic():
        conversation = _open(chatbot, chatlog_id, channel, contact)
        if conversation.state in LIVE_STATES:
            return _in_live_chat(chatbot, conversation, text)
        message = _say(conversation, MessageType.USER, text)
        if not chatbot.live_chat_enabled:
            response = _say(conversation, MessageType.BOT, wording.LIVE_CHAT_IS_OFF)
            conversation.save()
            return Reply(conversation, message, response, reason=wording.NO_LIVE_CHAT_REASON)
        response = _say(conversation, MessageType.BOT, wording.on_the_way(wording.LIVE_CHAT, ""))
        event = _start_live_chat(chatbot, conversation, text)
        conversation.save()
    return Reply(
        conversation,
        message,
        response,
        events=(event,),
        reason=wording.plan_reason(chatbot.account),
    )


def hand_over(
    chatbot: Chatbot,
    text: str,
    *,
    chatlog_id: str | None = None,
    channel: str = Channel.WEB,
    contact: Contact = NOBODY,
    form_fields: Mapping[str, str] | None = None,
) -> Reply:
    """Hand the conversation over to the support e-mail, with the values of a form if there is one.

    Fires HUMAN_HANDOVER and leaves the e-mail to be sent after COMMIT (handover_mail.py). Where
    e-mail handover is off, the message is kept and the reply says so. Raises
    Conversation.DoesNotExist for a chatlog that is not this chatbot's.
    """
    with transaction.atomic():
        conversation = _open(chatbot, chatlog_id, channel, contact)
        message = _say(conversation, MessageType.USER, text)
        if not _can_hand_over(chatbot):
            response = _say(conversation, MessageType.BOT, wording.HANDOVER_IS_OFF)
            conversation.save()
            return Reply(
                conversation, message, response, reason=wording.no_handover_reason(chatbot)
            )
        words = wording.on_the_way(wording.EMAIL, conversation.email)
        response = _say(conversation, MessageType.BOT, words)
        event = _send_to_support(chatbot, conversation, message, form_fields or {})
        conversation.save()
    return Reply(
        conversation,
        message,
        response,
        events=(event,),
        reason=wording.plan_reason(chatbot.account),
    )


def set_contact(chatbot: Chatbot, chatlog_id: str | None, contact: Contact) -> Conversation:
    """Keep what a visitor told of themselves, with a new conversation if there is none yet."""
    with transaction.atomic():
        conversation = _open(chatbot, chatlog_id, Channel.WEB, contact)
        conversation.save()
    return conversation


def agent_reply(conversation: Conversation, text: str) -> Message:
    """A person's answer in a live chat; the conversation is live with them from then on."""
    with transaction.atomic():
        locked = Conversation.objects.select_for_update().get(pk=conversation.pk)
        message = _say(locked, MessageType.AGENT, text)
        locked.state = ConversationState.LIVE
        locked.save()
    conversation.state = locked.state
    return message


def close(conversation: Conversation) -> None:
    """End a live chat. The visitor's next message goes to the chatbot again."""
    with transaction.atomic():
        locked = Conversation.objects.select_for_update().get(pk=conversation.pk)
        locked.state = ConversationState.CLOSED
        locked.awaits_first_live_message = False
        locked.save()
    conversation.state = locked.state


def _open(chatbot: Chatbot, chatlog_id: str | None, channel: str, contact: Contact) -> Conversation:
    """The conversation, locked, or a new one; with what is newly known of the visitor."""
    if chatlog_id is None:
        return Conversation.objects.create(
            chatbot=chatbot,
            channel=channel,
            email=contact.email,
            name=contact.name,
            phone_number=contact.phone_number,
        )
    conversation = Conversation.objects.select_for_update().get(pk=chatlog_id, chatbot=chatbot)
    conversation.email = contact.email or conversation.email
    conversation.name = contact.name or conversation.name
    conversation.phone_number = contact.phone_number or conversation.phone_number
    return conversation


def _say(conversation: Conversation, by: MessageType, text: str) -> Message:
    return Message.objects.create(conversation=conversation, type=by, content=text)


def _can_hand_over(chatbot: Chatbot) -> bool:
    return chatbot.email_handover_enabled and bool(chatbot.support_email)


def _way_to_a_person(chatbot: Chatbot, conversation: Conversation) -> str:
    if conversation.state in LIVE_STATES:
        return wording.ON_ALREADY
    if chatbot.live_chat_enabled:
        return wording.LIVE_CHAT
    return wording.EMAIL if _can_hand_over(chatbot) else wording.NO_WAY


def _in_live_chat(chatbot: Chatbot, conversation: Conversation, text: str) -> Reply:
    """A visitor's message to the person they wait for or talk with."""
    message = _say(conversation, MessageType.USER, text)
    happened: tuple[Event, ...] = ()
    reason = wording.LIVE_CHAT_IS_ON_REASON
    if conversation.awaits_first_live_message:
        happened = (_first_live_message(chatbot, conversation, text),)
        reason = wording.plan_reason(chatbot.account)
    conversation.save()
    return Reply(conversation, message, None, events=happened, reason=reason)


def _start_live_chat(chatbot: Chatbot, conversation: Conversation, text: str) -> Event:
    conversation.state = ConversationState.WAITING
    conversation.awaits_first_live_message = True
    return events.record(chatbot, _live_chat(chatbot, conversation, text))


def _first_live_message(chatbot: Chatbot, conversation: Conversation, text: str) -> Event:
    conversation.awaits_first_live_message = False
    return events.record(chatbot, _live_chat(chatbot, conversation, text))


def _send_to_support(
    chatbot: Chatbot, conversation: Conversation, message: Message, form_fields: Mapping[str, str]
) -> Event:
    priority = priority_of([message.content, *form_fields.values()])
    SupportEmail.objects.create(
        conversation=conversation,
        to=chatbot.support_email,
        message=message,
        form_fields=dict(form_fields),
        priority=priority or "",
    )
    # A person who talks with the visitor right now is not sent away by a form.
    if conversation.state != ConversationState.LIVE:
        conversation.state = ConversationState.HANDED_OVER
        conversation.awaits_first_live_message = False
    return events.record(
        chatbot,
        events.HumanHandover(
            chatlogId=conversation.pk,
            chatbotId=chatbot.pk,
            chatbotName=chatbot.name,
            userMessage=message.content,
            email=conversation.email or UNSET,
            name=conversation.name or None,
            phoneNumber=conversation.phone_number or None,
            supportEmail=chatbot.support_email,
            priority=priority,
        ),
    )


def _live_chat(chatbot: Chatbot, conversation: Conversation, text: str) -> events.LiveChatInitiated:
    return events.LiveChatInitiated(
        chatlogId=conversation.pk,
        userMessage=text,
        email=conversation.email or UNSET,
        name=conversation.name or None,
        phoneNumber=conversation.phone_number or None,
        chatbotId=chatbot.pk,
        chatbotName=chatbot.name,
    )


def _user_message(
    chatbot: Chatbot, conversation: Conversation, text: str, answer: str, through_api: bool
) -> events.UserMessageSent:
    known = NOBODY if through_api else conversation
    return events.UserMessageSent(
        chatbotId=chatbot.pk,
        chatbotName=chatbot.name,
        userMessage=text,
        chatbotResponse=answer,
        chatlogId=conversation.pk,
        email=known.email or UNSET,
        phoneNumber=known.phone_number or UNSET,
        name=known.name or UNSET,
    )
