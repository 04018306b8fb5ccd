"""What one message may cost is bounded, whatever is in it and whatever was said before."""

from __future__ import annotations

import random
import time
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import process

from chatbots import knowledge, priority_rules
from chatbots.folding import LOOKED_AT, folded, folded_message
from chatbots.intent import asks_for_a_person
from chatbots.visitor_input import MAX_MESSAGE_LENGTH

# ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM: eighteen characters once it is normalised.
GROWS = "\ufdfa"
MESSAGES = {
    "what grows": GROWS * MAX_MESSAGE_LENGTH,
    "what grows, in words": f"{GROWS} " * (MAX_MESSAGE_LENGTH // 2),
    "square words": "㌖" * MAX_MESSAGE_LENGTH,
    "accents on accents": "a\u0301\u0327\u0323" * (MAX_MESSAGE_LENGTH // 4),
    "accents out of order": "\u0301" * 2000 + "\u0323" * 2000,
    "clauses": "a," * (MAX_MESSAGE_LENGTH // 2),
    "courtesy": "please, " * (MAX_MESSAGE_LENGTH // 8),
    "half a request": "i want to talk to " * (MAX_MESSAGE_LENGTH // 18),
    "no spaces": "人" * MAX_MESSAGE_LENGTH,
    "two small letters in one": "ΐ" * MAX_MESSAGE_LENGTH,
}
WORD = random.Random(4711)


def words(count: int, length: int = 4) -> str:
    return " ".join(
        "".join(WORD.choices("abcdefghijklmnopqrstuvwxyz", k=length)) for _ in range(count)
    )


def seconds(act: Callable[[], Any]) -> float:
    """The least CPU time of three."""

    def once() -> float:
        folded_message.cache_clear()
        began = time.process_time()
        act()
        return time.process_time() - began

    return min(once() for _ in range(3))


@given(st.text(alphabet=st.sampled_from([GROWS, "ß", "ΐ", "각", "a", "\u0301", " ", "'"])))
def test_a_message_that_is_not_cut_is_folded_as_any_text(text: str) -> None:
    assert folded_message(text) == folded(text)


@pytest.mark.parametrize("text", MESSAGES.values(), ids=MESSAGES)
def test_what_is_looked_at_does_not_grow(text: str) -> None:
    assert len(folded_message(text)) <= LOOKED_AT
    assert len(priority_rules.normalised(text)) <= priority_rules.READ_AT_MOST


@pytest.mark.parametrize("text", ["안녕하세요 " * 600, "Việt Nam ở đâu " * 260], ids=["ko", "vi"])
def test_a_whole_message_in_letters_that_are_taken_apart_is_looked_at(text: str) -> None:
    said = text[:MAX_MESSAGE_LENGTH]
    assert len(unicodedata.normalize("NFKD", said)) > LOOKED_AT
    assert folded_message(said) == folded(said)


@pytest.mark.alone
@pytest.mark.parametrize("text", MESSAGES.values(), ids=MESSAGES)
def test_no_message_costs_much_more_than_a_plain_one_of_its_length(text: str) -> None:
    plain = words(MAX_MESSAGE_LENGTH // 5)
    usual = seconds(lambda: (asks_for_a_person(plain), priority_rules.classify([plain])))
    odd = seconds(lambda: (asks_for_a_person(text), priority_rules.classify([text])))
    assert odd < 8 * usual


@pytest.mark.alone
def test_a_long_conversation_is_judged_by_its_end() -> None:
    long = [f"{GROWS * (MAX_MESSAGE_LENGTH - 2)}{number:02}" for number in range(30)]
    short = long[-4:]
    assert seconds(lambda: priority_rules.classify(long)) < 2 * seconds(
        lambda: priority_rules.classify(short)
    )
    assert priority_rules.classify([*long, "urgent, please"]).priority == "HIGH"


def test_few_of_a_messages_unknown_words_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    index = knowledge.Index(tuple((words(20, 8), words(200, 8), "", "") for _ in range(300)))
    assert len(index.vocabulary) < knowledge.MOST_KNOWN_WORDS + 1000
    looked_up = []

    def noted(word: str, *args: Any, **more: Any) -> Any:
        looked_up.append(word)
        return extract_one(word, *args, **more)

    extract_one = process.extractOne
    monkeypatch.setattr(process, "extractOne", noted)
    index.search(words(800))
    assert len(looked_up) == knowledge.MOST_MISSPELT


def test_much_knowledge_is_read_questions_first_and_no_further_than_its_bound() -> None:
    row = (words(30, 8), words(400, 8), "", "")
    rows = tuple((f"{row[0]} {number}", *row[1:]) for number in range(3000))
    index = knowledge.Index(rows)
    assert len(index.entries) == knowledge.MOST_QUESTIONS
    read = sum(len(entry.plain) for entry in index.entries)
    assert read < knowledge.MOST_CHARACTERS * 2
    # The last question that is known is found by its words, and has its own answer.
    last = rows[knowledge.MOST_QUESTIONS - 1]
    found = index.search(last[0])
    assert found is not None
    assert found.question == last[0]


def test_a_question_among_many_is_found_as_among_few() -> None:
    rows = [
        (f"How do I {word} my parcel?", f"{word} it so.", "", "") for word in words(500).split()
    ]
    rows.insert(250, ("When are you open?", "Nine to six.", "", ""))
    found = knowledge.Index(tuple(rows)).search("what are your opening hours")
    assert found is not None
    assert found.answer == "Nine to six."
