"""An attempt as a curl command that sends the same bytes again. Knows no Django."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

# curl writes these itself, from the URL and the body.
_WRITTEN_BY_CURL = frozenset({"host", "content-length", "accept"})


def curl_command(url: str, headers: Mapping[str, str], body: bytes) -> str:
    """The command, quoted for a POSIX shell, one option a line.

    The body goes in unchanged: it is UTF-8 without NUL (chatbots.jsonbytes), and --data-raw takes
    a leading @ for what it is.
    """
    lines = ["curl -X POST " + shlex.quote(url)]
    lines += [
        "-H " + shlex.quote(f"{name}: {value}")
        for name, value in headers.items()
        if name.lower() not in _WRITTEN_BY_CURL
    ]
    lines.append("--data-raw " + shlex.quote(body.decode("utf-8", "replace")))
    return " \\\n  ".join(lines)
