"""What becomes of a number's digits where a library reads it as one and writes it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Final

_MAX_DIGITS: Final = 400  # More are slow to read, and no double.


def _double(text: str) -> float:
    value = float(text) if len(text) <= _MAX_DIGITS else math.inf
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _is_whole(text: str) -> bool:
    return not re.search(r"[.eE]", text)


def _python(text: str) -> str:
    return text if _is_whole(text) else repr(_double(text))


def _mantissa(text: str) -> tuple[str, int] | None:
    """The digits and the exponent of a number that repr writes with one."""
    mantissa, mark, exponent = repr(_double(text)).partition("e")
    return (mantissa, int(exponent)) if mark else None


def _pointed(mantissa: str) -> str:
    return mantissa if "." in mantissa else f"{mantissa}.0"


def _all_doubles(text: str) -> str:
    """Java's Double.toString, which Gson and Moshi use for every number of a map."""
    value = _double(text)
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    for places in range(18):
        mantissa, _, exponent = f"{value:.{places}e}".partition("e")
        if float(f"{mantissa}e{exponent}") == value:
            return f"{_pointed(mantissa)}E{int(exponent)}"
    return text


def _php(text: str) -> str:
    if _is_whole(text):
        return text
    parts = _mantissa(text)
    if parts is None:
        return repr(_double(text))
    return f"{_pointed(parts[0])}e{parts[1]:+d}"


def _php_plain(text: str) -> str:
    """json_encode without JSON_PRESERVE_ZERO_FRACTION: 1.0 is 1."""
    made = _php(text)
    return made.removesuffix(".0") if not _is_whole(text) else made


def _ruby(text: str) -> str:
    if _is_whole(text):
        return text
    parts = _mantissa(text)
    return repr(_double(text)) if parts is None else f"{_pointed(parts[0])}e{parts[1]:+03d}"


def _short_exponent(text: str) -> str:
    """orjson and serde_json: 1e21, 1e-7."""
    if _is_whole(text):
        return text
    parts = _mantissa(text)
    return repr(_double(text)) if parts is None else f"{parts[0]}e{parts[1]}"


def _pointed_exponent(text: str) -> str:
    if _is_whole(text):
        return text
    parts = _mantissa(text)
    return repr(_double(text)) if parts is None else f"{_pointed(parts[0])}e{parts[1]}"


def _net(text: str) -> str:
    if _is_whole(text):
        return text
    parts = _mantissa(text)
    if parts is None:
        return repr(_double(text))
    return f"{parts[0]}E{parts[1]:+03d}"


FORMS: Final[dict[str, Callable[[str], str]]] = {
    "python": _python,
    "doubles": _all_doubles,
    "php": _php,
    "php plain": _php_plain,
    "ruby": _ruby,
    "short exponent": _short_exponent,
    "pointed exponent": _pointed_exponent,
    "net": _net,
}


def rewritten(text: str, form: str) -> str:
    """`text` as `form` writes it; itself where it is past what a double holds."""
    try:
        return FORMS[form](text)
    except (ValueError, OverflowError):
        return text
