"""What an agent does in a live chat: take it, reply, hand it back to the chatbot, close it.

Agents are the account's people in the dashboard, and programs that reply over the API. Each action
locks the conversation's row first, as a visitor's messages do (conversation.py), so that two agents
who act at once take turns: the second learns who was first. None of them fires an event; what an
agent says is in no trigger condition of Wonderchat's page.
"""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import transaction

from chatbots import wording
from chatbots.chat_state import Act, NotPossible, Place, move
from chatbots.models import (
    AGENT_NAME_LENGTH,
    Conversation,
    Message,
    MessageType,
)


def name_of(agent: AbstractUser) -> str:
    """How an agent is called."""
    return agent.get_full_name() or agent.get_username()


def take(conversation: Conversation, agent: AbstractUser) -> None:
    """Make the live chat `agent`'s own, in place of another agent who has it.

    Raises ValidationError when no live chat is on.
    """
    with transaction.atomic():
        locked = _locked(conversation)
        _move(locked, Act.TAKE)
        locked.agent_id = agent.pk
        locked.save()


def reply(
    conversation: Conversation,
    text: str,
    *,
    agent: AbstractUser | None = None,
    name: str = "",
    client_id: str = "",
) -> Message:
    """An agent's message to the visitor; the live chat is the agent's from then on.

    `agent` is None for a program, which may say under which `name` it speaks. `client_id` is the
    sender's own id of the message: sent twice (a double-click, a request that was repeated), it is
    kept once and the first one is returned. Raises ValidationError when no live chat is on, and
    when another agent has it: `take` it first.
    """
    with transaction.atomic():
        locked = _locked(conversation)
        if client_id:
            kept = locked.messages.filter(type=MessageType.AGENT, client_id=client_id).first()
            if kept is not None:
                return kept
        _move(locked, Act.REPLY, "The live chat is over. Nothing was sent.")
        if agent is not None:
            if locked.agent is not None and locked.agent_id != agent.pk:
                raise ValidationError(
                    f"{name_of(locked.agent)} talks with this visitor. Nothing was sent. "
                    "Take over to answer yourself.",
                    code="taken",
                )
            locked.agent_id = agent.pk
            name = name_of(agent)
        locked.save()
        return Message.objects.create(
            conversation=locked,
            type=MessageType.AGENT,
            content=text,
            agent_name=name[:AGENT_NAME_LENGTH],
            client_id=client_id,
        )


def hand_back(conversation: Conversation) -> None:
    """Give the visitor back to the chatbot, which says so.

    Raises ValidationError when no live chat is on.
    """
    _end(conversation, Act.HAND_BACK, wording.HANDED_BACK)


def close(conversation: Conversation) -> None:
    """End the conversation, and tell the visitor. What they write next goes to the chatbot.

    Raises ValidationError when no live chat is on.
    """
    _end(conversation, Act.END, wording.LIVE_CHAT_HAS_ENDED)


def _end(conversation: Conversation, act: Act, words: str) -> None:
    with transaction.atomic():
        locked = _locked(conversation)
        _move(locked, act)
        locked.agent_id = None
        locked.save()
        Message.objects.create(conversation=locked, type=MessageType.BOT, content=words)


def _locked(conversation: Conversation) -> Conversation:
    return Conversation.objects.select_for_update().get(pk=conversation.pk)


def _move(locked: Conversation, act: Act, sentence: str = "The live chat is over already.") -> None:
    """Where `act` leads (chat_state.py). Raises ValidationError when no live chat is on."""
    try:
        moved = move(Place(locked.state, locked.awaits_first_live_message), act)
    except NotPossible:
        raise ValidationError(sentence, code="no_live_chat") from None
    locked.state = moved.to.state
    locked.awaits_first_live_message = moved.to.awaits_first
