"""The e-mail that hands a conversation over to the support team.

The chat leaves a SupportEmail row; `send_due` sends what is due, called every few seconds by
Celery's beat. A row is claimed by one compare-and-set UPDATE that also moves its `due_at` behind
the time a send may take: two workers never send the same row at once, and one that dies is taken
over. A mail server that took the message while the worker died before noting it gets it again,
with the same Message-ID.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import QuerySet
from django.utils import timezone

from chatbots import mail_server, printable
from chatbots.mail_server import MailServer
from chatbots.models import MessageType, SupportEmail, SupportEmailStatus
from chatbots.transcript import latest
from chatbots.visitor_input import is_address

log = logging.getLogger(__name__)

# Longer than a send can take (EMAIL_TIMEOUT per step of the conversation with the server).
LEASE = timedelta(minutes=5)
# After each failure; as many attempts as waits, and one more.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 480, 1440))
AT_ONCE = 50
LONGEST_SUBJECT = 200
LEFT_OUT = "(What was said before this is in the dashboard, under the chatlog's id.)"
SPEAKERS = {
    MessageType.USER: "Visitor",
    MessageType.BOT: "Chatbot",
    MessageType.AGENT: "Agent",
}


def send_due() -> int:
    """Send the support e-mails that are due. Returns how many were sent.

    A mail server that cannot be reached is not asked for each of them: the others stay due.
    """
    due = SupportEmail.objects.filter(
        status=SupportEmailStatus.PENDING, due_at__lte=timezone.now()
    ).order_by("due_at")
    sent = 0
    with MailServer() as server:
        for mail in list(due[:AT_ONCE]):
            try:
                sent += send(mail, server)
            except Unreachable:
                break
    return sent


class Unreachable(Exception):
    """The mail server cannot be reached. The e-mail that found out is tried again later."""


def send(mail: SupportEmail, server: MailServer) -> bool:
    """Claim and send one. False if another has it or the mail server did not take it.

    Raises Unreachable.
    """
    now = timezone.now()
    claimed = SupportEmail.objects.filter(
        pk=mail.pk,
        status=SupportEmailStatus.PENDING,
        attempts=mail.attempts,
        due_at__lte=now,
    ).update(attempts=mail.attempts + 1, due_at=now + LEASE)
    if not claimed:
        return False
    attempts = mail.attempts + 1
    try:
        server.send(message_of(mail))
    except mail_server.ERRORS as error:
        _failed(mail, attempts, printable.line(f"{type(error).__name__}: {error}"))
        if mail_server.is_of_the_server(error):
            raise Unreachable from None
        return False
    _mine(mail, attempts).update(status=SupportEmailStatus.SENT, sent_at=timezone.now(), error="")
    return True


def _mine(mail: SupportEmail, attempts: int) -> QuerySet[SupportEmail]:
    """The row, if nobody has claimed it since."""
    return SupportEmail.objects.filter(
        pk=mail.pk, status=SupportEmailStatus.PENDING, attempts=attempts
    )


def _failed(mail: SupportEmail, attempts: int, sentence: str) -> None:
    if attempts > len(WAITS):
        _mine(mail, attempts).update(status=SupportEmailStatus.FAILED, error=sentence)
        log.error("Support e-mail %s failed for good: %s", mail.pk, sentence)
    else:
        _mine(mail, attempts).update(due_at=timezone.now() + WAITS[attempts - 1], error=sentence)
        log.warning("Support e-mail %s failed and will be tried again: %s", mail.pk, sentence)


def message_of(mail: SupportEmail) -> EmailMessage:
    """The e-mail itself: who asks, what their form says, and the transcript up to the request."""
    conversation = mail.conversation
    chatbot = conversation.chatbot
    who = one_line(conversation.name or conversation.email or "A visitor")
    parts = [f"{who} asks for a person in the chat with {one_line(chatbot.name)}."]
    details = {
        "Name": conversation.name,
        "E-mail": conversation.email,
        "Phone": conversation.phone_number,
        "Priority": mail.priority_because or mail.priority,
        "Chatlog": conversation.pk,
    }
    parts.append(
        "\n".join(f"{label}: {one_line(value)}" for label, value in details.items() if value)
    )
    if mail.form_fields:
        lines = [
            f"{one_line(field)}: {_quoted(value)}" for field, value in mail.form_fields.items()
        ]
        parts.append("Form\n----\n" + "\n".join(lines))
    said = latest(conversation, until=mail.message_id)
    lines = [
        f"[{line.created_at:%Y-%m-%d %H:%M} UTC] "
        f"{SPEAKERS[MessageType(line.type)]}: {_quoted(line.content)}"
        for line in said.messages
    ]
    if said.before:
        lines.insert(0, LEFT_OUT)
    parts.append("\n".join(["Conversation", "------------", *lines]))
    # One address: a list of them would carry the answer to whom the visitor likes.
    may_be_answered = is_address(conversation.email)
    if may_be_answered:
        parts.append("Answer this e-mail to write to the visitor.")
    subject = one_line(f"{who} asks for a person ({chatbot.name})")[:LONGEST_SUBJECT]
    return EmailMessage(
        f"[{mail.priority}] {subject}" if mail.priority else subject,
        "\n\n".join(parts) + "\n",
        settings.DEFAULT_FROM_EMAIL,
        [mail.to],
        reply_to=[conversation.email] if may_be_answered else None,
        headers={"Message-ID": f"<support-{mail.pk}.{conversation.pk}@wonderchat.emitter>"},
    )


def _quoted(text: str) -> str:
    """`text` with its further lines set in: none can pass for another speaker's, or a field's."""
    return "\n    ".join(printable.lines(text).splitlines())


def one_line(text: str) -> str:
    """`text` as a header may hold it: without line breaks, or what else steers."""
    return printable.line(" ".join(text.split()), 1000)
