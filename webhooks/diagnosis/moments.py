"""The timestamps that a scheme may put into the message, in the forms that schemes have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final

from webhooks.diagnosis import dates
from webhooks.diagnosis.json_tree import Number

_DIGITS: Final = re.compile(r"\d{9,13}", re.ASCII)
_MAX_LENGTH: Final = 100
_USUAL: Final = frozenset(
    {"the timestamp", "the timestamp in seconds", "the timestamp in milliseconds"}
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A timestamp's text, what form it has, and a remark on whose it is."""

    text: str
    name: str
    remark: str

    @property
    def usual(self) -> bool:
        """Whether it is as it stands, or in a form that other services have."""
        return self.name in _USUAL


def moments(timestamp: str, value: Any) -> list[Moment]:
    """The request's own timestamp in each form first, then the payload's."""
    own = value.get("timestamp") if isinstance(value, dict) else None
    if isinstance(own, Number):
        own = own.text
    found: dict[str, Moment] = {}
    for text, remark in ((timestamp, ""), (own, " (the timestamp in the payload)")):
        if isinstance(text, str) and 0 < len(text) <= _MAX_LENGTH:
            for form, said in _forms(text):
                found.setdefault(form, Moment(form, f"the timestamp{said}", remark))
    return list(found.values())


def _forms(text: str) -> Iterator[tuple[str, str]]:
    yield text, ""
    moment = _moment(text)
    if moment is None:
        return
    whole, rest = divmod(dates.milliseconds(moment), 1000)
    yield str(whole), " in seconds"
    yield str(whole * 1000 + rest), " in milliseconds"
    for form in (
        "groups",
        "seconds",
        "microseconds offset",
        "seconds offset",
        "milliseconds offset",
    ):
        yield str(dates.rewritten(_iso(moment), form)), " written anew"
    yield _iso(moment), " in ISO 8601"
    yield f"{whole}.{rest:03d}", " in seconds with milliseconds"
    yield format_datetime(moment, usegmt=True), " as an HTTP date"


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _moment(text: str) -> datetime | None:
    if _DIGITS.fullmatch(text):
        number = int(text) * (1 if len(text) > 11 else 1000)
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=number)
    return dates.moment_of(text.strip())
