"""Which characters each serialiser writes as escapes, and how.

A table is a function of a character: what it is written as, or None for itself. Sources: the
libraries themselves where the tests run them, else tests/webhooks/vectors/serialisers.json.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import combinations
from typing import Any, Final

Table = Callable[[str], str | None]

_SHORT: Final = {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}
_LINES: Final = frozenset("\u2028\u2029")
# Characters of a table that are looked up between two looks at the clock.
_OFTEN: Final = 4000


def lower(character: str) -> str:
    """`\\u00eb`; a character beyond U+FFFF as its two surrogates."""
    code = ord(character)
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def upper(character: str) -> str:
    """`\\u00EB`."""
    return lower(character).upper().replace("\\U", "\\u")


def _javascript(character: str) -> str | None:
    if character in _SHORT:
        return _SHORT[character]
    if character < " " or "\ud800" <= character <= "\udfff":
        return lower(character)
    return None


def _table(
    *,
    also: str = "",
    code: Callable[[str], str] = lower,
    controls: Callable[[str], str] = lower,
    beyond: str = "",
    slash: bool = False,
    but: dict[str, str] | None = None,
) -> Table:
    """JavaScript's, with the characters of `also` and all from `beyond` on as `code` has them,
    the controls without a short form as `controls`, and `but` where it differs once more."""
    special = frozenset(also)
    exceptions = dict(but or {})
    if slash:
        exceptions.setdefault("/", "\\/")

    def escape(character: str) -> str | None:
        if character in exceptions:
            return exceptions[character]
        if character in special:
            return code(character)
        if character in _SHORT:
            return _SHORT[character]
        if character < " ":
            return controls(character)
        if beyond and character >= beyond:
            return code(character)
        return lower(character) if "\ud800" <= character <= "\udfff" else None

    return escape


# .NET's encoders know the characters of the Basic Multilingual Plane one by one.
_UNDEFINED: Final = frozenset({"Cc", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
_NET_HTML: Final = "\"&'+<>`"


def _net(html: bool) -> Table:
    """System.Text.Json: upper case, no unusual space and nothing beyond U+FFFF as it is."""

    def escape(character: str) -> str | None:
        if character in _SHORT and not (html and character == '"'):
            return _SHORT[character]
        if html and character in _NET_HTML:
            return upper(character)
        if character == " ":
            return None
        if character > "\uffff" or unicodedata.category(character) in _UNDEFINED:
            return upper(character)
        return None

    return escape


def _json_simple(character: str) -> str | None:
    """org.json.simple."""
    if character == "/":
        return "\\/"
    if character < " " or "\x7f" <= character <= "\x9f" or "\u2000" <= character <= "\u20ff":
        return _SHORT.get(character) or upper(character)
    return _javascript(character)


def _org_json(character: str) -> str | None:
    """org.json; its `<\\/` is a pair, see PAIRS."""
    if "\x80" <= character < "\xa0" or "\u2000" <= character < "\u2100":
        return lower(character)
    return _javascript(character)


_GO: Final = {"\b": "\\u0008", "\f": "\\u000c"}
_PHP_HEX: Final = {c: upper(c) for c in "<>&'\""}
# What the JSON_HEX flags of PHP's json_encode write as escapes, and all of their sets: each is a
# table "php TAG APOS", with what JSON_UNESCAPED_SLASHES and JSON_UNESCAPED_UNICODE leave.
_PHP_FLAGS: Final = {"TAG": "<>", "APOS": "'", "AMP": "&", "QUOT": '"'}
PHP_SETS: Final = tuple(flags for count in (1, 2, 3) for flags in combinations(_PHP_FLAGS, count))
PHP_LEFT: Final[dict[str, dict[str, Any]]] = {
    "": {"beyond": "\x80", "slash": True},
    "plain slashes": {"beyond": "\x80"},
    "plain letters": {"also": "\u2028\u2029", "slash": True},
    "plain": {"also": "\u2028\u2029"},
}


def php_table(flags: Iterable[str], left: str) -> str:
    """The name of the table of these JSON_HEX flags, with what is left as it is."""
    return " ".join(["php", *flags, *filter(None, [left])])


def _php_tables() -> dict[str, Table]:
    return {
        php_table(flags, left): _table(
            but={c: upper(c) for flag in flags for c in _PHP_FLAGS[flag]}, **how
        )
        for flags in PHP_SETS
        for left, how in PHP_LEFT.items()
    }


TABLES: Final[dict[str, Table]] = {
    "javascript": _javascript,
    "controls upper": _table(controls=upper),
    "lines": _table(also="\u2028\u2029"),
    "lines upper": _table(also="\u2028\u2029", code=upper, controls=upper),
    "del": _table(also="\x7f"),
    "ascii": _table(also="\x7f", beyond="\x80"),
    "ascii but del": _table(beyond="\x80"),
    "ascii upper": _table(also="\x7f", beyond="\x80", code=upper, controls=upper),
    "ascii upper but del": _table(beyond="\x80", code=upper, controls=upper),
    "ascii slashes": _table(beyond="\x80", slash=True),
    "ascii slashes del": _table(also="\x7f", beyond="\x80", slash=True),
    "slashes": _table(slash=True),
    "slashes lines": _table(also="\u2028\u2029", slash=True),
    "slashes del": _table(also="\x7f", slash=True),
    "slashes controls upper": _table(slash=True, controls=upper),
    "slashes lines controls upper": _table(also="\u2028\u2029", slash=True, controls=upper),
    "html slashes": _table(also="<>&", slash=True),
    "beyond latin-1": _table(beyond="\u0100"),
    "ascii html slashes": _table(beyond="\x80", slash=True, but={c: lower(c) for c in "<>&"}),
    "php": _table(beyond="\x80", slash=True),
    "php hex": _table(beyond="\x80", slash=True, but=_PHP_HEX),
    "php hex plain slashes": _table(beyond="\x80", but=_PHP_HEX),
    "php hex plain letters": _table(also="\u2028\u2029", slash=True, but=_PHP_HEX),
    "php hex plain": _table(also="\u2028\u2029", but=_PHP_HEX),
    **_php_tables(),
    "go": _table(also="<>&\u2028\u2029"),
    "go 1.21": _table(also="<>&\u2028\u2029", but=_GO),
    "go plain": _table(also="\u2028\u2029"),
    "go plain 1.21": _table(also="\u2028\u2029", but=_GO),
    "gson": _table(also="<>&='\u2028\u2029"),
    "gson ascii": _table(also="<>&='", beyond="\x80"),
    "net": lambda c: upper(c) if c >= "\x7f" else _net(True)(c),
    "net all": _net(True),
    "net relaxed": _net(False),
    "newtonsoft": _table(also="\x85\u2028\u2029"),
    "newtonsoft html": _table(also="<>&'\"\x85\u2028\u2029"),
    "newtonsoft ascii": _table(beyond="\x80"),
    "net framework": _table(also="'<>&\x85\u2028\u2029"),
    "html": _table(also="<>&"),
    "ascii html": _table(also="<>&", beyond="\x80"),
    "aeson": _table(also="<>\x7f"),
    "serialize-javascript": _table(also="<>/\u2028\u2029", code=upper),
    "rails": _table(also="<>&\u2028\u2029"),
    "django script": _table(also="\x7f", beyond="\x80", but={c: upper(c) for c in "<>&"}),
    "org.json": _org_json,
    "json-simple": _json_simple,
}
# Two characters that are written otherwise when they meet.
PAIRS: Final[dict[str, tuple[str, str]]] = {"org.json": ("</", "<\\/")}


@lru_cache(maxsize=20_000)
def escape_of(table: str, character: str) -> str | None:
    """What `character` becomes in `table`; None where it stays."""
    return TABLES[table](character)


def pairs_of(
    table: str, characters: frozenset[str], check: Callable[[], None]
) -> tuple[tuple[str, str], ...]:
    """What to replace in a text of these characters, in the order to do it: the backslash first.
    `check` is called now and then, and may raise."""
    made = []
    ordered = [*(characters & {"\\"}), *sorted(characters - {"\\"})]
    for count, character in enumerate(ordered):
        if count % _OFTEN == 0:
            check()
        if (escape := escape_of(table, character)) is not None:
            made.append((character, escape))
    pair = PAIRS.get(table)
    if pair and set(pair[0]) <= characters:
        made.append(pair)
    return tuple(made)
