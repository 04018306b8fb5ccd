"""What the rules make of a visitor's words, and how they say why."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbots.priority_rules import classify


@pytest.mark.parametrize(
    ("text", "explanation"),
    [
        ("I want my refund, this is the third time I ask", "HIGH because: 'third time', 'refund'"),
        ("I need a human about my complex issue", "HIGH because: 'complex issue'"),
        ("This is URGENT!", "HIGH because: 'URGENT'"),
        ("I was charged twice", "HIGH because: 'charged twice'"),
        ("I’m still waiting", "MEDIUM because: 'still waiting'"),
        ("my order is broken", "MEDIUM because: 'order', 'broken'"),
        ("wrong, broken, late and damaged", "MEDIUM because: 'wrong', 'broken', 'late', 'damaged'"),
        ("No rush, but my order is broken", "LOW because: 'No rush'"),
        ("it isn't urgent", "LOW because: 'isnt urgent'"),
        ("just a suggestion", "LOW because: 'suggestion'"),
        ("Es ist DRINGEND, bitte", "HIGH because: 'DRINGEND'"),
        ("C'est pas urgent", "LOW because: 'pas urgent'"),
        ("Es la tercera vez que pido el reembolso", "HIGH because: 'tercera vez', 'reembolso'"),
        ("Acil değil", "LOW because: 'Acil değil'"),
        ("非常紧急，我要退款", "HIGH because: '紧急', '退款'"),
        ("至急お願いします", "HIGH because: '至急'"),
        ("لدي مشكلة", "MEDIUM because: 'مشكلة'"),
        ("मुझे तुरंत मदद चाहिए", "HIGH because: 'तुरंत'"),
    ],
)
def test_a_priority_comes_with_the_words_that_call_for_it(text: str, explanation: str) -> None:
    assert classify([text]).explanation == explanation


@pytest.mark.parametrize(
    "text", ["human", "", "🎉", "No problem, thanks!", "Never mind", "unurgent", "a latecomer"]
)
def test_words_that_tell_nothing_have_no_priority(text: str) -> None:
    judgement = classify([text])
    assert judgement.priority is None
    assert judgement.explanation == ""


def test_the_whole_conversation_counts() -> None:
    first = ["Where is my refund?", "hello?", "I ask for the third time"]
    assert classify([*first, "human"]).explanation == "HIGH because: 'third time', 'refund'"


def test_no_rush_takes_back_what_was_said_until_then_and_not_what_comes_after() -> None:
    assert classify(["This is urgent!", "Sorry, no rush"]).priority == "LOW"
    assert classify(["No rush", "It broke. Now it is urgent!"]).priority == "HIGH"
    assert classify(["No rush", "my order is broken"]).priority == "LOW"


def test_one_sign_said_again_counts_once() -> None:
    assert classify(["refund", "Refund", "REFUND refund"]).explanation == (
        "MEDIUM because: 'REFUND'"
    )


@given(st.lists(st.text(max_size=200), max_size=5))
def test_no_text_breaks_the_rules(messages: list[str]) -> None:
    classify(messages)


@pytest.mark.parametrize("text", ["no order ", "still ", "一", "when you have ", "é"])
def test_judging_takes_time_in_proportion_to_the_length(text: str) -> None:
    def seconds(size: int) -> float:
        found = []
        for _ in range(3):
            before = time.thread_time()
            classify([(text * size)[:size]])
            found.append(time.thread_time() - before)
        return min(found)

    assert seconds(8_000) < 32 * seconds(1_000)
