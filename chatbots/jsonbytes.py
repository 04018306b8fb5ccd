"""JSON bytes that JavaScript gives back unchanged.

A receiver checks the signature over `JSON.stringify(JSON.parse(body))` (Wonderchat webhooks page,
Verifying Webhook Signatures), so a body must be a fixed point of that. `encode` writes a value as
JavaScript would; what JavaScript could not hold without changing it is refused with `NotExact`.
Rules: ECMAScript 2023, JSON.stringify, Number::toString and OrdinaryOwnPropertyKeys. No Django.
"""

from __future__ import annotations

import contextlib
import json
import math
import re
import threading
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

import msgspec

MAX_DEPTH = 64
MAX_SAFE_INTEGER = 2**53 - 1
# Of a key in a sentence or a path.
MAX_SHOWN = 40
# The largest double has 309 digits; int() of many more is slow.
MAX_DIGITS = 310
# As many as 256 KiB can hold, the largest body of one event: a larger body may have longer values,
# and no more of them.
MAX_VALUES = 128 * 1024

_ARRAY_INDEX = re.compile(r"0|[1-9][0-9]{0,9}")
_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_encoder = msgspec.json.Encoder()


class NotExact(ValueError):
    """The value would not come back from JavaScript as it is. `path` says where: `data.a[0]`."""

    def __init__(self, sentence: str, path: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.path = path


def is_array_index(key: str) -> bool:
    """Whether JavaScript moves `key` to the front of its object: an integer from 0 to 2^32 - 2."""
    # The first character settles it for nearly every key there is.
    return key[:1].isdigit() and _ARRAY_INDEX.fullmatch(key) is not None and int(key) <= 2**32 - 2


def _short(key: str) -> str:
    """A key as a sentence can show it: ASCII, in quotes, not longer than a line."""
    return ascii(key if len(key) <= MAX_SHOWN else key[:MAX_SHOWN] + "...")


def _joined(path: str, more: str) -> str:
    return path + more if not path or not more or more.startswith("[") else f"{path}.{more}"


def path_of(trail: Iterable[str | int]) -> str:
    """Where a value is, as JavaScript would write it: `data.items[0]["a key"]`."""
    path = ""
    for step in trail:
        if isinstance(step, int):
            path += f"[{step}]"
        elif _IDENTIFIER.fullmatch(step) and len(step) <= MAX_SHOWN:
            path = _joined(path, step)
        else:
            path += f"[{_short(step)}]"
    return path


def number(value: int | float) -> str:
    """`value` as JavaScript prints it. Raises NotExact for what a double cannot hold."""
    if isinstance(value, int):
        if abs(value) <= MAX_SAFE_INTEGER:
            return str(value)
        try:
            as_double = float(value)
        except OverflowError:
            as_double = math.inf
        # Good if the double is this number, or if JavaScript prints the double as this number: the
        # shortest digits that read back as it are filled up with zeros.
        if as_double != value and not (
            math.isfinite(as_double) and number(as_double) == str(value)
        ):
            raise NotExact("is a number that JavaScript cannot hold exactly; send it as a string.")
        value = as_double
    if not math.isfinite(value):
        raise NotExact("is a number that JSON cannot hold; send it as a string.")
    if value == 0:
        return "0"  # JSON.stringify(-0) is "0".
    # msgspec gives the shortest digits that read back as the same double, as JavaScript does, and
    # much faster than repr does. Only from where on an exponent is written differs, and its sign.
    text = _encoder.encode(value).decode()
    mantissa, _, exponent = text.partition("e")
    if not exponent:
        return text.removesuffix(".0")
    power = int(exponent)
    if power < -6:
        return text
    if power >= 21:
        return f"{mantissa}e+{power}"
    sign = "-" if value < 0 else ""
    digits = mantissa.removeprefix("-").replace(".", "")
    return sign + (digits.ljust(power + 1, "0") if power > 0 else f"0.00000{digits}")


def _refuse(sentence: str, trail: list[str | int]) -> NoReturn:
    raise NotExact(sentence, path_of(trail))


def _plain(value: Any, trail: list[str | int]) -> Any:
    """`value` with its keys in JavaScript's order and its numbers in JavaScript's form.

    `trail` is where we are; it becomes a path only when something is refused, so that a long key
    over many values costs nothing.
    """
    if len(trail) > MAX_DEPTH:
        _refuse(f"is nested more than {MAX_DEPTH} levels deep.", trail)
    if value is None or isinstance(value, bool):
        return value
    if type(value) is int and -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
        return value
    if isinstance(value, str):
        if _SURROGATE.search(value):
            _refuse(
                "holds half of a surrogate pair, which UTF-8 cannot carry; send whole characters.",
                trail,
            )
        return value
    if isinstance(value, (int, float)):  # A union would be made anew each time.
        try:
            return msgspec.Raw(number(value).encode())
        except NotExact as error:
            _refuse(error.sentence, trail)
    if isinstance(value, Mapping):
        return _plain_object(value, trail)
    if isinstance(value, list | tuple):
        items = []
        trail.append(0)
        for i, item in enumerate(value):
            trail[-1] = i
            items.append(_plain(item, trail))
        trail.pop()
        return items
    _refuse(f"is a {type(value).__name__}, which JSON has not.", trail)


def _plain_object(value: Mapping[Any, Any], trail: list[str | int]) -> dict[str, Any]:
    moved: list[str] = []
    rest: list[str] = []
    for key in value:
        if not isinstance(key, str):
            _refuse(f"has the key {key!r}, which is not a string.", trail)
        if _SURROGATE.search(key):
            _refuse(
                f"has the key {_short(key)}, which holds half of a surrogate pair; "
                "send whole characters.",
                trail,
            )
        (moved if is_array_index(key) else rest).append(key)
    moved.sort(key=int)
    made = {}
    trail.append("")
    for key in moved + rest:
        trail[-1] = key
        made[key] = _plain(value[key], trail)
    trail.pop()
    return made


def _is_texts(value: Any) -> bool:
    """Whether `value` is an object of texts and nulls, whose keys stay where they are."""
    return type(value) is dict and all(
        type(key) is str and not key[:1].isdigit() and (text is None or type(text) is str)
        for key, text in value.items()
    )


def encode(value: Any, path: str = "") -> bytes:
    """The bytes of `value`: compact, UTF-8 unescaped, a fixed point of parse and stringify.

    Takes what `decode` gives, and tuples and mappings. Keys that look like array indices are moved
    to the front of their object in rising order, as JavaScript would. Raises NotExact, with `path`
    as the start of its path, for numbers, strings and depths that would not survive.
    """
    if _is_texts(value):
        # What most events are: nothing to move and no number to write.
        with contextlib.suppress(UnicodeEncodeError):
            return _encoder.encode(value)
    try:
        return _encoder.encode(_plain(value, []))
    except NotExact as error:
        raise NotExact(error.sentence, _joined(path, error.path)) from None


class _Met(threading.local):
    """Whether this thread's parser has met something to refuse: it seldom has, and then there is
    nothing to look for in what it made."""

    refused = False


_met = _Met()


class _Refused:
    """Stands where the parser met something to refuse, until its path is known."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        _met.refused = True


def _constant(name: str) -> _Refused:
    return _Refused(f"is {name}, which is not JSON.")


def _float(text: str) -> float | _Refused:
    value = float(text)
    if math.isfinite(value):
        return value
    return _Refused("is a number past what a double can hold; send it as a string.")


def _int(text: str) -> int | _Refused:
    if len(text) <= MAX_DIGITS:
        return int(text)
    return _Refused("is a number past what a double can hold; send it as a string.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _Refused:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            break
        seen.add(key)
    return _Refused(f"has the key {_short(key)} twice; JavaScript would keep only one of them.")


_decoder = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_float=_float, parse_int=_int
)


def _refuse_any(value: Any, trail: list[str | int]) -> None:
    """Raise for the first _Refused in `value`, with its path."""
    if isinstance(value, _Refused):
        _refuse(value.sentence, trail)
    if isinstance(value, dict):
        steps: Iterable[tuple[str | int, Any]] = value.items()
    elif isinstance(value, list):
        steps = enumerate(value)
    else:
        return
    for step, item in steps:
        trail.append(step)
        _refuse_any(item, trail)
        trail.pop()


def _has_many_values(data: bytes) -> bool:
    """Whether JSON holds more than MAX_VALUES values, counted without parsing it."""

    def marks(text: bytes) -> int:
        return text.count(b",") + text.count(b"[") + text.count(b"{")

    # A value is at least a character and a comma.
    if len(data) <= 2 * MAX_VALUES or marks(data) <= MAX_VALUES:
        return False
    # The commas of a text are no values; but it is one itself, or a value's key.
    texts = (data.count(b'"') - data.count(b'\\"')) // 2
    return texts > 2 * MAX_VALUES or marks(_STRING.sub(b"", data)) > MAX_VALUES


def decode(data: bytes) -> Any:
    """Parse JSON that somebody posted.

    Raises NotExact, with the path where there is one, where the text says something a receiver
    could never see as it was meant: duplicate keys, numbers past a double, bytes that are not
    UTF-8; for what is not JSON, and for more than MAX_VALUES values.
    """
    if _has_many_values(data):
        raise NotExact(f"The body holds more than {MAX_VALUES} values; send it in several.")
    try:
        text = data.decode("utf-8")
        if text.startswith("\ufeff"):
            raise NotExact("The body is not JSON: it begins with a byte order mark.")
        _met.refused = False
        value = _decoder.decode(text)
        if _met.refused:
            _refuse_any(value, [])
    except UnicodeDecodeError:
        raise NotExact("The body is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise NotExact(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    except RecursionError:
        raise NotExact(f"The body is nested more than {MAX_DEPTH} levels deep.") from None
    return value
