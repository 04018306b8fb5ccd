"""An attempt's raw bytes as people read them. The API and the dashboard show the same."""

from __future__ import annotations

from webhooks import readable
from webhooks.answer import header_text
from webhooks.models import Attempt
from webhooks.readable import Readable


def request_headers(attempt: Attempt) -> dict[str, str]:
    """The headers that were sent, named as they were sent."""
    return headers_of(bytes(attempt.request_head))


def response_headers(attempt: Attempt) -> dict[str, str]:
    """The headers that came back; none when no answer came."""
    return headers_of(bytes(attempt.response_head))


def request_body(attempt: Attempt) -> bytes:
    """The exact bytes that were sent: the event's, unless a simulation changed them."""
    if attempt.request_body is not None:
        return bytes(attempt.request_body)
    return bytes(attempt.delivery.event.body)


def response_body(attempt: Attempt, headers: dict[str, str]) -> Readable:
    """The answer's body unpacked and as text, as far as that can be done; `headers` are those that
    came with it."""
    return readable.read(headers, bytes(attempt.response_body))


def body_text(body: bytes) -> str:
    """A body as text. Bytes that are not UTF-8 show as U+FFFD."""
    return body.decode("utf-8", "replace")


def headers_of(head: bytes) -> dict[str, str]:
    """The headers in a start line and header lines; repeated ones are joined with a comma.

    An interim answer (100 Continue, 103 Early Hints) before the final one is left out.
    """
    # By name in small letters: the name as it came first, and its values.
    found: dict[str, tuple[str, list[str]]] = {}
    # Of bytes, each for itself: a header may hold any (RFC 9110, 5.5).
    for line in map(header_text, head.replace(b"\r\n", b"\n").split(b"\n")):
        if line.startswith("HTTP/"):
            found = {}
        name, colon, value = line.partition(":")
        if not colon or " " in name or not name:
            continue
        found.setdefault(name.lower(), (name, []))[1].append(value.strip())
    return {name: ", ".join(values) for name, values in found.values()}
