"""What a visitor does in a chat: a question, a live chat, a handover by e-mail.

What an agent does is in agents.py.

Each is one short transaction: the message rows, the conversation's new state, and the events
(Wonderchat webhooks page, Trigger Conditions), or nothing. The conversation's row is locked first,
so messages of one conversation that come together take turns. Nothing in here waits for anything
but the database; the answer and the priority are looked for before the transaction begins. Which
state follows and which event is fired is said in chat_state.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils import timezone

from chatbots import answering, chat_payloads, chat_state, events, own_phrases, priority, wording
from chatbots.chat_state import LIVE_STATES, Act, Fires, Way
from chatbots.intent import asks_for_a_person
from chatbots.knowledge import Source
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
    sources: tuple[Source, ...] = ()
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
    client_id: str = "",
    visitor: str = "",
) -> Reply:
    """A visitor's message to the chatbot, and the chatbot's answer.

    Fires USER_MESSAGE_SENT and, where the message asks for a person, LIVE_CHAT_INITIATED (live
    chat on) or HUMAN_HANDOVER (e-mail handover on). `through_api` leaves the visitor's details out
    of USER_MESSAGE_SENT: the page has them "only in main chat endpoint". While a live chat is on,
    the page's messages go to the person and the chatbot keeps silent; the API's caller asked the
    chatbot, so it answers. On WhatsApp only a live chat fires (chat_state.py). `client_id`
    is kept with the message (said_once.py), `visitor` with a new conversation (visitor.py). Raises
    Conversation.DoesNotExist for a chatlog that is not this chatbot's.
    """
    wants_person = asks_for_a_person(text, own_phrases.lines(chatbot.person_phrases))
    state = _state(chatbot, chatlog_id)
    answered = judgement = None
    if wants_person or state == ConversationState.WAITING:
        judgement = priority.judge(chatbot, text, chatlog_id)
    # A live chat that ends between this look and the lock has the fallback said once.
    if not wants_person and chat_state.chatbot_answers(state, through_api=through_api):
        answered = answering.answer(answering.Question(chatbot, text, chatlog_id))
    with transaction.atomic():
        conversation = _open(chatbot, chatlog_id, channel, contact, visitor)
        if not chat_state.chatbot_answers(conversation.state, through_api=through_api):
            return _to_the_agent(conversation, text, judgement, client_id)
        whatsapp = conversation.channel == Channel.WHATSAPP and not through_api
        way = _way_to_a_person(conversation, whatsapp=whatsapp) if wants_person else None
        message = _say(conversation, MessageType.USER, text, client_id)
        if way:
            words = wording.on_the_way(way, _reached_at(conversation), whatsapp=whatsapp)
        else:
            words = answered.text if answered else chatbot.fallback_reply
        response = Message.objects.create(
            conversation=conversation,
            type=MessageType.BOT,
            content=words,
            sources=[asdict(source) for source in answered.sources] if answered else [],
        )
        happened: tuple[Event, ...] = ()
        if chat_state.answer_is_an_event(whatsapp=whatsapp, through_api=through_api):
            payload = chat_payloads.user_message(conversation, text, words, through_api=through_api)
            happened = (events.record(chatbot, payload),)
        act = chat_state.ACT_OF_WAY[way] if way else Act.MESSAGE
        happened += _move(conversation, act, message, judgement)
    return Reply(
        conversation,
        message,
        response,
        sources=answered.sources if answered else (),
        events=happened,
        reason=wording.NO_LIVE_CHAT_REASON
        if whatsapp and way is Way.NO_WAY
        else wording.plan_reason(chatbot.account),
    )


def live_message(
    chatbot: Chatbot,
    text: str,
    *,
    chatlog_id: str | None = None,
    channel: str = Channel.WEB,
    contact: Contact = NOBODY,
    client_id: str = "",
    visitor: str = "",
) -> Reply:
    """Start the live chat with `text`, or be the visitor's next message in it.

    LIVE_CHAT_INITIATED is fired by the start and by the first message after it; the ones after
    that fire nothing. Where live chat is off, the message is kept and the reply says so. Raises
    Conversation.DoesNotExist for a chatlog that is not this chatbot's.
    """
    judgement = None
    if _state(chatbot, chatlog_id) != ConversationState.LIVE:
        judgement = priority.judge(chatbot, text, chatlog_id)
    with transaction.atomic():
        conversation = _open(chatbot, chatlog_id, channel, contact, visitor)
        if conversation.state in LIVE_STATES:
            return _to_the_agent(conversation, text, judgement, client_id)
        message = _say(conversation, MessageType.USER, text, client_id)
        if not chatbot.live_chat_enabled:
            return _cannot(
                conversation, message, wording.LIVE_CHAT_IS_OFF, wording.NO_LIVE_CHAT_REASON
            )
        response = _say(conversation, MessageType.BOT, wording.on_the_way(Way.LIVE_CHAT))
        happened = _move(conversation, Act.START_LIVE_CHAT, message, judgement)
    return Reply(
        conversation,
        message,
        response,
        events=happened,
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
    client_id: str = "",
    visitor: str = "",
) -> Reply:
    """Hand the conversation over to the support e-mail, with the values of a form if there is one.

    Fires HUMAN_HANDOVER and leaves the e-mail to be sent after COMMIT (handover_mail.py). Where
    e-mail handover is off, the message is kept and the reply says so. Raises
    Conversation.DoesNotExist for a chatlog that is not this chatbot's.
    """
    fields = dict(form_fields or {})
    judgement = priority.judge(chatbot, text, chatlog_id, fields.values())
    with transaction.atomic():
        conversation = _open(chatbot, chatlog_id, channel, contact, visitor)
        message = _say(conversation, MessageType.USER, text, client_id)
        if not chatbot.can_hand_over:
            return _cannot(
                conversation,
                message,
                wording.HANDOVER_IS_OFF,
                wording.no_handover_reason(chatbot),
            )
        words = wording.on_the_way(Way.EMAIL, _reached_at(conversation))
        response = _say(conversation, MessageType.BOT, words)
        happened = _move(conversation, Act.HAND_OVER, message, judgement, fields)
    return Reply(
        conversation,
        message,
        response,
        events=happened,
        reason=wording.plan_reason(chatbot.account),
    )


def set_contact(
    chatbot: Chatbot, chatlog_id: str | None, contact: Contact, visitor: str = ""
) -> Conversation:
    """Keep what a visitor told of themselves, with a new conversation if there is none yet."""
    with transaction.atomic():
        conversation = _open(chatbot, chatlog_id, Channel.WEB, contact, visitor)
        conversation.save()
    return conversation


def _open(
    chatbot: Chatbot, chatlog_id: str | None, channel: str, contact: Contact, visitor: str
) -> Conversation:
    """The conversation, locked, or a new one; with what is newly known of the visitor."""
    if chatlog_id is None:
        return Conversation.objects.create(
            chatbot=chatbot,
            channel=channel,
            visitor_digest=visitor,
            email=contact.email,
            name=contact.name,
            phone_number=contact.phone_number,
        )
    conversation = Conversation.objects.select_for_update().get(pk=chatlog_id, chatbot=chatbot)
    conversation.chatbot = chatbot  # No second look for it.
    conversation.email = contact.email or conversation.email
    conversation.name = contact.name or conversation.name
    conversation.phone_number = contact.phone_number or conversation.phone_number
    return conversation


def _state(chatbot: Chatbot, chatlog_id: str | None) -> str:
    """How the conversation stands before it is locked. Raises Conversation.DoesNotExist."""
    if chatlog_id is None:
        return ConversationState.BOT
    states = Conversation.objects.values_list("state", flat=True)
    state: str = states.get(pk=chatlog_id, chatbot=chatbot)
    return state


def _say(conversation: Conversation, by: MessageType, text: str, client_id: str = "") -> Message:
    return Message.objects.create(
        conversation=conversation, type=by, content=text, client_id=client_id
    )


def _reached_at(conversation: Conversation) -> str:
    return conversation.email or conversation.phone_number


def _way_to_a_person(conversation: Conversation, *, whatsapp: bool) -> Way:
    return chat_state.way_to_a_person(
        conversation.state,
        whatsapp=whatsapp,
        live_chat=conversation.chatbot.live_chat_enabled,
        email=conversation.chatbot.can_hand_over,
    )


def _to_the_agent(
    conversation: Conversation,
    text: str,
    judgement: priority.Judgement | None,
    client_id: str,
) -> Reply:
    """A visitor's message to the person they wait for or talk with."""
    message = _say(conversation, MessageType.USER, text, client_id)
    happened = _move(conversation, Act.MESSAGE, message, judgement)
    return Reply(
        conversation,
        message,
        None,
        events=happened,
        reason=wording.plan_reason(conversation.chatbot.account)
        if happened
        else wording.LIVE_CHAT_IS_ON_REASON,
    )


def _cannot(conversation: Conversation, message: Message, words: str, reason: str) -> Reply:
    """The chatbot does not have what the visitor asked for: it says so, and nothing is fired."""
    response = _say(conversation, MessageType.BOT, words)
    conversation.save()
    return Reply(conversation, message, response, reason=reason)


def _move(
    conversation: Conversation,
    act: Act,
    message: Message,
    judgement: priority.Judgement | None,
    form_fields: Mapping[str, str] | None = None,
) -> tuple[Event, ...]:
    """Do what the visitor's `act` leads to, and save the conversation. Returns what it fired."""
    moved = chat_state.move(
        chat_state.Place(conversation.state, conversation.awaits_first_live_message), act
    )
    if moved.to.state == ConversationState.WAITING != conversation.state:
        conversation.person_asked_for_at = timezone.now()
        conversation.agent_id = None
    conversation.state = moved.to.state
    conversation.awaits_first_live_message = moved.to.awaits_first
    if judgement is not None:
        conversation.priority = judgement.priority or ""
        conversation.priority_because = judgement.explanation
    conversation.save()
    chatbot = conversation.chatbot
    if moved.fires is Fires.LIVE_CHAT:
        return (events.record(chatbot, chat_payloads.live_chat(conversation, message.content)),)
    if moved.fires is Fires.HANDOVER:
        SupportEmail.objects.create(
            conversation=conversation,
            to=chatbot.support_email,
            message=message,
            form_values=list((form_fields or {}).items()),
            priority=conversation.priority,
            priority_because=conversation.priority_because,
        )
        judged = judgement.priority if judgement else None
        payload = chat_payloads.handover(conversation, message.content, judged)
        return (events.record(chatbot, payload),)
    return ()
