"""What common functions of languages and shells make of a text. Pure.

Each takes time that grows with the text and no faster, whatever is in it: a pattern that looks for
the end of each `<` takes half a minute for 256 KiB of them, and one that calls a function for each
backslash takes as long as all the rest of a diagnosis.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Final

# What sh's echo and printf decode; two backslashes are one.
_ECHOED: Final = dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True))
# Python reads no number of more than 4,300 digits; that of a character has seven at most.
_ZEROS: Final = re.compile("&#0{9,}")
_LONG_NUMBER: Final = re.compile("&#[0-9]{18,};?")
# Characters that are unescaped between two looks at the clock, about.
SLICE: Final = 20_000


def without_tags(text: str) -> str:
    """Everything from a `<` to the next `>` is taken out."""
    kept, start = [], 0
    while (opened := text.find("<", start)) >= 0 and (closed := text.find(">", opened)) >= 0:
        kept.append(text[start:opened])
        start = closed + 1
    return "".join([*kept, text[start:]])


def with_slashes(text: str) -> str:
    """PHP's addslashes, but for zero bytes."""
    return text.replace("\\", "\\\\").replace("'", "\\'").replace('"', '\\"')


def without_slashes(text: str) -> str:
    """PHP's stripslashes, but for zero bytes: each backslash goes, and what it stands before stays,
    another backslash too. Before a line break, and at the end, it stays."""

    def bare(part: str) -> str:
        kept = part.endswith("\\")
        lines = (part[:-1] if kept else part).split("\\\n")
        return "\\\n".join(line.replace("\\", "") for line in lines) + "\\" * kept

    return _between_pairs(text, bare)


def echoed(text: str) -> str:
    """What sh's echo, or echo -e, prints."""

    def decoded(part: str) -> str:
        for letter, character in _ECHOED.items():
            part = part.replace(f"\\{letter}", character)
        return part

    return _between_pairs(text, decoded)


def printed(text: str) -> str:
    """What printf prints: it takes the backslash off a double quote too."""

    def decoded(part: str) -> str:
        for letter, character in (*_ECHOED.items(), ('"', '"')):
            part = part.replace(f"\\{letter}", character)
        return part

    return _between_pairs(text, decoded)


def _between_pairs(text: str, change: Callable[[str], str]) -> str:
    """`text` with each pair of backslashes as one, and what lies between them as `change` has it:
    there a backslash is never after another."""
    return "\\".join(change(part) if "\\" in part else part for part in text.split("\\\\"))


def without_spaces(text: str) -> str:
    """No white space."""
    return "".join(text.split())


def single_spaces(text: str) -> str:
    """Each stretch of white space as one space."""
    made = " ".join(text.split())
    if not made:
        return " " if text else ""
    before, after = text[0].isspace(), text[-1].isspace()
    return " " * before + made + " " * after


def unescaped(text: str, check: Callable[[], None]) -> str:
    """HTML's entities decoded, in slices that cut none; `check` is called before each."""
    text = _LONG_NUMBER.sub("\ufffd", _ZEROS.sub("&#0", text))
    made, start = [], 0
    while start < len(text):
        check()
        end = text.find("&", start + SLICE)
        end = len(text) if end < 0 else end
        made.append(html.unescape(text[start:end]))
        start = end
    return "".join(made)
