"""What frameworks make of the texts in a parsed body before the receiver's own code sees them."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any, Final

from webhooks.diagnosis import retyped

# Up to the next < at most: else each of many that nothing closes is looked at to the end.
_TAG: Final = re.compile(r"<[^<>]*>")
# What is brought in that the value itself need not have.
CHARACTERS: Final = frozenset("&\\")


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


def _none_for_nothing(text: str) -> str | None:
    return text or None


WAYS: Final[dict[str, Callable[[str], str | None]]] = {
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
    "html angles": _angles,
    "html but quotes": _escaped(),
    "tags": lambda text: _TAG.sub("", text),
    "tags trimmed": lambda text: re.sub(r"[\r\n\t ]+", " ", _TAG.sub("", text)).strip(),
    "slashes": _slashed,
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
    "tags": "with what looks like HTML tags taken out of its texts",
    "tags trimmed": "with its texts sanitized: tags and extra spaces taken out",
    "slashes": "with backslashes before the quotes in its texts",
    **{way: _ENTITIES for way in WAYS if way.startswith("html")},
}
