"""The answer to a visitor's question: the seam behind which it is found.

The setting ANSWER_FINDER names the function that finds it; chatbots.own_answers.find, over the
chatbot's own questions and answers, is the one that comes with the emitter, and
chatbots.answer_api.find takes its place where ANSWER_API_URL is set.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from chatbots.knowledge import Source
from chatbots.models import Chatbot, Message
from chatbots.plugged_in import plugged_in

log = logging.getLogger(__name__)

LONGEST_ANSWER = 4000


class NoAnswer(Exception):
    """Why there is no answer though there could have been one: a sentence for the log."""


@dataclass(frozen=True)
class Question:
    """What a visitor asks, in which conversation (None: this begins one)."""

    chatbot: Chatbot
    text: str
    chatlog_id: str | None = None

    def earlier(self, most: int = 10) -> list[Message]:
        """The last `most` messages of the conversation, oldest first."""
        if self.chatlog_id is None:
            return []
        said = Message.objects.filter(
            conversation=self.chatlog_id, conversation__chatbot=self.chatbot
        )
        return list(said.order_by("-id")[:most])[::-1]


@dataclass(frozen=True)
class Answered:
    """An answer, as the visitor will read it, and where it comes from."""

    text: str
    sources: tuple[Source, ...] = ()


def answer(question: Question) -> Answered | None:
    """The answer to `question`, or None where the chatbot says its fallback reply.

    Call it outside a transaction: it may wait for a server. Whatever goes wrong is one line in the
    log, and no answer.
    """
    try:
        answered = plugged_in("ANSWER_FINDER")(question)
        if answered is not None:
            _check(answered)
    except NoAnswer as reason:
        log.warning(
            "No answer for chatbot %s, it said its fallback: %s", question.chatbot.pk, reason
        )
        return None
    except Exception as error:  # noqa: BLE001  # Whatever a function of somebody else's raises.
        log.warning(
            "ANSWER_FINDER failed for chatbot %s, it said its fallback: %s",
            question.chatbot.pk,
            type(error).__name__,
        )
        return None
    found: Answered | None = answered
    return found


def _check(answered: object) -> None:
    """Raises NoAnswer unless this can be said in a chat and sent to a receiver unchanged."""
    if not isinstance(answered, Answered):
        raise NoAnswer(f"it gave {type(answered).__name__}, not an Answered.")
    text = answered.text
    if not text.strip():
        raise NoAnswer("the answer is empty.")
    if len(text) > LONGEST_ANSWER:
        raise NoAnswer(f"the answer has {len(text)} characters, more than {LONGEST_ANSWER}.")
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise NoAnswer("the answer has characters that no receiver could be sent unchanged.")
