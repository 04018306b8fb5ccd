"""What a failed TLS connection comes to, in a sentence. Pure: knows no Django and no libcurl.

libcurl passes on what OpenSSL says: the alert by which the other side ended it, what was wrong with
its certificate, or what it sent instead of TLS. What can be told apart by that gets advice of its
own; the rest is said as it is, for nobody here knows more.
Sources: IANA, TLS Alerts; RFC 8446, 6; OpenSSL's x509_vfy.h for the numbers of verification.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

# In OpenSSL's words, an alert is an error of its TLS part whose reason is 1000 and its number.
_ERROR = re.compile(r"error:([0-9A-F]{8}):SSL routines:[^:]*:([^:,]+)")
_REASON_BITS: Final = 0xFFF
_FIRST_ALERT: Final = 1000
_LAST_ALERT: Final = _FIRST_ALERT + 255
_ALERTS_KIND = re.compile(r"^(ssl/tls|sslv3|tlsv1|tlsv13) (alert )?")

_HANDSHAKE_FAILURE: Final = 40
# A server says one of these of a client's certificate that it does not like, or that is missing.
_OF_A_CERTIFICATE: Final = frozenset({41, 42, 43, 44, 45, 46, 48})
_CERTIFICATE_REQUIRED: Final = 116
_BY_ALERT: Final = {
    _HANDSHAKE_FAILURE: "It may ask for a client certificate, which is never sent, or find no "
    "cipher in common with TLS 1.2 and 1.3 as they are spoken here. See its log.",
    70: "It does not speak TLS 1.2 or 1.3, which is what is offered: let it speak one of them.",
    71: "It finds no cipher in common that is safe enough for it. See its log.",
    80: "That is for a failure of its own. See its log.",
    _CERTIFICATE_REQUIRED: "It asks for a client certificate, and none is ever sent: let it ask "
    "for none, and check the signature instead.",
    112: "It is not set up for this name: check the host in the webhook's URL, and the names that "
    "the server knows.",
    120: "It does not offer HTTP/1.1, which is what is spoken here: let it do so.",
}
_MAYBE_CLIENTS: Final = (
    "It may ask for a client certificate, which is never sent: let it ask for none, and check the "
    "signature instead."
)

# Of the certificate, by OpenSSL's number for what it found.
_VERIFIED = re.compile(r"verify result: (.+?) \((\d+)\)|certificate problem: (.+)")
_KNOWN: Final = (
    "Let the server have one of a known authority (whoever runs the emitter chooses them with "
    "ENDPOINT_CA_FILE)"
)
_WHOLE: Final = "let it send the whole chain, intermediate certificates included"
_BY_FINDING: Final = {
    9: "It, or one of its chain, is not valid yet: check the clocks.",
    10: "It, or one of its chain, has expired: renew it.",
    18: f"{_KNOWN}.",
    19: f"{_KNOWN}.",
    20: f"{_KNOWN}, and {_WHOLE}.",
    21: f"{_KNOWN}, and {_WHOLE}.",
}
_OF_ANOTHER_NAME: Final = ("subject name", "common name", "does not match target", "mismatch")
_OTHER_NAME: Final = "Let the server have one that is made for this name."
_ANY: Final = "It must be valid, complete and made for this name."

# What OpenSSL says of an answer that is no TLS record: it takes plain HTTP for a version or length.
_NOT_TLS: Final = ("wrong version number", "packet length too long", "http request")
_NO_MORE: Final = (
    "unexpected eof",
    "recv failure",
    "send failure",
    "connection reset",
    "broken pipe",
    "ssl_error_syscall",
)
_OLD: Final = "unsupported protocol"


class Alert(NamedTuple):
    """What the other side ended TLS with."""

    number: int
    name: str

    @property
    def is_of_a_certificate(self) -> bool:
        """It is about a client's certificate: so a server ends a handshake that is over for us."""
        return self.number in _OF_A_CERTIFICATE or self.number == _CERTIFICATE_REQUIRED


def alert(message: str) -> Alert | None:
    """The alert that libcurl's `message` tells of; None where it tells of none."""
    found = _ERROR.search(message)
    if found is None:
        return None
    reason = int(found[1], 16) & _REASON_BITS
    if not _FIRST_ALERT <= reason <= _LAST_ALERT:
        return None
    number, words = reason - _FIRST_ALERT, found[2].strip()
    name = str(number) if words.startswith("reason(") else _ALERTS_KIND.sub("", words)
    return Alert(number, name)


def of_alert(host: str, alert: Alert) -> str:
    """The sentence where `host` ended TLS with an alert."""
    advice = _BY_ALERT.get(alert.number) or (
        _MAYBE_CLIENTS if alert.is_of_a_certificate else "See its log."
    )
    return f'{host} ended the TLS connection with the alert "{alert.name}". {advice}'


def of_early_end(host: str) -> str:
    """The sentence where the connection to `host` ended before it took any of the request."""
    return (
        f"The connection to {host} ended without an answer, before the request was sent. "
        "It may ask for a client certificate, which is never sent. See its log."
    )


def of_certificate(host: str, message: str) -> str:
    """The sentence where the certificate of `host` was verified, and found wanting."""
    found = _VERIFIED.search(message)
    if found is None and not any(words in message for words in _OF_ANOTHER_NAME):
        # libcurl has the same error for a server that finds fault with a client's certificate.
        return of_handshake(host, message)
    what = (found[1] or found[3]) if found else message.removeprefix("SSL: ")
    advice = _BY_FINDING.get(int(found[2] or 0)) if found else _OTHER_NAME
    if advice is None:
        advice = _OTHER_NAME if any(words in what for words in _OF_ANOTHER_NAME) else _ANY
    return f"The certificate of {host} was not accepted: {what}. {advice}"


def of_handshake(host: str, message: str) -> str:
    """The sentence where the handshake with `host` failed, as libcurl's `message` has it."""
    ended, small = alert(message), message.lower()
    if ended:
        return of_alert(host, ended)
    if any(words in small for words in _NOT_TLS):
        return (
            f"{host} does not speak TLS on this port; it is probably an http:// server. "
            "Use http:// in the sandbox, or the port where it serves HTTPS."
        )
    if _OLD in small:
        return f"{host} chose a version of TLS that is too old. {_BY_ALERT[70]}"
    if any(words in small for words in _NO_MORE):
        return (
            f"The connection to {host} was closed during the TLS handshake. "
            "Check that it serves HTTPS on this port, and see its log."
        )
    return f"The TLS handshake with {host} failed: {message}."
