"""All serialisers, the commonest first, and which of them write in a given style."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from webhooks.diagnosis import serialisers_compiled as compiled
from webhooks.diagnosis import serialisers_scripts as scripts
from webhooks.diagnosis.budget import Budget
from webhooks.diagnosis.serialiser import MAX_OPTIONS, Serialiser
from webhooks.diagnosis.style import Style
from webhooks.diagnosis.writer import Writer

ALL: Final[tuple[Serialiser, ...]] = (
    *scripts.JAVASCRIPT[:2],
    *scripts.PYTHON[:1],
    *scripts.PHP,
    *compiled.NET,
    *compiled.JAVA[:2],
    *compiled.GO,
    *scripts.RUBY,
    *scripts.PYTHON[1:],
    *scripts.TOOLS,
    *compiled.JAVA[2:],
    *compiled.OTHERS,
    *scripts.PERL,
    *scripts.JAVASCRIPT[2:],
)


@cache
def _all_styles(options: int) -> tuple[tuple[Serialiser, str, Style], ...]:
    """Each serialiser's styles with so many options, with what to call them."""
    return tuple(
        (serialiser, name, style)
        for serialiser in ALL
        for name, style in serialiser.styles(options)
    )


def styles(writer: Writer, options: int) -> Iterator[Style]:
    """The styles with so many options set, as they show in this value, each once."""
    seen = set()
    for _, _, style in _all_styles(options):
        plain = writer.plain(style)
        if plain not in seen:
            seen.add(plain)
            yield plain


@dataclass(frozen=True)
class Named:
    """A serialiser that writes what was found; `name` tells with which options."""

    name: str
    language: str


def named(writer: Writer, style: Style, budget: Budget) -> list[Named]:
    """The serialisers that write `style`, a plain one; each with the fewest options it needs."""
    found: dict[tuple[str, str], Named] = {}
    for options in range(MAX_OPTIONS + 1):
        for serialiser, name, made in _all_styles(options):
            key = (serialiser.name, serialiser.language)
            if key not in found and writer.plain(made) == style:
                found[key] = Named(name, serialiser.language)
        # What needs many options is seldom the answer where another needs few.
        if budget.left() <= 0 or (found and options):
            break
    return list(found.values())
