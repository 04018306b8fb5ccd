"""Questions in other words find their answer, and others get none."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbots import demo, knowledge
from chatbots.models import Account, Answer, Chatbot
from tests.chatbots.rephrasings import HELD_OUT, OFF_TOPIC, REPHRASED

INDEX = knowledge.Index(
    tuple((question, answer, title, path) for question, answer, title, path in demo.KNOWLEDGE)
)


def answered(text: str) -> str | None:
    found = INDEX.search(text)
    return found.question if found else None


def accuracy(table: list[tuple[str, str | None]]) -> tuple[float, list[str]]:
    wrong = [text for text, meant in table if answered(text) != meant]
    return 1 - len(wrong) / len(table), wrong


def test_rephrased_questions_find_their_answer() -> None:
    assert len(REPHRASED) >= 60
    right, wrong = accuracy(REPHRASED)
    assert right >= 0.95, wrong


def test_questions_the_matching_was_not_tuned_to_find_theirs() -> None:
    right, wrong = accuracy(HELD_OUT)
    assert right >= 0.9, wrong


def test_off_topic_questions_get_no_answer() -> None:
    assert [(text, answered(text)) for text in OFF_TOPIC if answered(text)] == []


@pytest.mark.parametrize("question", [row[0] for row in demo.KNOWLEDGE])
def test_every_question_finds_its_own_answer(question: str) -> None:
    assert answered(question) == question
    assert answered(f"  {question.upper()}  ") == question


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=300))
def test_no_text_breaks_the_matching(text: str) -> None:
    INDEX.search(text)


def test_other_languages_are_matched_by_their_words() -> None:
    index = knowledge.Index(
        (
            ("Wie sind Ihre Öffnungszeiten?", "Montag bis Freitag, 9 bis 18 Uhr.", "", ""),
            ("Kann ich meine Bestellung stornieren?", "Ja, innerhalb von zwei Stunden.", "", ""),
            ("営業時間を教えてください", "月曜日から金曜日です。", "", ""),
            ("ما هي ساعات العمل؟", "من الاثنين إلى الجمعة", "", ""),
            ("मैं ऑर्डर कैसे रद्द करूँ?", "दो घंटे के भीतर।", "", ""),
        )
    )

    def found(text: str) -> str:
        result = index.search(text)
        return result.question if result else ""

    assert found("öffnungszeiten") == "Wie sind Ihre Öffnungszeiten?"
    assert found("Bestellung stornieren bitte").startswith("Kann ich")
    assert found("営業時間は?") == "営業時間を教えてください"
    assert found("ऑर्डर रद्द") == "मैं ऑर्डर कैसे रद्द करूँ?"
    assert found("रूद") == ""  # Its letters are in a question, but not this word.
    assert found("ساعات العمل") == "ما هي ساعات العمل؟"


def test_no_knowledge_gives_no_answer(chatbot: Chatbot) -> None:
    assert knowledge.find(chatbot, "anything") is None


def test_a_changed_answer_is_found_at_once(chatbot: Chatbot) -> None:
    row = Answer.objects.create(chatbot=chatbot, question="Do you sell tents?", answer="Yes.")
    found = knowledge.find(chatbot, "do you sell tents")
    assert found is not None
    assert (found.answer, found.sources) == ("Yes.", ())
    Answer.objects.filter(pk=row.pk).update(answer="No.", source_url="https://example.com/t")
    found = knowledge.find(chatbot, "do you sell tents")
    assert found is not None
    assert found.answer == "No."
    assert found.sources == (
        knowledge.Source(url="https://example.com/t", title="Do you sell tents?"),
    )


def test_the_demo_chatbot_can_answer_a_dozen_questions(account: Account) -> None:
    chatbot = demo.demo_chatbot(account)
    assert chatbot.answers.count() >= 12
    chatbot.full_clean()
    for answer in chatbot.answers.all():
        answer.full_clean()
    demo.install(chatbot)
    assert chatbot.answers.count() == len(demo.KNOWLEDGE)
    found = knowledge.find(chatbot, "when are you open?")
    assert found is not None
    assert found.answer == "We're open Monday to Friday, 9 AM to 6 PM EST."
    assert found.sources[0].url.startswith("https://example.com/")
