"""Styles that no serialiser has by itself, but that people come to: a few changes mixed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product
from typing import Any, Final

from webhooks.diagnosis import cleaning, dates, encodings, escapes, shape
from webhooks.diagnosis.layout import LAYOUTS
from webhooks.diagnosis.style import JAVASCRIPT, Style
from webhooks.diagnosis.writer import Writer

_OUTER: Final = (
    ("event", "data"), ("data",), ("event", "data", "timestamp"), ("timestamp", "event", "data"),
    ("timestamp", "data", "event"), ("data", "event", "timestamp"), ("data", "timestamp", "event"),
    ("event", "timestamp"), ("timestamp", "data"), ("data", "event"), ("data", "timestamp"),
)  # fmt: skip
# The fields that are changed together most often come first.
_CHOICES: Final[dict[str, tuple[Any, ...]]] = {
    "layout": tuple(LAYOUTS),
    "escapes": tuple(escapes.TABLES),
    "order": tuple(shape.ORDERS),
    "nulls": ("dropped", "empty dropped", "empty", "absent null", "absent empty",
              "absent empty only", "only known", "undefined", "null text", "objects"),
    "part": ("data", *_OUTER),
    "end": ("\n", "\r\n"),
    "dates": (*[form for form in dates.FORMS if form not in dates.LOCAL], "all: trimmed"),
    "encoding": tuple(encodings.BYTES),
    "names": tuple(shape.NAMES),
    "texts": tuple(cleaning.WAYS),
    "numbers": ("doubles", "python", "php", "ruby", "net", "short exponent"),
}  # fmt: skip


# What is seldom seen is not put together with other changes.
_RARE: Final = frozenset(
    {
        *(way for way in cleaning.WAYS if way not in ("trimmed", "trimmed null", "html")),
        "small", "kebab", "capitals", "outer pascal",
        "3", "1", "0", "8", "2 tight", "4 tight", "4 spaced", "swift", "cjson", "ruby",
        "comma spaced", "colon spaced", "backwards", "caseless", "undefined", "null text",
        "objects", "english", "english java 8", "english java 20", "rfc 2822", "java", "date",
        "seconds short offset", "milliseconds text", "seconds text", "spaced seconds",
        "spaced milliseconds", "seven digits offset", "microsoft", "nine digits", "utf-32",
        "cesu-8", "nfkc", "nfd", "emoji dropped", "emoji replaced", "read as ascii dropped",
        "utf-16-be bom", "utf-32-be", "utf-32 bom", "utf-32-be bom",
        "utf-16-be", "utf-16", "utf-16-le", "seven bits", "ascii dropped", "seconds float",
        "serialize-javascript", "json-simple", "django script", "aeson",
        "html slashes", "beyond latin-1", "5", "6", "7", "3 tight",
        *(escapes.php_table(*each) for each in product(escapes.PHP_SETS, escapes.PHP_LEFT)),
        *(f"{name} crlf" for name in LAYOUTS if name not in ("2", "4", "jackson")),
    }
)  # fmt: skip


def mixed(writer: Writer, changes: int) -> Iterator[Style]:
    """Styles that differ in so many fields from JSON.stringify's, each once."""
    shown = {name: list(_shown(writer, name)) for name in _CHOICES}
    if changes > 1:
        shown = {name: [one for one in all_ if one not in _RARE] for name, all_ in shown.items()}
    for chosen in combinations(shown, changes):
        for values in product(*(shown[name] for name in chosen)):
            yield JAVASCRIPT._replace(**dict(zip(chosen, values, strict=True)))


def _shown(writer: Writer, name: str) -> Iterator[Any]:
    """The choices of a field that make a difference here, one of each effect."""
    seen = {getattr(JAVASCRIPT, name)}
    for choice in _CHOICES[name]:
        plain = getattr(writer.plain(JAVASCRIPT._replace(**{name: choice})), name)
        if plain not in seen:
            seen.add(plain)
            yield plain


_ZONED_ESCAPES: Final = ("javascript", "newtonsoft", "net")


def in_other_zones(writer: Writer) -> Iterator[Style]:
    """Dates that were read as local time, by serialisers that do so."""
    for form, scope, table in product(dates.LOCAL, ("", "all: "), _ZONED_ESCAPES):
        for layout, nulls in (("compact", "kept"), ("2", "kept"), ("compact", "dropped")):
            style = Style(dates=scope + form, escapes=table, layout=layout, nulls=nulls)
            yield writer.plain(style)


assert set(_CHOICES) == set(Style._fields)
