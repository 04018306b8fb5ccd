"""Which web sites may show a chatbot's embedded chat in a frame.

The owner lists origins, one a line; a browser holds to them through `frame-ancestors` of the
embedded page's Content-Security-Policy. Nothing listed is the chat's own site alone.
"""

from __future__ import annotations

import re

import idna
from django.conf import settings
from django.core.exceptions import ValidationError

MOST = 50
# All of them go into one header, and proxies take 8 KiB of headers.
LONGEST_TOGETHER = 3000
EXAMPLE = "https://shop.example.com"
# In the sandbox a developer's own page is welcome, whatever its port.
LOOPBACK = tuple(
    f"{scheme}://{host}:*"
    for scheme in ("http", "https")
    for host in ("localhost", "127.0.0.1", "*.localhost")
)

_ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?P<any>\*\.)?(?P<host>[^/?#@:*\\\s\[\]]+)(?::(?P<port>[0-9]{1,5}))?/?",
    re.IGNORECASE,
)
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_LOOPBACK_HOST = re.compile(r"(?:.+\.)?localhost|127\.0\.0\.1")
# What may stand in a frame's directive: nothing that would end it or begin another.
_SOURCE = re.compile(r"https?://(?:\*\.)?[a-z0-9.-]+(?::[0-9]+)?")


def lines(text: str) -> list[str]:
    """The origins in `text` as they were written, without empty lines."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def origin_of(line: str) -> str:
    """`line` as a browser compares it. Raises ValueError with what to write instead."""
    if "://" not in line:
        raise ValueError(f"“{line}” does not say how it is reached. Write https://{line}")
    if "[" in line:
        raise ValueError(f"“{line}” is an IPv6 address, which browsers compare with no page's.")
    match = _ORIGIN.fullmatch(line)
    if match is None:
        raise ValueError(
            f"“{line}” is not an origin. Write only how it is reached, the name and perhaps the "
            f"port, such as {EXAMPLE}, without a path."
        )
    scheme, port = match["scheme"].lower(), match["port"]
    host = _host(line, match["host"])
    if match["any"] and "." not in host:
        raise ValueError(f"“{line}” is too wide. Write at least https://*.example.com.")
    if port and not 0 < int(port) < 65536:
        raise ValueError(f"“{line}”: a port is between 1 and 65535.")
    if scheme == "http" and not settings.SANDBOX and not _LOOPBACK_HOST.fullmatch(host):
        raise ValueError(
            f"“{line}” is not encrypted: anybody on the way could change the page around the "
            f"chat. Write https://{host}"
        )
    default = {"http": "80", "https": "443"}[scheme]
    suffix = f":{int(port)}" if port and port != default else ""
    return f"{scheme}://{match['any'] or ''}{host}{suffix}"


def _host(line: str, text: str) -> str:
    try:
        host = text.lower() if text.isascii() else idna.encode(text, uts46=True).decode()
    except idna.IDNAError:
        host = ""
    if not host or len(host) > 253 or not all(map(_LABEL.fullmatch, host.split("."))):
        raise ValueError(f"“{line}”: {text} is not the name of a web site.")
    return host


def validate(text: str) -> None:
    """Raises ValidationError with a sentence for each line that is no origin."""
    written = lines(text)
    wrong = []
    if len(written) > MOST:
        wrong.append(f"At most {MOST} web sites; there are {len(written)}.")
    together = 0
    for line in written[:MOST]:
        try:
            together += len(origin_of(line)) + 1
        except ValueError as error:
            wrong.append(str(error))
    if together > LONGEST_TOGETHER:
        wrong.append(f"All lines together may have {LONGEST_TOGETHER} characters.")
    if wrong:
        raise ValidationError(wrong[:5])


def ancestors(text: str) -> str:
    """The sources of `frame-ancestors` for a chatbot whose list is `text`.

    A line that would be refused today (typed in a sandbox, or past the form) counts for nothing.
    """
    sources = ["'self'"]
    for line in lines(text)[:MOST]:
        try:
            origin = origin_of(line)
        except ValueError:
            continue
        if _SOURCE.fullmatch(origin) and origin not in sources:
            sources.append(origin)
    return " ".join([*sources, *(LOOPBACK if settings.SANDBOX else ())])
