"""JSON for people: indented and coloured on the server, as HTML in which nothing is alive.

Only white space between tokens changes. Numbers keep their form, strings their escapes and
duplicate keys their places, for somebody who looks for the one byte that differs.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import JsonLexer

# Past this, colouring takes longer than it helps.
MOST_BYTES = 128 * 1024
# And past so many values; and no line is set in further than so many levels.
MOST_VALUES = 2000
MOST_LEVELS = 32

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_lexer = JsonLexer(stripnl=False, ensurenl=False)
_formatter = HtmlFormatter(nowrap=True)


def indented(text: str) -> str:
    """Valid JSON `text` with a line for each member, two spaces a level, and nothing else new."""
    out: list[str] = []
    depth = 0
    before = ""
    for match in _TOKEN.finditer(text):
        part = match.group()
        if part in "}]":
            depth -= 1
            if before not in ("{", "["):
                out.append("\n" + "  " * min(depth, MOST_LEVELS))
        elif before in ("{", "[", ","):
            out.append("\n" + "  " * min(depth, MOST_LEVELS))
        out.append(": " if part == ":" else part)
        if part in "{[":
            depth += 1
        before = part
    return "".join(out)


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _values(data: bytes) -> int:
    """How many values JSON holds, or a few more: the commas of a text count, too."""
    return data.count(b",") + data.count(b"[") + data.count(b"{")


@lru_cache(maxsize=64)
def coloured(data: bytes) -> SafeString:
    """`data` as safe HTML: indented and coloured if it is JSON, otherwise just escaped text."""
    text = data.decode("utf-8", "backslashreplace")
    if len(data) > MOST_BYTES or _values(data) > MOST_VALUES or not is_json(text):
        return SafeString(escape(text))
    # Pygments escapes what it prints; it adds nothing but spans with classes.
    html = highlight(indented(text), _lexer, _formatter).removesuffix("\n")
    return mark_safe(html)  # noqa: S308
