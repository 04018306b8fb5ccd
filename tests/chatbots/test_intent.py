"""Which messages ask for a person, and which only look like it."""

from __future__ import annotations

import time

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from chatbots import conversation as chat
from chatbots import own_phrases
from chatbots.intent import asks_for_a_person
from chatbots.models import Chatbot, EventType
from tests.chatbots import person_requests
from tests.chatbots.rephrasings import HELD_OUT, OFF_TOPIC, REPHRASED


def test_the_tables_are_of_both_kinds_and_of_many_languages() -> None:
    tables = (person_requests.ASKS, person_requests.DOES_NOT)
    for table in map(person_requests.rows, tables):
        assert len({sentence for _, sentence in table}) == len(table) >= 100
        assert len({language for language, _ in table}) >= 15


@pytest.mark.parametrize(("language", "text"), person_requests.rows(person_requests.ASKS))
def test_asks_for_a_person(language: str, text: str) -> None:
    assert asks_for_a_person(text)
    assert asks_for_a_person(f"  {text.upper()}\n")
    assert asks_for_a_person(f"Hello 👋 I have a question. {text}")


@pytest.mark.parametrize(("language", "text"), person_requests.rows(person_requests.DOES_NOT))
def test_does_not_ask_for_a_person(language: str, text: str) -> None:
    assert not asks_for_a_person(text)
    assert not asks_for_a_person(f"  {text.upper()}\n")


@pytest.mark.parametrize("text", ["", "   ", "🎉", "?!", "'", "ـ"])
def test_what_says_nothing_asks_for_nobody(text: str) -> None:
    assert not asks_for_a_person(text)


def test_sentences_that_nobody_looked_at_are_understood_too() -> None:
    asks = person_requests.rows(person_requests.HELD_OUT_ASKS)
    others = person_requests.rows(person_requests.HELD_OUT_DOES_NOT)
    missed = [text for _, text in asks if not asks_for_a_person(text)]
    mistaken = [text for _, text in others if asks_for_a_person(text)]
    assert len(asks) >= 40
    assert len(others) >= 40
    assert len(missed) <= len(asks) * 0.1, missed
    assert len(mistaken) <= len(others) * 0.05, mistaken


def test_the_demos_own_questions_are_for_the_chatbot() -> None:
    ordinary = [question for question, _ in REPHRASED + HELD_OUT] + OFF_TOPIC
    assert [text for text in ordinary if asks_for_a_person(text)] == []


def test_a_request_at_the_end_of_a_long_story_is_heard() -> None:
    story = "My parcel was sent back, and then it was lost. " * 80
    assert not asks_for_a_person(story)
    assert asks_for_a_person(story + "I want to talk to a person.")


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("Geschäftsführung", "bitte die GESCHAFTSFUHRUNG!"),
        ("call the boss", "Please CALL, the boss"),
        ("店長", "店長いますか"),
        ("قسم الشكاوى", "أين قسم الشكاوي؟"),
        ("İş ortağı", "iş ortagı nerede"),
        ("शिकायत", "मेरी शिकायत है"),
    ],
)
def test_the_owners_own_phrases_ask_in_any_case_and_accents(phrase: str, text: str) -> None:
    assert not asks_for_a_person(text)
    assert asks_for_a_person(text, [phrase])
    assert asks_for_a_person(text.upper(), ["something else", phrase])


@pytest.mark.parametrize(
    ("phrase", "text"),
    [("boss", "An embossed card"), ("art", "Where is my cart?"), ("the boss", "the bossy one")],
)
def test_the_owners_own_phrases_keep_to_word_limits(phrase: str, text: str) -> None:
    assert not asks_for_a_person(text, [phrase])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("boss\n!", "“!” has fewer than 2 letters"),
        ("a", "“a” has fewer than 2 letters"),
        ("x" * 101, "is longer than 100 characters"),
        ("\n".join(f"phrase {n}" for n in range(51)), "At most 50 phrases; there are 51."),
    ],
)
def test_a_phrase_that_cannot_be_one_is_refused_with_a_sentence(
    chatbot: Chatbot, text: str, sentence: str
) -> None:
    chatbot.person_phrases = text
    with pytest.raises(ValidationError) as caught:
        chatbot.full_clean()
    assert sentence in " ".join(caught.value.message_dict["person_phrases"])


def test_the_owners_phrases_start_a_live_chat(chatbot: Chatbot) -> None:
    chatbot.person_phrases = "\n  the boss \r\n\n"
    chatbot.full_clean()
    assert own_phrases.lines(chatbot.person_phrases) == ["the boss"]
    reply = chat.ask(chatbot, "Is THE BOSS in?")
    assert [event.type for event in reply.events] == [
        EventType.USER_MESSAGE_SENT,
        EventType.LIVE_CHAT_INITIATED,
    ]


@given(st.text(max_size=300), st.lists(st.text(max_size=30), max_size=4))
def test_no_text_breaks_the_reading(text: str, phrases: list[str]) -> None:
    asks_for_a_person(text, phrases)


@pytest.mark.parametrize(
    "text",
    [
        "talk to a real ",
        "don't " + "a " * 20,
        "can ",
        "é",
        "the a an live ",
        "人と要不要",
        "please ",
        "x",
        ", but ",
        "إنسان ",
        "'s",
    ],
)
def test_reading_takes_time_in_proportion_to_the_length(text: str) -> None:
    def seconds(size: int) -> float:
        """The least of three: what the machine does besides only ever adds."""
        found = []
        for _ in range(3):
            before = time.thread_time()
            asks_for_a_person((text * size)[:size], ["the boss", "店長"])
            found.append(time.thread_time() - before)
        return min(found)

    # Eight times the text; a pattern that goes back over it again and again takes sixty times.
    assert seconds(16_000) < 32 * seconds(2_000)
