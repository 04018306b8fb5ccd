"""All serialisers, the commonest first, and which of them write in a given style."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
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
    """A serialiser that writes what was found, by itself or with `options`."""

    name: str
    language: str
    options: str = ""

    @property
    def library(self) -> str:
        """Its name, with its language and its options."""
        with_options = f" with {self.options}" if self.options else ""
        return f"{self.name} ({self.language}){with_options}"


def named(writer: Writer, style: Style, budget: Budget) -> list[Named]:
    """The serialisers that write `style`, a plain one; each with the fewest options it needs."""
    found = []
    for serialiser in ALL:
        if budget.left() <= 0:
            break
        options = _options(writer, style, serialiser)
        if options is not None:
            found.append(Named(serialiser.name, serialiser.language, options))
    return sorted(found, key=lambda each: bool(each.options))


def _options(writer: Writer, style: Style, serialiser: Serialiser) -> str | None:
    """The options with which `serialiser` writes `style`; None where none do."""
    # Only those that lead there, each looked at beside what is settled already.
    settled = serialiser.style._replace(part=style.part, dates=style.dates)
    leading = {}
    for name, changes in serialiser.options.items():
        made = writer.plain(settled._replace(**changes))
        if all(getattr(made, field) == getattr(style, field) for field in changes):
            leading[name] = changes
    reduced = replace(serialiser, options=leading)
    for count in range(MAX_OPTIONS + 1):
        for name, made in reduced.styles(count):
            if writer.plain(made) == style:
                return name
    return None
