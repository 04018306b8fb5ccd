"""Styles that no serialiser has by itself, but that people come to: a few changes mixed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import combinations, product
from typing import Any, Final

from webhooks.diagnosis import dates, encodings, shape
from webhooks.diagnosis.escapes import TABLES
from webhooks.diagnosis.layout import LAYOUTS
from webhooks.diagnosis.style import JAVASCRIPT, Style
from webhooks.diagnosis.writer import Writer

_OUTER: Final = (
    ("event", "data"), ("data",), ("event", "data", "timestamp"), ("timestamp", "event", "data"),
    ("timestamp", "data", "event"), ("data", "event", "timestamp"), ("data", "timestamp", "event"),
    ("event", "timestamp"), ("timestamp", "data"), ("data", "event"), ("data", "timestamp"),
)  # fmt: skip
_CHOICES: Final[dict[str, tuple[Any, ...]]] = {
    "order": tuple(shape.ORDERS),
    "nulls": ("dropped", "empty dropped", "empty", "absent null", "absent empty",
              "absent empty only", "only known", "undefined", "null text", "objects"),
    "layout": tuple(LAYOUTS),
    "escapes": tuple(TABLES),
    "part": ("data", *_OUTER),
    "end": ("\n", "\r\n"),
    "dates": (*[form for form in dates.FORMS if form not in dates.LOCAL], "all: trimmed"),
    "encoding": tuple(encodings.BYTES),
    "numbers": ("doubles", "python", "php", "ruby", "net", "short exponent"),
}  # fmt: skip


def mixed(writer: Writer, changes: int) -> Iterator[Style]:
    """Styles that differ in so many fields from JSON.stringify's, each once."""
    shown = {name: list(_shown(writer, name)) for name in _CHOICES}
    for chosen in combinations(shown, changes):
        for values in product(*(shown[name] for name in chosen)):
            yield replace(JAVASCRIPT, **dict(zip(chosen, values, strict=True)))


def _shown(writer: Writer, name: str) -> Iterator[Any]:
    """The choices of a field that make a difference here, one of each effect."""
    seen = {getattr(JAVASCRIPT, name)}
    for choice in _CHOICES[name]:
        plain = getattr(writer.plain(replace(JAVASCRIPT, **{name: choice})), name)
        if plain not in seen:
            seen.add(plain)
            yield plain


def in_other_zones(writer: Writer) -> Iterator[Style]:
    """Dates that were read as local time, by serialisers that do so."""
    for form, scope, table in product(dates.LOCAL, ("", "all: "), ("newtonsoft", "net")):
        for layout, nulls in (("compact", "kept"), ("2", "kept"), ("compact", "dropped")):
            style = Style(dates=scope + form, escapes=table, layout=layout, nulls=nulls)
            yield writer.plain(style)


assert set(_CHOICES) == {field.name for field in fields(Style)}
