"""An attempt as a curl command that sends the same bytes again. Knows no Django.

For sh, bash, zsh and fish alike. The body is piped in: as an argument, Linux takes no more than
128 KiB; a shell's own `printf` takes any.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

# What would change the request: HTTP/2, "/a/../b" folded, "[1-3]" in a URL taken for a range.
_AS_IT_IS: Final = "--http1.1 --path-as-is --globoff"
# curl writes this itself, from the body.
_WRITTEN_BY_CURL: Final = frozenset({"content-length"})
# What curl adds by itself where nothing is said of it.
_ADDED_BY_CURL: Final = ("Accept", "Content-Type", "Expect", "User-Agent")
_NEEDS_NO_QUOTES: Final = re.compile(r"[A-Za-z0-9_+:,./-]+")
# Typed into a terminal or lost on the way, these do not arrive; JSON has none of them.
_NO_TEXT: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


def curl_command(url: str, headers: Mapping[str, str], body: bytes) -> str:
    """The command, one option a line; `headers` as they were sent, by their names."""
    given = {name.lower() for name in headers}
    lines = [f"curl -X POST {_AS_IT_IS} {quoted(url)}"]
    for name, value in headers.items():
        if name.lower() in _WRITTEN_BY_CURL or (name.lower(), value) == ("host", _host(url)):
            continue
        # Without a value, curl leaves the header out; with a semicolon it is empty.
        lines.append("-H " + quoted(f"{name}: {_text(value)}" if value else f"{name};"))
    lines += [f"-H '{name}:'" for name in _ADDED_BY_CURL if name.lower() not in given]
    lines.append("--data-binary @-")
    return _printed(body) + " | \\\n" + " \\\n  ".join(lines)


def quoted(text: str) -> str:
    """`text` as one word of any of these shells.

    fish takes `\\\\` for one backslash also between single quotes; between double ones all do.
    """
    if _NEEDS_NO_QUOTES.fullmatch(text):
        return text
    if not text:
        return "''"
    alone = {"'": '"\'"', "\\": '"\\\\"'}
    return "".join(alone.get(part, f"'{part}'") for part in re.split(r"(['\\])", text) if part)


def _printed(body: bytes) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = "\0"
    if _NO_TEXT.search(text):
        return f"printf '%s' {quoted(base64.b64encode(body).decode())} | base64 -d"
    return f"printf '%s' {quoted(text)}"


def _host(url: str) -> str:
    """The Host header that curl makes of a URL."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2]


def _text(value: str) -> str:
    """A header's bytes, which are kept as Latin-1, as what a terminal in UTF-8 sends for them."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value
