"""Which messages ask for a person, and which only look like it."""

from __future__ import annotations

import time

import pytest

from chatbots.intent import asks_for_a_person
from chatbots.priority import priority_of
from tests.chatbots.rephrasings import HELD_OUT, OFF_TOPIC, REPHRASED

ASKS = [
    "I need to speak with a human about my complex issue",
    "I want to talk to a human",
    "Can I talk to a real person please?",
    "can i speak to someone",
    "Let me talk to an agent",
    "talk to agent",
    "human",
    "Human please",
    "HUMAN!!!",
    "agent",
    "live agent",
    "a real person, please",
    "connect me to support",
    "Please connect me with your support team.",
    "transfer me to a representative",
    "put me through to customer service",
    "I'd like to speak to a manager",
    "get me a supervisor",
    "I need a human",
    "i want an agent now",
    "give me a human being",
    "is there a real person I can chat with?",
    "Are there any humans here?",
    "Could someone help me? Not a bot.",
    "can a human help me",
    "I don't want to talk to a bot",
    "I don’t want to chat with this chatbot, I want a human",
    "Why can't I talk to a person?",
    "you can't help me, get me a person",
    "start a live chat",
    "live chat",
    "I want live chat",
    "escalate this to your team member",
    "Please hand me over to an operator",
    "someone real please",
    "call me back",
    "may I speak with somebody from your team?",
    "contact support",
    "can I get a real human on this?",
    "get us your manager",
    "how do I reach your support team",
    "chat with a live person",
    "my order is lost and I would like to talk to one of your colleagues",
]
DOES_NOT = [
    "I don't need a human",
    "I do not want to talk to a human",
    "no need to talk to an agent, thanks",
    "no human please",
    "Are you a human?",
    "are you a bot or a person",
    "How many people work there?",
    "What is human resources' e-mail?",
    "who are your agents",
    "How do I add a person to my account?",
    "invite team members",
    "I talked about it with my wife",
    "What is a user agent?",
    "I never asked for an agent",
    "Where do I get support for an older model?",
    "Do I get tech support with this plan?",
    "How can I get a staff discount?",
    "How do I get people to join my team?",
    "can I order without talking to a person?",
    "When is my order coming?",
    "Does it ship to a real address?",
    "The support of this backpack is broken",
    "",
    "   ",
    "🎉",
    "человек",
]


@pytest.mark.parametrize("text", ASKS)
def test_asks_for_a_person(text: str) -> None:
    assert asks_for_a_person(text)
    assert asks_for_a_person(f"  {text.upper()}\n")


@pytest.mark.parametrize("text", DOES_NOT)
def test_does_not_ask_for_a_person(text: str) -> None:
    assert not asks_for_a_person(text)


def test_the_demos_own_questions_are_for_the_chatbot() -> None:
    ordinary = [question for question, _ in REPHRASED + HELD_OUT] + OFF_TOPIC
    assert [text for text in ordinary if asks_for_a_person(text)] == []


def test_a_long_or_hostile_text_is_read_quickly() -> None:
    def seconds(size: int) -> float:
        """The least of three: what the machine does besides only ever adds."""
        found = []
        for _ in range(3):
            before = time.thread_time()
            for text in ("talk to a real " * 3, "don't " + "a " * 20, "can " * 10, "é" * 40):
                asks_for_a_person(text * size)
            found.append(time.thread_time() - before)
        return min(found)

    # Ten times the text; a pattern that goes back over it again and again takes a hundred times.
    assert seconds(100) < 40 * seconds(10)


@pytest.mark.parametrize(
    ("text", "priority"),
    [
        ("I need to speak with a human about my complex issue", "HIGH"),
        ("This is URGENT!", "HIGH"),
        ("I was charged twice", "HIGH"),
        ("my order is broken", "MEDIUM"),
        ("No rush, but my order is broken", "LOW"),
        ("just a suggestion", "LOW"),
        ("human", None),
        ("", None),
    ],
)
def test_the_priority_is_what_the_words_call_for(text: str, priority: str | None) -> None:
    assert priority_of([text]) == priority
