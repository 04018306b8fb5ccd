"""A serialiser of a language's: how it writes by itself, and with the options people set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Final

from webhooks.diagnosis.style import Style

Changes = Mapping[str, Any]
MAX_OPTIONS: Final = 3


@dataclass(frozen=True)
class Serialiser:
    """`name` as people know it, `options` by what their language calls them."""

    name: str
    language: str
    style: Style
    options: Mapping[str, Changes] = field(default_factory=dict)

    def styles(self, count: int) -> Iterator[tuple[str, Style]]:
        """Its styles with `count` options and their names; options that change the same thing
        are not combined."""
        if count == 0:
            yield "", self.style
            return
        for chosen in combinations(self.options.items(), count):
            changes: dict[str, Any] = {}
            for _, change in chosen:
                if changes.keys() & change.keys():
                    break
                changes |= change
            else:
                names = " and ".join(name for name, _ in chosen)
                yield names, self.style._replace(**changes)


# What a type of one's own does to the keys: it has those that it was given, and no others, and
# spells them as its language does.
TYPED: Final[Mapping[str, Changes]] = {
    "a type that has all of the event's fields": {"nulls": "absent null"},
    "a type that has the listed fields only": {"nulls": "only known"},
    "keys in PascalCase": {"names": "pascal"},
    "keys in snake_case": {"names": "snake"},
}
DATA_ALONE: Final[Mapping[str, Changes]] = {"the data part alone": {"part": "data"}}
SORTED: Final[Changes] = {"order": "sorted"}


def windows(layout: str) -> Changes:
    """The same layout with Windows' line breaks."""
    return {"layout": f"{layout} crlf"}
