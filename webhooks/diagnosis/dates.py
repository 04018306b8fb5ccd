"""What becomes of `2023-10-15T14:30:05.960Z` where a library reads it as a date and writes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from webhooks.diagnosis.json_tree import Number

_ISO: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|\+00:?00)", re.ASCII
)
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip

Written = str | Number


@lru_cache(maxsize=256)
def moment_of(text: str) -> datetime | None:
    """The moment an ISO 8601 text in UTC says, to the microsecond; None for any other text."""
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    *parts, fraction = found.groups()
    year, month, day, hour, minute, second = map(int, parts)
    try:
        return datetime(
            year, month, day, hour, minute, second, int((fraction or "0").ljust(6, "0")[:6]), UTC
        )
    except ValueError:
        return None


def milliseconds(moment: datetime) -> int:
    """Since 1970."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _base(moment: datetime, between: str = "T") -> str:
    return f"{moment:%Y-%m-%d}{between}{moment:%H:%M:%S}"


def _trimmed(moment: datetime) -> str:
    return f".{moment.microsecond:06d}".rstrip("0").rstrip(".")


def _six_or_none(moment: datetime) -> str:
    return f".{moment.microsecond:06d}" if moment.microsecond else ""


def _three(moment: datetime) -> str:
    return f".{moment.microsecond // 1000:03d}"


def _hour(moment: datetime) -> str:
    return f"{(moment.hour - 1) % 12 + 1}:{moment:%M:%S}"


def _half(moment: datetime) -> str:
    return "AM" if moment.hour < 12 else "PM"


def _english(moment: datetime, comma: str, space: str) -> str:
    month = _MONTHS[moment.month - 1]
    return f"{month} {moment.day}, {moment.year}{comma} {_hour(moment)}{space}{_half(moment)}"


def _http(moment: datetime, zone: str) -> str:
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment:%d} {month} {moment.year} {moment:%H:%M:%S} {zone}"


def _plain_seconds(moment: datetime) -> str:
    whole, rest = divmod(milliseconds(moment), 1000)
    return f"{whole}.{rest:03d}".rstrip("0").rstrip(".")


FORMS: Final[dict[str, Callable[[datetime], Written]]] = {
    "trimmed": lambda m: _base(m) + _trimmed(m) + "Z",
    "groups": lambda m: _base(m) + (_three(m) if m.microsecond else "") + "Z",
    "seconds": lambda m: _base(m) + "Z",
    "microseconds": lambda m: _base(m) + _six_or_none(m) + "Z",
    "six digits": lambda m: f"{_base(m)}.{m.microsecond:06d}Z",
    "seven digits": lambda m: f"{_base(m)}.{m.microsecond:06d}0Z",
    "nine digits": lambda m: f"{_base(m)}.{m.microsecond:06d}000Z",
    "trimmed offset": lambda m: _base(m) + _trimmed(m) + "+00:00",
    "microseconds offset": lambda m: _base(m) + _six_or_none(m) + "+00:00",
    "six digits offset": lambda m: f"{_base(m)}.{m.microsecond:06d}+00:00",
    "seven digits offset": lambda m: f"{_base(m)}.{m.microsecond:06d}0+00:00",
    "milliseconds offset": lambda m: _base(m) + _three(m) + "+00:00",
    "milliseconds short offset": lambda m: _base(m) + _three(m) + "+0000",
    "groups offset": lambda m: _base(m) + (_three(m) if m.microsecond else "") + "+00:00",
    "seconds offset": lambda m: _base(m) + "+00:00",
    "seconds short offset": lambda m: _base(m) + "+0000",
    "no zone": lambda m: _base(m) + _three(m),
    "no zone microseconds": lambda m: _base(m) + _six_or_none(m),
    "no zone trimmed": lambda m: _base(m) + _trimmed(m),
    "spaced offset": lambda m: _base(m, " ") + _six_or_none(m) + "+00:00",
    "spaced": lambda m: _base(m, " ") + _six_or_none(m),
    "spaced seconds": lambda m: _base(m, " "),
    "spaced milliseconds": lambda m: _base(m, " ") + _three(m),
    "ruby": lambda m: _base(m, " ") + " UTC",
    "milliseconds": lambda m: Number(str(milliseconds(m))),
    "seconds number": lambda m: Number(str(milliseconds(m) // 1000)),
    "seconds fraction": lambda m: Number(_plain_seconds(m)),
    "seconds float": lambda m: Number(repr(milliseconds(m) / 1000)),
    "seconds nine digits": lambda m: Number(f"{milliseconds(m) // 1000}.{m.microsecond:06d}000"),
    "milliseconds text": lambda m: str(milliseconds(m)),
    "seconds text": lambda m: str(milliseconds(m) // 1000),
    "microsoft": lambda m: f"/Date({milliseconds(m)})/",
    "english": lambda m: _english(m, ",", " "),
    "english java 8": lambda m: _english(m, "", " "),
    "english java 20": lambda m: _english(m, ",", "\u202f"),
    "http": lambda m: _http(m, "GMT"),
    "rfc 2822": lambda m: _http(m, "+0000"),
    "date": lambda m: (
        f"{_DAYS[m.weekday()]} {_MONTHS[m.month - 1]} {m:%d} {m.year} {m:%H:%M:%S} GMT+0000 "
        "(Coordinated Universal Time)"
    ),
    "java": lambda m: (
        f"{_DAYS[m.weekday()]} {_MONTHS[m.month - 1]} {m:%d} {m:%H:%M:%S} UTC {m.year}"
    ),
}


def _local(minutes: int, fraction: Callable[[datetime], str]) -> Callable[[datetime], Written]:
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    zone = f"{sign}{hours:02d}:{rest:02d}"

    def form(moment: datetime) -> str:
        try:
            there = moment + timedelta(minutes=minutes)
        except OverflowError:
            return _base(moment)
        return _base(there) + fraction(there) + zone

    return form


# The zones that people live in. A date that was read as local time is written in one of them.
_ZONES: Final = (
    *range(-12 * 60, 0, 60), *range(60, 15 * 60, 60), -570, -210, -150, 210, 270, 330, 345, 390,
    525, 570, 630, 765,
)  # fmt: skip
LOCAL: Final = tuple(f"local{minutes:+d}" for minutes in _ZONES)
FORMS.update({f"local{minutes:+d}": _local(minutes, _trimmed) for minutes in _ZONES})


def rewritten(text: str, form: str) -> Written:
    """`text` as `form` writes it, if it is a date; else itself."""
    moment = moment_of(text)
    return text if moment is None else FORMS[form](moment)
