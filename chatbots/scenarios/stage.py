"""A stage for scenarios that is this emitter: what a visitor's page and an agent's screen do."""

from __future__ import annotations

from collections.abc import Mapping

from django.core.exceptions import ValidationError

from chatbots import agents
from chatbots import conversation as chat
from chatbots.models import Chatbot, Conversation
from chatbots.scenarios.player import Outcome, Visitor


class OwnStage:
    """Plays steps with one chatbot (player.Stage), as visitors of its chat page."""

    def __init__(self, chatbot: Chatbot) -> None:
        self._chatbot = chatbot

    def ask(self, visitor: Visitor, text: str) -> Outcome:
        reply = chat.ask(
            self._chatbot,
            text,
            chatlog_id=visitor.chatlog_id or None,
            channel=visitor.channel,
            contact=_contact(visitor),
        )
        return _outcome(visitor, reply)

    def person(self, visitor: Visitor, text: str) -> Outcome:
        reply = chat.live_message(
            self._chatbot,
            text,
            chatlog_id=visitor.chatlog_id or None,
            channel=visitor.channel,
            contact=_contact(visitor),
        )
        return _outcome(visitor, reply)

    def handover(
        self,
        visitor: Visitor,
        text: str,
        via: str,  # The three ways are one function; only the API names them.
        fields: Mapping[str, str],
    ) -> Outcome:
        reply = chat.hand_over(
            self._chatbot,
            text,
            chatlog_id=visitor.chatlog_id or None,
            channel=visitor.channel,
            contact=_contact(visitor),
            form_fields=fields,
        )
        return _outcome(visitor, reply)

    def agent(self, visitor: Visitor, text: str, name: str) -> Outcome:
        try:
            agents.reply(self._conversation(visitor), text, name=name)
        except ValidationError as refused:
            return Outcome(reason=" ".join(refused.messages))
        return Outcome()

    def hand_back(self, visitor: Visitor) -> Outcome:
        try:
            agents.hand_back(self._conversation(visitor))
        except ValidationError as refused:
            return Outcome(reason=" ".join(refused.messages))
        return Outcome()

    def close(self, visitor: Visitor) -> Outcome:
        try:
            agents.close(self._conversation(visitor))
        except ValidationError as refused:
            return Outcome(reason=" ".join(refused.messages))
        return Outcome()

    def _conversation(self, visitor: Visitor) -> Conversation:
        return Conversation.objects.get(pk=visitor.chatlog_id, chatbot=self._chatbot)


def _contact(visitor: Visitor) -> chat.Contact:
    return chat.Contact(email=visitor.email, name=visitor.name, phone_number=visitor.phone_number)


def _outcome(visitor: Visitor, reply: chat.Reply) -> Outcome:
    visitor.chatlog_id = reply.conversation.pk
    return Outcome(
        said=reply.response.content if reply.response else "",
        events=tuple(event.type for event in reply.events),
        reason=reply.reason,
    )
