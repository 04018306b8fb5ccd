"""The states of a conversation, what may happen in each, and which event each thing fires.

    bot ──asks for a person──▶ waiting ──an agent replies──▶ live ──an agent ends it──▶ closed
     └──goes to the support e-mail──▶ handed over

An agent may hand back to the bot, and the first message after the end goes to the bot again. These
are all the rules there are (Wonderchat webhooks page, Trigger Conditions), and they know no
database: conversation.py locks the row, and does what `move` says.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum, auto


class State(StrEnum):
    """Who has the conversation."""

    BOT = "bot"
    WAITING = "waiting"
    LIVE = "live"
    HANDED_OVER = "handed_over"
    CLOSED = "closed"


LIVE_STATES = frozenset({State.WAITING, State.LIVE})


class Act(Enum):
    """What may happen in a conversation."""

    # The visitor's.
    MESSAGE = auto()  # Says something.
    START_LIVE_CHAT = auto()  # Asks for a person, and live chat is on.
    HAND_OVER = auto()  # Asks for a person by e-mail, or leaves a message or a form.
    # The agent's.
    TAKE = auto()
    REPLY = auto()
    HAND_BACK = auto()
    END = auto()


class Fires(Enum):
    """The event of an act, beside the USER_MESSAGE_SENT of a message that the chatbot answers."""

    NOTHING = auto()
    LIVE_CHAT = auto()
    # LIVE_CHAT_INITIATED if it is the visitor's first message since the live chat was initiated.
    LIVE_CHAT_IF_FIRST = auto()
    HANDOVER = auto()


@dataclass(frozen=True)
class Step:
    """What an act leads to: the next state, and the event."""

    to: State
    fires: Fires = Fires.NOTHING


_wait = Step(State.WAITING, Fires.LIVE_CHAT)
_hand_over = Step(State.HANDED_OVER, Fires.HANDOVER)
_to_the_agent = {
    State.WAITING: Step(State.WAITING, Fires.LIVE_CHAT_IF_FIRST),
    State.LIVE: Step(State.LIVE, Fires.LIVE_CHAT_IF_FIRST),
}

# What is not in here is not possible.
STEPS: dict[Act, dict[State, Step]] = {
    Act.MESSAGE: {
        State.BOT: Step(State.BOT),
        **_to_the_agent,
        State.HANDED_OVER: Step(State.HANDED_OVER),
        State.CLOSED: Step(State.BOT),
    },
    Act.START_LIVE_CHAT: {
        State.BOT: _wait,
        **_to_the_agent,
        State.HANDED_OVER: _wait,
        State.CLOSED: _wait,
    },
    Act.HAND_OVER: {
        State.BOT: _hand_over,
        State.WAITING: _hand_over,
        # A person who talks with the visitor right now is not sent away by an e-mail.
        State.LIVE: Step(State.LIVE, Fires.HANDOVER),
        State.HANDED_OVER: _hand_over,
        State.CLOSED: _hand_over,
    },
    Act.TAKE: dict.fromkeys(LIVE_STATES, Step(State.LIVE)),
    Act.REPLY: dict.fromkeys(LIVE_STATES, Step(State.LIVE)),
    Act.HAND_BACK: dict.fromkeys(LIVE_STATES, Step(State.BOT)),
    Act.END: dict.fromkeys(LIVE_STATES, Step(State.CLOSED)),
}


class NotPossible(ValueError):
    """An agent's act in a conversation that is not in live chat."""


@dataclass(frozen=True)
class Place:
    """Where a conversation is: its state, and whether the first live message is still to come."""

    state: str = State.BOT
    awaits_first: bool = False


@dataclass(frozen=True)
class Move:
    """Where an act leads, and the event it fires: NOTHING, LIVE_CHAT or HANDOVER."""

    to: Place
    fires: Fires


def move(place: Place, act: Act) -> Move:
    """What `act` leads to. Raises NotPossible where it has no place."""
    step = STEPS[act].get(State(place.state))
    if step is None:
        raise NotPossible(f"{act.name} is not possible in the state {place.state}")
    if step.fires is Fires.LIVE_CHAT_IF_FIRST:
        fires = Fires.LIVE_CHAT if place.awaits_first else Fires.NOTHING
        return Move(Place(step.to), fires)
    awaits_first = step.fires is Fires.LIVE_CHAT or (place.awaits_first and step.to in LIVE_STATES)
    return Move(Place(step.to, awaits_first), step.fires)


class Way(Enum):
    """How a visitor who asks for a person gets to one."""

    LIVE_CHAT = auto()
    EMAIL = auto()
    ON_ALREADY = auto()
    NO_WAY = auto()


def way_to_a_person(state: str, *, whatsapp: bool, live_chat: bool, email: bool) -> Way:
    """The way that is open; `live_chat` and `email` say whether the chatbot has these features.

    On WhatsApp live chat is the only one ("WhatsApp user requests human support when live chat is
    enabled").
    """
    if state in LIVE_STATES:
        return Way.ON_ALREADY
    if live_chat:
        return Way.LIVE_CHAT
    return Way.EMAIL if email and not whatsapp else Way.NO_WAY


ACT_OF_WAY = {
    Way.LIVE_CHAT: Act.START_LIVE_CHAT,
    Way.EMAIL: Act.HAND_OVER,
    Way.ON_ALREADY: Act.MESSAGE,
    Way.NO_WAY: Act.MESSAGE,
}


def chatbot_answers(state: str, *, through_api: bool) -> bool:
    """Whether the chatbot answers a message: not what a visitor writes to a person.

    A caller of the API asked the chatbot itself.
    """
    return through_api or state not in LIVE_STATES


def answer_is_an_event(*, whatsapp: bool, through_api: bool) -> bool:
    """Whether a message that the chatbot answers fires USER_MESSAGE_SENT.

    Wonderchat's page names "the API (v1/chat endpoint)" and "the main chat interface". WhatsApp is
    neither.
    """
    return through_api or not whatsapp
