"""Answers from the chatbot's own questions and answers: the answer finder that needs nothing."""

from __future__ import annotations

from chatbots import knowledge
from chatbots.answering import Answered, Question


def find(question: Question) -> Answered | None:
    """The answer whose question is asked in other words, or None where none fits."""
    found = knowledge.find(question.chatbot, question.text)
    return Answered(found.answer, found.sources) if found else None
