"""A style in words: "the JSON parsed and written again, with its keys sorted"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from webhooks.diagnosis import encodings
from webhooks.diagnosis.layout import LAYOUTS
from webhooks.diagnosis.style import Style

_ORDERS: Final = {
    "sorted": "with its keys sorted",
    "inner sorted": "with the inner keys sorted and the outer ones in their order (a struct or "
    "class around a map)",
    "outer sorted": "with the outer keys sorted and the inner ones in their order",
    "java": "with its keys in the order of a Java HashMap",
    "length": "with its keys sorted by length (a jsonb or JSON column of a database)",
    "caseless": "with its keys sorted, capitals beside small letters",
    "backwards": "with its keys in reverse order",
    "outer names": "with an array of the outer keys as JSON.stringify's second argument, which "
    "leaves the inner keys out",
}
_NULLS: Final = {
    "dropped": "without the keys that are null",
    "empty dropped": "without the keys that are null or empty",
    "empty": 'with null as ""',
    "undefined": 'with null as "undefined"',
    "null text": 'with null as "null"',
    "objects": "with null as {}",
    "arrays": "with {} as []",
    "absent null": "with the keys that are absent added as null",
    "absent empty": 'with the keys that are absent added as "", and null as ""',
    "absent empty only": 'with the keys that are absent added as ""',
    "only known": "without the keys that Wonderchat's page does not list",
}
_NUMBERS: Final = {"doubles": "with whole numbers as 1.0"}
_ENDS: Final = {
    "\n": "with a line break at its end",
    "\r\n": "with a line break (CR LF) at its end",
}
_MAX_NAMED: Final = 6


def joined(phrases: Sequence[str], last: str = "and") -> str:
    """`a, b and c`."""
    if len(phrases) < 2:
        return "".join(phrases)
    return f"{', '.join(phrases[:-1])} {last} {phrases[-1]}"


def said(
    style: Style,
    changed: Iterable[tuple[str, str]],
    characters: frozenset[str],
    example: str,
    outer: tuple[str, ...],
) -> str:
    """`changed`: the escapes that JSON.stringify would not make; `example`: a date as written;
    `outer`: the outer keys that there are."""
    phrases = [
        _ORDERS.get(style.order, ""),
        _NULLS.get(style.nulls, ""),
        f"with the date as {example}" if example else "",
        "" if style.numbers == "kept" else _NUMBERS.get(style.numbers, "with its numbers anew"),
        LAYOUTS[style.layout].said,
        *_escapes(list(changed), characters),
        _ENDS.get(style.end, ""),
        encodings.SAID[style.encoding],
    ]
    shown = [phrase for phrase in phrases if phrase]
    start = _part(style.part, outer)
    if not shown and not style.part:
        return f"{start} in its compact form"
    return ", ".join([start, *shown])


def _part(part: tuple[str, ...] | str, outer: tuple[str, ...]) -> str:
    if isinstance(part, str):
        return f"the {part} part of the JSON alone" if part else "the JSON parsed and written again"
    if set(part) == set(outer):
        return f"the JSON written again with its outer keys in the order {joined(part)}"
    kept = f"its {part[0]} part" if len(part) == 1 else joined(part)
    return f"the JSON written again with {kept} alone"


def _escapes(changed: list[tuple[str, str]], characters: frozenset[str]) -> list[str]:
    made = dict(changed)
    phrases = []
    beyond = {c for c in characters if c >= "\x80"}
    letters = {c for c in made if c >= "\x80"}
    coded = {c: text for c, text in made.items() if text.startswith("\\u")}
    capital = any(text != text.lower() for text in coded.values())
    if beyond and letters == beyond:
        phrases.append("with letters beyond ASCII as \\u escapes")
        coded = {c: text for c, text in coded.items() if c not in letters}
    if coded:
        names = [_name(c) for c in sorted(coded)]
        if len(names) > _MAX_NAMED:
            names = [*names[:_MAX_NAMED], "others"]
        phrases.append(f"with {joined(names)} as \\u escapes")
    if capital and phrases:
        phrases[-1] += " in upper case"
    if "/" in made and made["/"] == "\\/":
        phrases.append("with slashes as \\/")
    if "</" in made:
        phrases.append("with </ as <\\/")
    return phrases


def _name(character: str) -> str:
    return character if "!" <= character <= "~" else f"U+{ord(character):04X}"
