"""Who waits for a person and who talks with one, of the chatbots that somebody may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Substr

from chatbots import agents
from chatbots.chat_state import LIVE_STATES
from chatbots.membership import Person, chatbots_of
from chatbots.models import Conversation, ConversationState, Message, MessageType

SHOWN = 100
EXCERPT = 140
COLOUR_OF = {"HIGH": "red", "MEDIUM": "amber", "LOW": "grey"}


@dataclass(frozen=True)
class Row:
    """A conversation as the list shows it."""

    pk: str
    who: str
    since: datetime
    last: str
    last_type: str
    chatbot: str
    channel: str
    priority: str
    because: str
    colour: str
    agent: str


@dataclass(frozen=True)
class Listed:
    """Both halves of the list; the counts are of all, the rows at most SHOWN of each."""

    waiting: list[Row]
    live: list[Row]
    waiting_count: int
    live_count: int

    @property
    def waiting_more(self) -> int:
        return max(0, self.waiting_count - len(self.waiting))

    @property
    def live_more(self) -> int:
        return max(0, self.live_count - len(self.live))


def _in_live_chat(person: Person) -> QuerySet[Conversation]:
    return Conversation.objects.filter(
        state__in=[state.value for state in LIVE_STATES], chatbot__in=chatbots_of(person)
    )


def waiting_count(person: Person) -> int:
    """How many visitors wait for a person."""
    return _in_live_chat(person).filter(state=ConversationState.WAITING).count()


def version(person: Person) -> str:
    """Changes whenever the list would: each message and each step writes its conversation."""
    found = _in_live_chat(person).aggregate(
        all=Count("pk"),
        waiting=Count("pk", filter=Q(state=ConversationState.WAITING)),
        latest=Max("updated_at"),
    )
    latest = found["latest"]
    return f"{found['all']}-{found['waiting']}-{latest.timestamp() if latest else 0}"


def of(person: Person) -> Listed:
    """The list: who waits longest first, then who talks with somebody."""
    # What the chatbot said last is that it asked a colleague to join.
    said = Message.objects.filter(conversation=OuterRef("pk")).exclude(type=MessageType.BOT)
    last = said.order_by("-id")
    found = (
        _in_live_chat(person)
        .select_related("chatbot", "agent")
        .annotate(
            last=Substr(Subquery(last.values("content")[:1]), 1, EXCERPT),
            last_type=Subquery(last.values("type")[:1]),
        )
        .order_by("person_asked_for_at", "created_at")
    )
    counts = _in_live_chat(person).aggregate(
        waiting=Count("pk", filter=Q(state=ConversationState.WAITING)),
        live=Count("pk", filter=Q(state=ConversationState.LIVE)),
    )
    waiting = list(found.filter(state=ConversationState.WAITING)[:SHOWN])
    live = list(found.filter(state=ConversationState.LIVE)[:SHOWN])

    def row(conversation: Conversation) -> Row:
        return Row(
            pk=conversation.pk,
            who=who(conversation),
            since=conversation.person_asked_for_at or conversation.created_at,
            last=getattr(conversation, "last", "") or "",
            last_type=getattr(conversation, "last_type", "") or "",
            chatbot=conversation.chatbot.name,
            channel=conversation.get_channel_display(),
            priority=conversation.priority,
            because=conversation.priority_because,
            colour=COLOUR_OF.get(conversation.priority, ""),
            agent=agents.name_of(conversation.agent) if conversation.agent else "",
        )

    return Listed(
        [row(conversation) for conversation in waiting],
        [row(conversation) for conversation in live],
        counts["waiting"],
        counts["live"],
    )


def who(conversation: Conversation) -> str:
    return conversation.name or conversation.email or conversation.phone_number or "Visitor"
