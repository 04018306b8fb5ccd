"""What a transfer that libcurl has ended comes to: the class of the failure, and a sentence."""

from __future__ import annotations

import os
from dataclasses import dataclass

import pycurl

from webhooks import outcome
from webhooks.answer import Head
from webhooks.outcome import PROTOCOL_ERRORS, REDIRECTS
from webhooks.transfer import Transfer


@dataclass(slots=True)
class End:
    """How libcurl's part of it ended: its error `code`, 0 for none, and what it says to that."""

    code: int = 0
    message: str = ""
    # The last error of the operating system's.
    errno: int = 0
    # A connection stood, be it without TLS yet.
    has_connected: bool = False
    # The operating system took this much of the request's body.
    sent_bytes: int = 0


def of(transfer: Transfer, end: End, head: Head) -> tuple[str, str]:
    """The error class and sentence of a transfer of whose answer `head` came; ("", "") for good."""
    destination, answer = transfer.request.destination, transfer.answer
    status = head.status
    # libcurl refuses a second Location before the head is whole, followed or not.
    is_odd_redirect = end.code in PROTOCOL_ERRORS and status in REDIRECTS
    if status and (answer.is_cut or is_odd_redirect or (end.code == 0 and head.is_whole)):
        location = head.location(destination.url) if status in REDIRECTS else ""
        return outcome.of_status(status, location)
    code, message = end.code, end.message
    if code == 0:
        # libcurl is content with half a head, and with a status that is none.
        code = pycurl.E_PARTIAL_FILE if status else pycurl.E_UNSUPPORTED_PROTOCOL
        message = "its status line has no status"
    elif code == pycurl.E_COULDNT_CONNECT and end.errno:
        # libcurl's own message names the stand-in for the addresses.
        message = os.strerror(end.errno)
    return outcome.of_curl(
        code,
        message,
        phase=phase(transfer, end, head),
        host=destination.host,
        addresses=transfer.tried,
    )


def phase(transfer: Transfer, end: End, head: Head) -> str:
    """How far it had come: "connect", "tls", "sending", "sent" or "answer"."""
    if head.status:
        return "answer"
    is_tls = end.has_connected and transfer.request.destination.scheme == "https"
    if not transfer.times_sent:
        return "tls" if is_tls else "connect"
    if is_tls and end.code == pycurl.E_SEND_ERROR and not end.sent_bytes:
        # With TLS 1.3 the handshake is over for us before the server has had its say.
        return "tls"
    return "sent" if end.sent_bytes >= len(transfer.request.body) else "sending"
