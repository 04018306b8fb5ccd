"""The seam of the priority: what is judged, where the judgement goes, and one that fails."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from chatbots import conversation as chat
from chatbots.events import Priority
from chatbots.models import Chatbot, SupportEmail
from chatbots.priority import Judgement
from chatbots.tasks import send_support_emails

BECAUSE = "HIGH because: 'third time', 'refund'"


def priority_in(reply: chat.Reply) -> Priority | None:
    data = json.loads(bytes(reply.events[-1].body))["data"]
    found: Priority | None = data["priority"]
    return found


def handed_over(bot: Chatbot) -> chat.Reply:
    first = chat.ask(bot, "Where is my refund?")
    chat.ask(bot, "I ask for the third time", chatlog_id=first.conversation.pk)
    return chat.hand_over(bot, "Hello?", chatlog_id=first.conversation.pk)


def test_the_priority_of_a_handover_is_that_of_the_whole_conversation(chatbot: Chatbot) -> None:
    reply = handed_over(chatbot)
    assert priority_in(reply) == "HIGH"
    assert SupportEmail.objects.get().priority_because == BECAUSE


def test_a_request_for_a_person_that_goes_by_mail_is_judged_too(chatbot: Chatbot) -> None:
    chatbot.live_chat_enabled = False
    chatbot.save()
    first = chat.ask(chatbot, "My order is broken").conversation
    reply = chat.ask(chatbot, "I want a human", chatlog_id=first.pk)
    assert priority_in(reply) == "MEDIUM"
    assert SupportEmail.objects.get().priority_because == "MEDIUM because: 'order', 'broken'"


def test_a_live_chat_has_a_priority_that_follows_what_the_visitor_writes_while_they_wait(
    chatbot: Chatbot,
) -> None:
    waiting = chat.ask(chatbot, "I want a human, my order is broken").conversation
    assert waiting.priority == "MEDIUM"
    waiting = chat.ask(chatbot, "Still waiting!", chatlog_id=waiting.pk).conversation
    assert waiting.priority_because == "HIGH because: 'Still waiting', 'order', 'broken'"
    waiting = chat.live_message(chatbot, "No rush then", chatlog_id=waiting.pk).conversation
    waiting.refresh_from_db()
    assert waiting.priority_because == "LOW because: 'No rush'"


def test_what_another_visitor_wrote_does_not_count(chatbot: Chatbot) -> None:
    chat.ask(chatbot, "This is urgent")
    assert priority_in(chat.hand_over(chatbot, "Hello")) is None


def test_the_values_of_a_form_count(chatbot: Chatbot) -> None:
    reply = chat.hand_over(chatbot, "Form", form_fields={"What happened": "It was stolen"})
    assert priority_in(reply) == "HIGH"


def test_the_mail_and_the_dashboard_say_why(chatbot: Chatbot, member: User, client: Client) -> None:
    reply = handed_over(chatbot)
    send_support_emails()
    (sent,) = mail.outbox
    assert sent.subject.startswith("[HIGH] ")
    assert f"Priority: {BECAUSE}" in str(sent.body)
    client.force_login(member)
    page = client.get(f"/chatbots/conversation/{reply.conversation.pk}/change/").content.decode()
    assert "HIGH because: &#x27;third time&#x27;, &#x27;refund&#x27;" in page


def test_the_dashboard_says_when_nothing_tells(
    chatbot: Chatbot, member: User, client: Client
) -> None:
    client.force_login(member)
    pk = chat.ask(chatbot, "Hello").conversation.pk
    page = client.get(f"/chatbots/conversation/{pk}/change/").content.decode()
    assert "none yet: no person was asked for" in page
    chat.hand_over(chatbot, "Hello", chatlog_id=pk)
    page = client.get(f"/chatbots/conversation/{pk}/change/").content.decode()
    assert "none: the visitor's words do not tell" in page


def asks_the_database(messages: Sequence[str]) -> Judgement:
    return Judgement("LOW", (f"in a transaction: {connection.in_atomic_block}", *messages))


@pytest.mark.django_db(transaction=True)
def test_a_classifier_of_ones_own_runs_outside_the_transaction(
    chatbot: Chatbot, settings: Settings
) -> None:
    settings.PRIORITY_CLASSIFIER = f"{__name__}.asks_the_database"
    first = chat.ask(chatbot, "One")
    assert priority_in(chat.hand_over(chatbot, "Two", chatlog_id=first.conversation.pk)) == "LOW"
    assert SupportEmail.objects.get().priority_because == (
        "LOW because: 'in a transaction: False', 'One', 'Two'"
    )


def raises(messages: Sequence[str]) -> Judgement:
    raise RuntimeError("no model")


def says_urgent(messages: Sequence[str]) -> Judgement:
    return Judgement("URGENT")  # type: ignore[arg-type]  # What somebody may write.


def says_nothing(messages: Sequence[str]) -> None:
    return None


@pytest.mark.parametrize("classifier", ["raises", "says_urgent", "says_nothing"])
def test_a_classifier_that_fails_gives_null_and_one_line_in_the_log(
    chatbot: Chatbot, settings: Settings, caplog: pytest.LogCaptureFixture, classifier: str
) -> None:
    settings.PRIORITY_CLASSIFIER = f"{__name__}.{classifier}"
    assert priority_in(chat.hand_over(chatbot, "This is urgent")) is None
    (record,) = caplog.records
    assert "PRIORITY_CLASSIFIER failed" in record.getMessage()


def test_an_endless_explanation_is_shortened(chatbot: Chatbot, settings: Settings) -> None:
    explanation = Judgement("HIGH", tuple("x" * 500 for _ in range(50))).explanation
    assert len(explanation) < 500
