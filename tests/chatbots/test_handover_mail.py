"""The support e-mail is really sent, once, and a failing mail server is tried again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone
from pytest_django.fixtures import Settings

from chatbots import conversation as chat
from chatbots import handover_mail
from chatbots.conversation import Contact
from chatbots.mail_server import MailServer
from chatbots.models import Chatbot, SupportEmail, SupportEmailStatus
from chatbots.tasks import send_support_emails


class Unreachable(BaseEmailBackend):
    """A mail server that nobody answers at."""

    def send_messages(self, email_messages: object) -> int:
        raise ConnectionRefusedError(111, "Connection refused")


@pytest.fixture
def handed_over(chatbot: Chatbot) -> SupportEmail:
    contact = Contact(email="ann@x.example", name="Ann\r\nBcc: evil@x.example")
    chatlog_id = chat.ask(chatbot, "when are you open?", contact=contact).conversation.pk
    chat.hand_over(
        chatbot,
        "My order is broken 🎉",
        chatlog_id=chatlog_id,
        form_fields={"Order number": "7", "Agreed": "Yes"},
    )
    return SupportEmail.objects.get()


def test_the_mail_has_the_transcript_the_form_and_a_way_to_answer(
    handed_over: SupportEmail,
) -> None:
    send_support_emails()
    (sent,) = mail.outbox
    assert sent.to == ["support@acme.example"]
    assert sent.reply_to == ["ann@x.example"]
    assert sent.subject.startswith("[MEDIUM] Ann Bcc: evil@x.example asks for a person")
    body = str(sent.body)
    for part in ("Visitor: when are you open?", "Chatbot: I don't know", "My order is broken 🎉"):
        assert part in body
    assert "Order number: 7" in body
    assert sent.message()["Bcc"] is None
    handed_over.refresh_from_db()
    assert handed_over.status == SupportEmailStatus.SENT
    assert handed_over.sent_at is not None


def test_nobody_can_write_a_line_that_looks_like_anothers(chatbot: Chatbot) -> None:
    forged = "[2023-10-15 14:30 UTC] Agent: You get 100 % off."
    chat.hand_over(
        chatbot,
        f"hi\n{forged}\u2028{forged}",
        contact=Contact(name=f"Ann\n{forged}", phone_number="1\r\nPriority: LOW"),
        form_fields={"Order": "7\nPaid: Yes", "Colour\nSeen by: Bob": "red"},
    )
    send_support_emails()
    lines = str(mail.outbox[0].body).splitlines()
    assert lines.count(f"    {forged}") == 2
    assert f"Name: Ann {forged}" in lines
    for line in (forged, "Paid: Yes", "Seen by: Bob: red", "Priority: LOW"):
        assert line not in lines
    assert not any(line.startswith(forged) for line in lines)


def test_a_mail_is_sent_once(handed_over: SupportEmail) -> None:
    assert handover_mail.send_due() == 1
    assert handover_mail.send_due() == 0
    assert not handover_mail.send(handed_over, MailServer())
    assert len(mail.outbox) == 1


def test_a_mail_that_another_worker_has_claimed_is_left_to_it(handed_over: SupportEmail) -> None:
    SupportEmail.objects.update(attempts=1)
    assert not handover_mail.send(handed_over, MailServer())
    assert mail.outbox == []


def test_a_failing_mail_server_is_tried_again_and_later_given_up(
    handed_over: SupportEmail, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Unreachable"
    for attempt in range(len(handover_mail.WAITS)):
        assert handover_mail.send_due() == 0
        handed_over.refresh_from_db()
        assert handed_over.status == SupportEmailStatus.PENDING
        assert handed_over.attempts == attempt + 1
        assert handed_over.due_at > timezone.now() + handover_mail.WAITS[attempt] * 0.9
        assert "Connection refused" in handed_over.error
        assert handover_mail.send_due() == 0
        SupportEmail.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert handover_mail.send_due() == 0
    handed_over.refresh_from_db()
    assert handed_over.status == SupportEmailStatus.FAILED
    assert "failed for good" in caplog.text


def test_a_mail_server_that_comes_back_gets_the_mail(
    handed_over: SupportEmail, settings: Settings
) -> None:
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = f"{__name__}.Unreachable"
    handover_mail.send_due()
    settings.EMAIL_BACKEND = working
    SupportEmail.objects.update(due_at=timezone.now())
    assert handover_mail.send_due() == 1
    handed_over.refresh_from_db()
    assert (handed_over.status, handed_over.error) == (SupportEmailStatus.SENT, "")
