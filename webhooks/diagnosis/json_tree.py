"""A body's JSON as values whose numbers keep their digits. Bounded: a body may be made to hurt."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

# A real event has about a dozen values, three levels deep; the API takes 64 levels.
MAX_VALUES: Final = 5_000
MAX_DEPTH: Final = 70
# Values that are compared between two looks at the clock.
_OFTEN: Final = 1000
_MAX_DIGITS: Final = 400  # More are compared as they stand.


@dataclass(frozen=True, slots=True)
class Number:
    """A number as its digits stand in the JSON."""

    text: str


class TooMuch(ValueError):
    """More values or levels than are written again."""


class Ambiguous(ValueError):
    """A key that stands twice in an object: one reader takes the first, another the last."""


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise Ambiguous
    return made


_decoder = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=Number)
_strict = json.JSONDecoder(
    parse_float=Number, parse_int=Number, parse_constant=Number, object_pairs_hook=_once_each
)
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


def unambiguous(text: str) -> Any:
    """The value of a JSON text of any size. Raises ValueError for no JSON, Ambiguous for a key that
    stands twice."""
    try:
        return _strict.decode(text)
    except RecursionError:
        raise TooMuch from None


def same(first: Any, second: Any, check: Callable[[], None]) -> bool:
    """Whether two values say the same, the order of their keys aside. `check` is called now and
    then, and may raise."""
    waiting = [(first, second)]
    for count in itertools.count():
        if not waiting:
            return True
        if count % _OFTEN == 0:
            check()
        one, other = waiting.pop()
        if type(one) is not type(other):
            return False
        if isinstance(one, dict):
            if one.keys() != other.keys():
                return False
            waiting.extend((item, other[name]) for name, item in one.items())
        elif isinstance(one, list):
            if len(one) != len(other):
                return False
            waiting.extend(zip(one, other, strict=True))
        elif one != other and not (isinstance(one, Number) and _is_same_number(one, other)):
            return False
    raise AssertionError


def _is_same_number(one: Number, other: Number) -> bool:
    """1.0 and 1; digit by digit, for there are numbers that no double tells apart."""
    if max(len(one.text), len(other.text)) > _MAX_DIGITS:
        return False
    try:
        first, second = Decimal(one.text), Decimal(other.text)
    except InvalidOperation:
        return False
    return first.is_finite() and first == second


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
