"""A body's JSON as values whose numbers keep their digits. Bounded: a body may be made to hurt."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

# A real event has about a dozen values, three levels deep; the API takes 64 levels.
MAX_VALUES: Final = 5_000
MAX_DEPTH: Final = 70


@dataclass(frozen=True, slots=True)
class Number:
    """A number as its digits stand in the JSON."""

    text: str


class TooMuch(ValueError):
    """More values or levels than are written again."""


_decoder = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=Number)
# What no value of a real JSON text can be: the constants that Python's reader takes as well.
_CONSTANT: Final = re.compile(r"-?(?:NaN|Infinity)")


def parsed(text: str) -> Any:
    """The value of a JSON text. Raises ValueError for no JSON, TooMuch for more than is borne."""
    try:
        value = _decoder.decode(text)
    except RecursionError:
        raise TooMuch from None
    _measure(value)
    return value


def _measure(value: Any) -> None:
    level, values = [value], 1
    for _ in range(MAX_DEPTH):
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
            elif isinstance(item, Number) and _CONSTANT.fullmatch(item.text):
                raise ValueError("NaN and Infinity are not JSON.")
            if values + len(inner) > MAX_VALUES:
                raise TooMuch
        values += len(inner)
        if not inner:
            return
        level = inner
    raise TooMuch


def strings(value: Any) -> list[str]:
    """Every text in a value, keys included."""
    found: list[str] = []
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, Mapping):
            found.extend(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return found
