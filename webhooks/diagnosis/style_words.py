"""A style in words: "the JSON parsed and written again, with its keys sorted"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from webhooks.diagnosis import cleaning, encodings
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
}
# A type of one's own has the keys that the page lists, and no others.
_TYPED: Final = {
    "absent null": ("with the keys that are absent added as null", ""),
    "absent empty": ('with the keys that are absent added as ""', 'with null as ""'),
    "absent empty only": ('with the keys that are absent added as ""', ""),
    "only known": ("", ""),
}
_NAMES: Final = {
    "pascal": "with its keys in PascalCase (Event, ChatlogId)",
    "outer pascal": "with the outer keys in PascalCase (a struct or class without names for JSON)",
    "snake": "with its keys in snake_case (chatlog_id)",
    "small": "with its keys in lower case",
    "kebab": "with its keys in kebab-case (chatlog-id)",
    "capitals": "with its keys in capitals",
}
_NUMBERS: Final = {"doubles": "with whole numbers as 1.0"}
_ENDS: Final = {
    "\n": "with a line break at its end",
    "\r\n": "with a line break (CR LF) at its end",
}
_MAX_NAMED: Final = 6
_MAX_KEY: Final = 40


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
    unlike: tuple[list[str], list[str]] = ([], []),
) -> str:
    """`changed`: the escapes that JSON.stringify would not make; `example`: a date as written;
    `outer`: the outer keys that there are; `unlike`: the data's keys that are absent, and those
    that the page does not list."""
    phrases = [
        _NAMES.get(style.names, ""),
        cleaning.SAID.get(style.texts, ""),
        _ORDERS.get(style.order, ""),
        _NULLS.get(style.nulls, ""),
        *_typed(style.nulls, *unlike),
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


def _typed(nulls: str, absent: list[str], extra: list[str]) -> list[str]:
    if nulls not in _TYPED:
        return []
    added, filled = _TYPED[nulls]
    phrases = [f"{added} ({_named(absent)})"] if added and absent else []
    if extra:
        keys = "keys" if len(extra) > 1 else "key"
        phrases.append(f"without the {keys} {_named(extra)}, which Wonderchat's page does not list")
    return [*phrases, filled] if filled else phrases


def _named(keys: list[str]) -> str:
    shown = [key if len(key) <= _MAX_KEY else f"{key[:_MAX_KEY]}…" for key in keys]
    return joined(shown if len(shown) <= _MAX_NAMED else [*shown[:_MAX_NAMED], "others"])


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
