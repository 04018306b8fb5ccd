"""What became of one attempt: its class, and a sentence that a person can act on. No Django."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

import pycurl

from chatbots import printable
from webhooks import advice, tls_words

TOTAL_SECONDS = 10
# Characters of the sentence of one attempt.
LONGEST_ERROR = 700
MOST_ADDRESSES_SHOWN = 6

REDIRECTS = frozenset({300, 301, 302, 303, 307, 308})

# pycurl has no names for these yet.
CLIENT_CERTIFICATE = 98
TOO_LARGE = 100
TLS_ERRORS = frozenset(
    {
        pycurl.E_SSL_CONNECT_ERROR,
        pycurl.E_SSL_CERTPROBLEM,
        pycurl.E_SSL_CIPHER,
        pycurl.E_PEER_FAILED_VERIFICATION,
        pycurl.E_SSL_ISSUER_ERROR,
        pycurl.E_SSL_INVALIDCERTSTATUS,
        pycurl.E_SSL_SHUTDOWN_FAILED,
        CLIENT_CERTIFICATE,
    }
)
PROTOCOL_ERRORS = frozenset(
    {
        pycurl.E_UNSUPPORTED_PROTOCOL,
        getattr(pycurl, "E_WEIRD_SERVER_REPLY", 8),
        pycurl.E_BAD_CONTENT_ENCODING,
    }
)
CLOSED_ERRORS = frozenset(
    {pycurl.E_SEND_ERROR, pycurl.E_RECV_ERROR, pycurl.E_GOT_NOTHING, pycurl.E_PARTIAL_FILE}
)


# As a plain number: a member of an enumeration costs as much to look up as a call.
GONE = int(HTTPStatus.GONE)


@dataclass(slots=True)
class Outcome:
    """One attempt, over. `error_kind` is "" when it succeeded; `error` says it in a sentence."""

    duration_ms: int
    status_code: int | None = None
    error_kind: str = ""
    error: str = ""
    remote_address: str = ""
    response_head: bytes = b""
    response_body: bytes = b""
    response_truncated: bool = False
    retry_after: str = ""
    # How far it had come: "connect", "tls", "sending", "sent" or "answer"; "" where nobody knows.
    phase: str = ""
    # Status line and headers came whole: what they ask for counts, whatever becomes of the body.
    head_is_whole: bool = True
    # Nothing was sent, for it was too late to begin: no attempt.
    is_late: bool = False

    def __post_init__(self) -> None:
        # It quotes a receiver, its certificate or what a library says of them; here it is made.
        if self.error:
            self.error = printable.line(self.error, LONGEST_ERROR)

    @property
    def succeeded(self) -> bool:
        return not self.error_kind

    @property
    def says_gone(self) -> bool:
        """It asks that nothing be sent there any more."""
        return self.status_code == GONE and self.head_is_whole


def of_status(code: int, location: str = "") -> tuple[str, str]:
    """The error class and sentence of an answer with status `code`; ("", "") for 2xx.

    Only what came, and what to do about it: what follows is not the transport's to say.
    """
    if 200 <= code < 300:
        return "", ""
    if code in REDIRECTS:
        where = f" to {printable.line(location)}" if location else ""
        sentence = f"Your endpoint answered {phrase(code)}{where}."
        return "redirect", f"{sentence} {advice.on_redirect(code, location)}"
    hint = advice.on_status(code)
    says = "; a 2xx says the event arrived." if code != HTTPStatus.GONE else "."
    return "http_status", f"Your endpoint answered {phrase(code)}{says} {hint}".rstrip()


def phrase(code: int) -> str:
    """A status as people know it: "401 Unauthorized"."""
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        return str(code)


def answer_sentence(code: int) -> str:
    """What came, and no more: for where there is nothing to mend."""
    return f"Your endpoint answered {phrase(code)}."


def _tried(host: str, addresses: Sequence[str]) -> str:
    """The addresses of `host` that were tried, as the middle of a sentence; "" for its only one."""
    if not addresses or list(addresses) == [host]:
        return ""
    shown = list(addresses[:MOST_ADDRESSES_SHOWN])
    if len(addresses) > len(shown):
        shown.append(f"{len(addresses) - len(shown)} more")
    last = shown.pop()
    return f", tried at {', '.join(shown)} and {last}" if shown else f", tried at {last}"


def short_of(what: str) -> str:
    """The sentence where no connection could be opened, for `what` in the system's words."""
    return (
        f"The request could not be sent: the worker could open no connection ({what}). Your "
        "endpoint was not asked; whoever runs the emitter raises the worker's limit on open files, "
        "or gives its machine more memory."
    )


def of_curl(
    code: int, message: str, *, phase: str, host: str, addresses: Sequence[str] = ()
) -> tuple[str, str]:
    """The error class and sentence of libcurl's error `code`.

    `phase` is how far the attempt had come: "connect", "tls", "sending", "sent" or "answer";
    `addresses` are those of `host` that were tried.

    A sentence says what was seen from here. Whether the endpoint got the request nobody here knows:
    a connection stands, and bytes are taken, before the program there has looked.
    """
    message = printable.line(message)
    if code == pycurl.E_OPERATION_TIMEDOUT:
        return "timeout", _of_timeout(phase, host, addresses)
    if code == pycurl.E_COULDNT_CONNECT:
        return "connect", (
            f"No connection to {host} could be opened{_tried(host, addresses)} ({message}). "
            "Check that the server runs and listens on this port."
        )
    if code == pycurl.E_PEER_FAILED_VERIFICATION:
        return "tls", tls_words.of_certificate(host, message)
    if code in TLS_ERRORS:
        return "tls", tls_words.of_handshake(host, message)
    # libcurl has no code of its own for either; what it says then is about the answer.
    received = message if code == pycurl.E_RECV_ERROR else ""
    if code == TOO_LARGE or "response headers" in received:
        return "too_large", "Your endpoint's answer has too many headers, or one that is too long."
    if code in PROTOCOL_ERRORS or "chunk" in received:
        return "protocol", f"{host} answered something that is not HTTP/1.1: {message}."
    if code in CLOSED_ERRORS:
        return _of_close(message, phase, host)
    if phase in ("connect", "tls"):
        return "internal", f"The request could not be sent ({message})."
    sentence = f"The attempt could not be finished ({message}). The request may have arrived."
    return "internal", sentence


def _of_timeout(phase: str, host: str, addresses: Sequence[str]) -> str:
    return {
        "connect": f"No connection to {host} within {TOTAL_SECONDS} s{_tried(host, addresses)}. "
        "Check that the server runs and that its firewall lets us in.",
        "tls": f"The connection to {host} stood, but the TLS handshake was not over within "
        f"{TOTAL_SECONDS} s. Check that the server is not stuck, and serves HTTPS on this port.",
        "sending": f"The request could not be sent whole within {TOTAL_SECONDS} s: the connection "
        "to your endpoint took no more of it. Read the whole request, and answer 2xx at once.",
        "sent": f"The request was sent to your endpoint, and no answer came within {TOTAL_SECONDS} "
        "s. Answer 2xx at once and do the work afterwards.",
        "answer": "The answer of your endpoint began, but was not over within "
        f"{TOTAL_SECONDS} s. Send the whole answer at once.",
    }[phase]


def _of_close(message: str, phase: str, host: str) -> tuple[str, str]:
    if phase == "answer":
        return "closed", "The connection to your endpoint ended in the middle of its answer."
    alert = tls_words.alert(message)
    if alert:
        # With TLS 1.3 the handshake is over for us before the server has seen that there is no
        # client certificate: that is no other failure than with TLS 1.2.
        return "tls" if alert.is_of_a_certificate else "closed", tls_words.of_alert(host, alert)
    if phase == "tls":
        return "closed", tls_words.of_early_end(host)
    return "closed", "The connection to your endpoint ended without an answer. See its log."
