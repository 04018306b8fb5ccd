"""People are told once that a webhook of theirs was disabled, and a mail server may hang."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from chatbots import mail_server
from chatbots.models import Chatbot
from tests.process.test_support_email import MailServer
from tests.webhooks.due import add_webhook, side_by_side
from tests.webhooks.raw_server import Connection, RawServer
from webhooks import notices, subscriptions
from webhooks.models import Webhook

pytestmark = pytest.mark.django_db(transaction=True)
SEVERAL = 10


def disable(webhook: Webhook) -> None:
    """As the engine does after a 410."""
    assert subscriptions.disable_if(webhook, "Its endpoint answered 410 Gone.", lambda row: True)


@pytest.fixture
def disabled(chatbot: Chatbot, member: User) -> Sequence[Webhook]:
    """Webhooks that were disabled, of which nobody was told."""
    made = [add_webhook(chatbot, f"https://hooks{n}.example.com/") for n in range(SEVERAL)]
    for webhook in made:
        disable(webhook)
    return made


def smtp(settings: Settings, server: RawServer, timeout_seconds: float = 20) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.EMAIL_TIMEOUT = timeout_seconds


def due() -> int:
    return Webhook.objects.filter(notice_due=True).count()


def test_runs_that_overlap_send_each_once(disabled: Sequence[Webhook]) -> None:
    assert sum(side_by_side(*[notices.send_due] * 4)) == SEVERAL
    assert len({str(message.body) for message in mail.outbox}) == len(mail.outbox) == SEVERAL
    assert due() == 0


def test_one_that_another_run_has_in_hand_is_left_to_it_until_that_is_lost(
    disabled: Sequence[Webhook],
) -> None:
    now = timezone.now()
    first, second, *_ = disabled
    Webhook.objects.filter(pk=first.pk).update(notice_taken_until=now + notices.LEASE)
    Webhook.objects.filter(pk=second.pk).update(notice_taken_until=now - timedelta(seconds=1))
    assert notices.send_due() == SEVERAL - 1
    assert Webhook.objects.get(notice_due=True) == first


def test_a_webhook_that_is_disabled_anew_while_its_notice_is_sent_is_told_of_again(
    disabled: Sequence[Webhook], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = disabled[0]
    send = mail_server.MailServer.send

    def disable_meanwhile(self: mail_server.MailServer, message: mail.EmailMessage) -> None:
        send(self, message)
        if len(mail.outbox) == 1:
            subscriptions.enable(first)
            disable(first)

    monkeypatch.setattr(mail_server.MailServer, "send", disable_meanwhile)
    assert notices.send_due() == SEVERAL
    assert due() == 1
    assert notices.send_due() == 1


def test_a_mail_server_that_says_nothing_is_asked_once(
    disabled: Sequence[Webhook], settings: Settings
) -> None:
    def hang(connection: Connection) -> None:
        connection.hang()

    with RawServer(hang) as server:
        smtp(settings, server, timeout_seconds=0.2)
        assert notices.send_due() == 0
        assert server.connections == 1
    # For the next run, at once.
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert notices.send_due() == SEVERAL


def test_all_go_over_one_connection(disabled: Sequence[Webhook], settings: Settings) -> None:
    talk = MailServer()
    with RawServer(talk) as server:
        smtp(settings, server)
        assert notices.send_due() == SEVERAL
        assert server.connections == 1
    assert len(talk.mails) == SEVERAL


def test_one_that_is_refused_keeps_no_other_and_is_tried_again_later(
    disabled: Sequence[Webhook], settings: Settings
) -> None:
    refused: list[bytes] = []

    def refuse_the_first(connection: Connection) -> None:
        connection.send(b"220 mail.example\r\n")
        with connection.socket.makefile("rb") as lines:
            for line in lines:
                if line.startswith(b"rcpt") and not refused:
                    refused.append(line)
                    connection.send(b"550 Nobody of that name\r\n")
                elif line == b"data\r\n":
                    connection.send(b"354 Go on\r\n")
                    while lines.readline() != b".\r\n":
                        pass
                    connection.send(b"250 OK\r\n")
                else:
                    connection.send(b"250 OK\r\n")

    with RawServer(refuse_the_first) as server:
        smtp(settings, server)
        assert notices.send_due() == SEVERAL - 1
        assert due() == 1
        assert notices.send_due() == 0
        Webhook.objects.update(notice_taken_until=timezone.now() - timedelta(seconds=1))
        assert notices.send_due() == 1
