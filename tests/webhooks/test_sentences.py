"""No sentence claims what did not happen: each is walked through the cases in which it appears.

What an answer's sentence says is what came; what follows is said by whoever decided it.
"""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pycurl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from chatbots.models import Chatbot
from tests.receiver import Receiver
from tests.webhooks.due import add_due, add_webhook
from tests.webhooks.sender import Sender
from webhooks import outcome, presence, queue, replay, subscriptions, waiting
from webhooks.delivery_words import standing
from webhooks.engine import Engine
from webhooks.models import Attempt, Delivery, Webhook
from webhooks.next_attempt import WaitingFor

# What only the sender can know, and nobody from an answer alone.
POLICY = re.compile(
    r"\b(disabled|retr(y|ied)|tried again|sent again|next (try|attempt)|given up|"
    r"will be (sent|tried)|held)\b",
    re.IGNORECASE,
)
APPS_SCRIPT = "https://script.googleusercontent.com/macros/echo?user_content_key=x"
LOCATIONS = ["", "https://example.com/new", "/there", APPS_SCRIPT, "http://[", "//x"]
# What the sender cannot know: a kernel accepts connections and takes bytes, a proxy closes them.
CLAIMS = re.compile(
    r"\b(got|received|reads?|saw|took the|did not (answer|accept|finish|read)|accepted the|"
    r"(endpoint|example\.com) (closed|reset|cut))\b(?! the whole request, and)",
    re.IGNORECASE,
)
OPENSSL_SAYS = [
    "TLS connect error: error:0A00042E:SSL routines::tlsv1 alert protocol version",
    "TLS connect error: error:0A000410:SSL routines::ssl/tls alert handshake failure",
    "OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0",
    "TLS connect error: error:0A000126:SSL routines::unexpected eof while reading",
    "TLS connect error: error:0A000102:SSL routines::unsupported protocol",
    "TLS connect error: error:0A00018A:SSL routines::dh key too small",
    "SSL certificate OpenSSL verify result: certificate has expired (10)",
    "Recv failure: Connection reset by peer",
    "Send failure: Broken pipe",
]
PHASES = ["connect", "tls", "sending", "sent", "answer"]
CURL_ERRORS = [
    pycurl.E_OPERATION_TIMEDOUT,
    pycurl.E_COULDNT_CONNECT,
    pycurl.E_SSL_CONNECT_ERROR,
    pycurl.E_RECV_ERROR,
    pycurl.E_GOT_NOTHING,
    pycurl.E_UNSUPPORTED_PROTOCOL,
    outcome.TOO_LARGE,
    pycurl.E_OUT_OF_MEMORY,
]


@pytest.mark.parametrize("location", LOCATIONS)
def test_the_sentence_of_no_status_says_what_follows_from_it(location: str) -> None:
    for code in range(100, 1000):
        sentence = outcome.of_status(code, location)[1]
        assert not POLICY.search(sentence), sentence


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("code", CURL_ERRORS)
def test_nor_does_that_of_an_attempt_without_an_answer(code: int, phase: str) -> None:
    sentence = outcome.of_curl(code, "it failed", phase=phase, host="example.com")[1]
    assert not POLICY.search(sentence), sentence
    assert sentence.endswith(".")


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("message", [*OPENSSL_SAYS, "it failed", ""])
def test_no_sentence_tells_what_an_endpoint_did_with_the_request(message: str, phase: str) -> None:
    for code in range(1, 130):
        kind, sentence = outcome.of_curl(code, message, phase=phase, host="example.com")
        assert not CLAIMS.search(sentence), sentence
        # Its certificate is blamed by who looked at it alone.
        assert ("certificate of" in sentence) == (
            code == pycurl.E_PEER_FAILED_VERIFICATION and "verify result" in message
        ), sentence
        assert kind != "timeout" or code == pycurl.E_OPERATION_TIMEDOUT


@pytest.mark.thorough
def test_a_connection_that_nobody_accepts_is_no_request_that_was_got() -> None:
    # The kernel takes connection and request; the program there never looks.
    with socket.create_server(("127.0.0.1", 0)) as listener, Sender() as sender:
        found = sender.post(f"http://127.0.0.1:{listener.getsockname()[1]}/")
    assert found.error_kind == "timeout"
    assert not CLAIMS.search(found.error)
    assert found.error.startswith("The request was sent to your endpoint, and no answer came ")


def test_nor_does_that_of_an_attempt_that_was_lost() -> None:
    assert not POLICY.search(queue.INTERRUPTED_SENTENCE)


@given(st.integers(300, 599), st.sampled_from(LOCATIONS))
def test_each_is_whole_sentences_of_one_subject(code: int, location: str) -> None:
    sentence = outcome.of_status(code, location)[1]
    assert sentence.startswith("Your endpoint answered ")
    assert sentence.endswith(".")
    assert not re.search(r"  |\.\.| [.;,]|None", sentence)


def test_a_redirect_of_apps_script_has_done_its_work() -> None:
    sentence = outcome.of_status(302, APPS_SCRIPT)[1]
    assert "the event has arrived" in sentence
    assert "2xx itself" in sentence
    assert "final address" not in sentence


@pytest.mark.parametrize(("code", "moved"), [(301, True), (308, True), (302, False), (303, False)])
def test_where_an_endpoint_may_have_taken_the_event_both_ways_out_are_named(
    code: int, moved: bool
) -> None:
    sentence = outcome.of_status(code, "https://example.com/thanks")[1]
    assert "final address" in sentence
    assert ("answer 2xx itself" in sentence) != moved


# ---------------------------------------------------------------- what follows

KINDS: dict[str, dict[str, Any]] = {
    "real": {},
    "test": {"is_test": True},
    "forged": {"simulate": {"badSignature": True}},
    "copies": {"simulate": {"copies": 2}},
}
ANSWERS: dict[str, tuple[int, dict[str, str]]] = {
    "401": (401, {}),
    "410": (410, {}),
    "429 that asks for an hour": (429, {"Retry-After": "3600"}),
    "429 that asks for nothing": (429, {}),
    "429 that cannot be read": (429, {"Retry-After": "soon"}),
    "503 that asks for an hour": (503, {"Retry-After": "3600"}),
    "302 of Apps Script": (302, {"Location": APPS_SCRIPT}),
    "500": (500, {}),
    "200": (200, {}),
}


def nothing(webhook: Webhook) -> None:
    """It stays as it is."""


def is_disabled(webhook: Webhook) -> None:
    subscriptions.disable(webhook, "Somebody disabled it.")


def is_resent(webhook: Webhook) -> None:
    if not Delivery.objects.filter(status="held").exists():
        replay.resend(Delivery.objects.get())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("after", [nothing, is_disabled, subscriptions.delete, is_resent])
@pytest.mark.parametrize("schedule", ["standard", "none"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("answer", ANSWERS)
def test_page_api_and_log_say_what_is_so(
    running: Engine,
    chatbot: Chatbot,
    live_receiver: Receiver,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    answer: str,
    kind: str,
    schedule: str,
    after: Callable[[Webhook], None],
) -> None:
    settings.SANDBOX = True
    presence.report("a worker")
    status, headers = ANSWERS[answer]
    live_receiver.answer("/hook", status, headers=headers)
    webhook = add_webhook(chatbot, live_receiver.url("/hook"), retry_schedule=schedule)
    add_due(webhook, **KINDS[kind])
    with caplog.at_level(logging.INFO, "webhooks.verdict"):
        running.run()
    delivery = Delivery.objects.get()
    log = " ".join(r.getMessage() for r in caplog.records if r.name == "webhooks.verdict")
    assert ("The next try is in" in log) == (delivery.status in ("pending", "held"))
    assert ("Given up" in log) == (delivery.status == "failed" and kind == "real")

    after(Webhook.objects.get())
    delivery = Delivery.objects.select_related(
        "webhook__endpoint", "webhook__chatbot__account", "event"
    ).get()
    webhook = delivery.webhook
    last = Attempt.objects.get()
    waits = waiting.of(delivery)
    said = standing(delivery, last, waits)
    words = f"{said.title}. {said.sentence}"
    over = delivery.status in ("succeeded", "failed", "cancelled")

    assert ("is disabled" in words) == (webhook.status == "disabled" and not over)
    assert ("was deleted" in words) == (delivery.status == "cancelled")
    assert ("sent once" in words) == (kind != "real" and over)
    assert ("given up" in words) == (delivery.status == "failed" and kind == "real")
    assert ("Resend it" in words) == ("given up" in words and webhook.status != "deleted")
    assert ("to be left alone until" in words) == (
        webhook.asked_to_wait_until is not None
        and delivery.status == "pending"
        and not delivery.is_test
    )
    retries = waits is not None and waits.word == WaitingFor.RETRY
    assert ("next attempt is due" in words) == retries
    assert "None" not in words
    # Only a real delivery's 410 disables, and nothing else that an answer says.
    gone = status == HTTPStatus.GONE and kind == "real" and after is not subscriptions.delete
    assert (webhook.status == "disabled") == (gone or after is is_disabled)
