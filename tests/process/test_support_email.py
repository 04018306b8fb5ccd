"""The support e-mail over a real worker and a real mail server, or one that hangs."""

from __future__ import annotations

import email
import email.policy
import threading
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
import requests

from tests.process.stack import Stack, wait_until
from tests.receiver import Receiver
from tests.webhooks.raw_server import Connection, RawServer

pytestmark = [pytest.mark.process, pytest.mark.thorough]


class MailServer:
    """Takes every mail and keeps it (RFC 5321, as far as it needs)."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []

    def __call__(self, connection: Connection) -> None:
        connection.send(b"220 mail.example\r\n")
        with connection.socket.makefile("rb") as lines:
            for line in lines:
                command = line.strip().upper()
                if command == b"DATA":
                    connection.send(b"354 Go on\r\n")
                    data = bytearray()
                    while (piece := lines.readline()) != b".\r\n":
                        data += piece.removeprefix(b".")
                    self.mails.append(
                        email.message_from_bytes(bytes(data), policy=email.policy.default)
                    )
                elif command.startswith(b"RCPT TO:"):
                    self.recipients.append(line.decode().strip()[8:])
                connection.send(b"221 Bye\r\n" if command == b"QUIT" else b"250 OK\r\n")


def handed_over(stack: Stack, made: dict[str, str]) -> requests.Response:
    return requests.post(
        f"{stack.web_url}/api/v1/handover",
        json={
            "chatbotId": made["chatbotId"],
            "userMessage": "Where is it? 🎉",
            "via": "form",
            "email": "zoë@exämple.com",
            "formFields": {"Order number": 4711, "Topics": ["late", "lost"]},
        },
        headers={"Authorization": f"Bearer {made['apiKey']}"},
        timeout=30,
    )


def run(
    var: Path,
    talk: Callable[[Connection], None],
    receiver: Receiver,
    then: Callable[[Stack, RawServer, dict[str, str]], None],
) -> None:
    """An emitter whose mail server talks like that."""
    with (
        RawServer(talk) as mail_server,
        Stack(var, EMAIL_URL=f"smtp://127.0.0.1:{mail_server.port}") as stack,
    ):
        stack.do("migrate")
        stack.start_worker()
        stack.start_beat()
        stack.start_web()
        made = stack.do("prepare", url=receiver.url("/"))
        wait_until(stack.web_answers, "the web")
        then(stack, mail_server, made)


def test_the_mail_reaches_the_support_email_with_transcript_and_form(
    tmp_path: Path, live_receiver: Receiver
) -> None:
    server = MailServer()

    def look(stack: Stack, _: RawServer, made: dict[str, str]) -> None:
        answer = handed_over(stack, made)
        assert answer.status_code == 200, answer.text
        payload = answer.json()["event"]["payload"]
        wait_until(lambda: server.mails, "the mail", 60)
        (sent,) = server.mails
        assert server.recipients == ["<support@acme.example>"]
        assert sent["To"] == payload["data"]["supportEmail"] == "support@acme.example"
        text = sent.get_content()
        assert "Order number: 4711\nTopics: late, lost\n" in text.replace("\r\n", "\n")
        assert "Visitor: Where is it? 🎉" in text
        assert answer.json()["chatlogId"] in text

    run(tmp_path, server, live_receiver, look)


def test_a_mail_server_that_hangs_holds_up_neither_the_chat_nor_the_webhooks(
    tmp_path: Path, live_receiver: Receiver
) -> None:
    let_go = threading.Event()

    def hangs(connection: Connection) -> None:
        let_go.wait(90)

    def look(stack: Stack, mail_server: RawServer, made: dict[str, str]) -> None:
        try:
            assert handed_over(stack, made).status_code == 200
            wait_until(lambda: mail_server.connections, "the worker waits for the mail server", 60)
            began = time.monotonic()
            for _ in range(10):
                assert handed_over(stack, made).status_code == 200
            assert time.monotonic() - began < 15
            # Of all, the first one's too.
            wait_until(lambda: len(live_receiver.requests) == 11, "the webhooks", 15)
        finally:
            let_go.set()

    run(tmp_path, hangs, live_receiver, look)
