"""What frameworks make of the texts in a parsed body before the receiver's own code sees them."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable
from html.entities import codepoint2name
from typing import Any, Final

from webhooks.diagnosis import numbers, retyped
from webhooks.diagnosis.json_tree import Number

# Up to the next < at most: else each of many that nothing closes is looked at to the end.
_TAG: Final = re.compile(r"<[^<>]*>")
# What is brought in that the value itself need not have.
CHARACTERS: Final = frozenset("&\\+")


def _escaped(*changes: tuple[str, str]) -> Callable[[str], str]:
    """Those characters as HTML's entities; & is always the first."""

    def escape(text: str) -> str:
        for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), *changes):
            text = text.replace(character, entity)
        return text

    return escape


def _angles(text: str) -> str:
    return text.replace("<", "&lt;").replace(">", "&gt;")


def _slashed(text: str) -> str:
    return retyped.with_slashes(text).replace("\0", "\\0")


# PHP's is_numeric; more digits are slow to read, and no double.
_NUMERIC: Final = re.compile(
    r"[ \t\n\r\v\f]*([+-]?)((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[ \t\n\r\v\f]*", re.ASCII
)
_MAX_DIGITS: Final = 400


def _numeric(text: str) -> str | Number:
    """JSON_NUMERIC_CHECK: "+0123" is 123."""
    found = _NUMERIC.fullmatch(text) if len(text) <= _MAX_DIGITS else None
    if found is None:
        return text
    sign, digits = found[1].replace("+", ""), found[2]
    if digits.isdecimal() and -(1 << 63) <= int(sign + digits) < 1 << 63:
        return Number(str(int(sign + digits)))
    if not math.isfinite(float(digits)):
        return text
    return Number(numbers.rewritten(f"{sign}{float(digits)!r}", "php plain"))


def _in_turn(text: str, table: dict[str, str]) -> str:
    """str.translate, which takes a microsecond for each character of its table."""
    for character in sorted(table.keys() & set(text)):
        text = text.replace(character, table[character])
    return text


def _entities(text: str) -> str:
    """PHP's htmlentities: all that HTML 4 has a name for, but what is an entity already."""
    few = text.count("&") <= _MOST_ANDS
    text = _BARE_AND.sub("&amp;", text) if few else text.replace("&", "&amp;")
    return _in_turn(text, _NAMED)


def _codes(text: str) -> str:
    """PHP's FILTER_SANITIZE_SPECIAL_CHARS."""
    return _in_turn(text.replace("&", "&#38;"), _CODES)


_MOST_ANDS: Final = 5_000
_BARE_AND: Final = re.compile(r"&(?!#\d{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z]\w{1,31};)", re.ASCII)
_NAMED: Final = {
    **{chr(code): f"&{name};" for code, name in codepoint2name.items() if name != "amp"},
    "'": "&#039;",
}
_CODES: Final = {chr(code): f"&#{code};" for code in (*range(0x20), *map(ord, "\"'<>"))}


def _none_for_nothing(text: str) -> str | None:
    return text or None


WAYS: Final[dict[str, Callable[[str], str | Number | None]]] = {
    "trimmed": str.strip,
    "trimmed null": lambda text: text.strip() or None,
    "null": _none_for_nothing,
    "html": html.escape,
    "html php": _escaped(('"', "&quot;"), ("'", "&#039;")),
    "html short": _escaped(('"', "&quot;"), ("'", "&#39;")),
    "html numbers": _escaped(('"', "&#34;"), ("'", "&#39;")),
    "html double": _escaped(('"', "&quot;")),
    "html validator": _escaped(
        ('"', "&quot;"), ("'", "&#x27;"), ("/", "&#x2F;"), ("\\", "&#x5C;"), ("`", "&#96;")
    ),
    "html entities": _entities,
    "html codes": _codes,
    "html angles": _angles,
    "html but quotes": _escaped(),
    "tags": lambda text: _TAG.sub("", text),
    "tags trimmed": lambda text: re.sub(r"[\r\n\t ]+", " ", _TAG.sub("", text)).strip(),
    "slashes": _slashed,
    "numeric": _numeric,
}


def cleaned(value: Any, way: str) -> Any:
    """`value` with each of its texts so; its keys stay."""
    change = WAYS[way]
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: cleaned(item, way) for name, item in value.items()}
    if isinstance(value, list):
        return [cleaned(item, way) for item in value]
    return value


_ENTITIES: Final = "with its texts escaped for HTML"
SAID: Final = {
    "trimmed": "with spaces at the ends of its texts taken off",
    "trimmed null": "with spaces at the ends of its texts taken off and empty texts as null",
    "null": "with empty texts as null",
    "numeric": "with its texts of digits as numbers",
    "tags": "with what looks like HTML tags taken out of its texts",
    "tags trimmed": "with its texts sanitized: tags and extra spaces taken out",
    "slashes": "with backslashes before the quotes in its texts",
    **{way: _ENTITIES for way in WAYS if way.startswith("html")},
}
