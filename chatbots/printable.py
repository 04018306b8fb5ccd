"""Words of strangers, made fit for a log line, a terminal or a header. No Django.

What a receiver, a visitor or a certificate says ends up where people read: an escape sequence
would steer the terminal, a line break forge a log line, a bidi override turn a sentence round, and
50 kB of path bury the rest. So each sentence that quotes a stranger quotes `line(words)`.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

# Characters of one quotation. A URL that people use fits; the whole thing is kept elsewhere.
LONGEST_LINE: Final = 300

# Controls (C0, DEL, C1), lone surrogates (they cannot be encoded), the line and paragraph
# separators, Unicode's Bidi_Control characters and the deprecated ones beside them. Joiners stay:
# emoji and Persian are written with them.
_STEERING: Final = (
    r"\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ud800-\udfff\ufff9-\ufffb"
)
_ALL = re.compile(f"[{_STEERING}]")
_BUT_LINE_BREAKS = re.compile(f"(?!\n)[{_STEERING}]")
_BREAKS = re.compile("[\t\n\v\f\r\x85\u2028\u2029]+")
_EACH_BREAK = re.compile("\r\n|[\v\f\r\x85\u2028\u2029]")
_INSTEAD: Final = "\N{REPLACEMENT CHARACTER}"


def line(text: str, most: int = LONGEST_LINE) -> str:
    """`text` as one line of at most `most` characters that steers nothing.

    Line breaks and tabs become a space, what else steers U+FFFD; what is cut ends in "…".
    """
    whole = text.strip()
    shown = _ALL.sub(_INSTEAD, _BREAKS.sub(" ", whole[:most]))
    return shown if len(whole) <= most else f"{shown[: most - 1]}…"


def lines(text: str) -> str:
    """`text` with its line breaks, each a "\\n", and nothing else that steers; a tab is spaces."""
    broken = _EACH_BREAK.sub("\n", text).expandtabs(4)
    return _BUT_LINE_BREAKS.sub(_INSTEAD, broken)


def json_line(value: Any, *, ascii_only: bool = False) -> str:
    """`value` as JSON on one line that steers nothing and reads back as the same value."""
    written = json.dumps(value, ensure_ascii=ascii_only)
    return _ALL.sub(lambda found: f"\\u{ord(found[0]):04x}", written)
