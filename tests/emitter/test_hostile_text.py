"""What receivers and visitors write steers no terminal and forges no line, where it is quoted."""

from __future__ import annotations

import io
import logging
import logging.config
import unicodedata
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core import mail
from django.db import OperationalError
from django.test import Client

from chatbots import conversation as chat
from chatbots import handover_mail
from chatbots.conversation import Contact
from chatbots.models import Account, Chatbot, SupportEmail
from chatbots.visitor_input import is_address
from emitter.log_lines import LONGEST, LONGEST_TRACEBACK
from tests.webhooks.raw_server import RawServer, answer_and_close
from tests.webhooks.sender import Sender
from webhooks.outcome import LONGEST_ERROR, Outcome

ESCAPES = "\x1b]0;owned\x07\x1b[2J\x9b31m\x08\x7f"
BIDI = "\u202egnp.exe\u202c\u2066\u200f"
LINES = "\r\nERROR    root: forged\n\x85\u2028forged"
HOSTILE = f"[red]{ESCAPES}{BIDI}{LINES}[/red]"


def steering(text: str, but: str = "") -> set[str]:
    """What of `text` a terminal or a reader of lines would act on."""
    bidi = {*map(chr, (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))}
    kinds = {"Cc", "Cs", "Zl", "Zp"}
    return {c for c in text if c not in but and (unicodedata.category(c) in kinds or c in bidi)}


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What the handler of the settings would write, of every logger."""
    logging.config.dictConfig(settings.LOGGING)
    [handler] = [
        each
        for each in logging.getLogger().handlers
        if isinstance(each, logging.StreamHandler) and type(each.formatter).__name__ == "OneLine"
    ]
    stream = io.StringIO()
    before = handler.setStream(stream)
    yield stream
    handler.setStream(before)
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize(
    "name", ["webhooks.engine", "chatbots", "django.request", "library.of.others"]
)
def test_a_record_is_one_bounded_line(logged: io.StringIO, name: str) -> None:
    logging.getLogger(name).error("It said: %s", HOSTILE)
    logging.getLogger(name).error("It said: %s", "x" * 50_000)
    first, second = logged.getvalue().splitlines()
    assert not steering(first + second)
    assert "owned" in first
    assert len(second) == LONGEST


def test_an_errors_own_words_forge_no_line_and_bury_nothing(logged: io.StringIO) -> None:
    try:
        raise OperationalError(HOSTILE + "y" * 50_000)
    except OperationalError:
        logging.getLogger("webhooks").exception("It failed: %s", HOSTILE)
    written = logged.getvalue()
    assert not steering(written, but="\n")
    assert len(written) < LONGEST + LONGEST_TRACEBACK + 1_000
    head, *rest = written.rstrip("\n").split("\n")
    assert "It failed" in head
    assert all(line.startswith("  ") for line in rest)


@pytest.mark.parametrize(
    "answer",
    [
        f"HTTP/1.1 302 Found\r\nLocation: /{ESCAPES}{BIDI}".encode(),
        b"HTTP/1.1 302 Found\r\nLocation: /" + b"a" * 50_000,
        f"HTTP/1.1 500 {ESCAPES}{BIDI}".encode(),
        f"HTTP/1.1 401 {ESCAPES}\r\nWWW-Authenticate: {ESCAPES}{BIDI}".encode(),
        f"HTTP/1.1 429 No\r\nRetry-After: {ESCAPES}".encode(),
        f"HTTP/1.1 {ESCAPES}{BIDI} OK".encode(),
        f"{ESCAPES}{BIDI}".encode(),
        f"HTTP/1.1 200 OK\r\nTransfer-Encoding: {ESCAPES}".encode(),
        f"HTTP/1.1 200 OK\r\nContent-Encoding: {ESCAPES}{BIDI}".encode(),
        f"HTTP/1.1 200 OK\r\nContent-Length: {ESCAPES}".encode(),
        f"HTTP/1.1 200 OK\r\n{ESCAPES}{BIDI}".encode(),
    ],
)
def test_the_sentence_about_an_answer_quotes_it_cleaned(answer: bytes) -> None:
    with RawServer(answer_and_close(answer + b"\r\n\r\n")) as server, Sender() as sender:
        outcome = sender.post(f"http://127.0.0.1:{server.port}/hook")
    assert not steering(outcome.error)
    assert len(outcome.error) <= LONGEST_ERROR


def test_whatever_an_error_quotes_is_cleaned_where_it_is_made() -> None:
    made = Outcome(
        duration_ms=1, error_kind="tls", error=f"The certificate is for {HOSTILE * 1000}"
    )
    assert not steering(made.error)
    assert LONGEST_ERROR - 50 < len(made.error) <= LONGEST_ERROR


def test_a_mail_about_a_visitor_has_clean_headers_and_lines(chatbot: Chatbot) -> None:
    chatbot.name = f"Bot {HOSTILE}"
    chatbot.save()
    chat.hand_over(
        chatbot,
        HOSTILE,
        contact=Contact(name=HOSTILE, email="ann@x.example", phone_number=HOSTILE[:40]),
        form_fields={HOSTILE: HOSTILE},
    )
    assert handover_mail.send_due() == 1
    (sent,) = mail.outbox
    assert not steering(str(sent.subject))
    assert not steering(str(sent.body), but="\n")
    assert sent.message()["Bcc"] is None
    assert not any(line.startswith("ERROR") for line in str(sent.body).splitlines())


def test_a_mail_server_that_writes_back_is_quoted_cleaned(
    chatbot: Chatbot, monkeypatch: pytest.MonkeyPatch, logged: io.StringIO
) -> None:
    chat.hand_over(chatbot, "Help", contact=Contact())

    def fails(*_: object) -> None:
        raise OSError(f"550 {HOSTILE}\0{'x' * 50_000}")

    monkeypatch.setattr("django.core.mail.EmailMessage.send", fails)
    handover_mail.send_due()
    assert not steering(SupportEmail.objects.get().error)
    assert not steering(logged.getvalue(), but="\n")


@pytest.mark.parametrize(
    "text",
    [
        *("a@x.example, b@y.example", "a@x.example,b@y.example", "a,b@y.example", "a;b@y.example"),
        *("Ann <a@x.example>", "<a@x.example>", "a@x.example (Ann)", "team:a@x.example;", "a@b@c"),
        *(
            '"a b"@x.example',
            "a@x.example\nBcc: b@y.example",
            "a@\x1bx",
            "a@x\u202e",
            "@x",
            "a@",
            "",
        ),
        *("a@x.example\r", " a@x.example", "a\\@x.example", "a@[127.0.0.1]", "a@x\x85y"),
    ],
)
def test_what_is_not_one_address_is_none_to_answer_to(chatbot: Chatbot, text: str) -> None:
    assert not is_address(text)
    # A row of before, or of another way in.
    mail_row = _handed_over(chatbot, text)
    assert handover_mail.message_of(mail_row).reply_to == []


@pytest.mark.parametrize(
    "text", ["ann@x.example", "ann+shop@x.example", "o'neil@x", "zoë@bücher.example"]
)
def test_one_address_is_answered_to(chatbot: Chatbot, text: str) -> None:
    assert is_address(text)
    assert handover_mail.message_of(_handed_over(chatbot, text)).reply_to == [text]


def _handed_over(chatbot: Chatbot, email: str) -> SupportEmail:
    chat.hand_over(chatbot, "Help", contact=Contact(email=email))
    return SupportEmail.objects.select_related("conversation__chatbot").latest("pk")


@pytest.mark.parametrize(
    "path", [f"/{ESCAPES}", f"/chatbot/{BIDI}", "/" + "p" * 50_000, "/%0aERROR%20forged"]
)
def test_an_address_that_is_none_leaves_one_short_line(
    db: None, client: Client, logged: io.StringIO, path: str
) -> None:
    client.get(path)
    for line in logged.getvalue().split("\n"):
        assert not steering(line)
        assert len(line) <= LONGEST


def test_an_accounts_own_names_reach_the_log_cleaned(account: Account, logged: io.StringIO) -> None:
    account.name = HOSTILE
    logging.getLogger("webhooks").warning("Of %s: %r", account, account)
    assert not steering(logged.getvalue().rstrip("\n"))
