"""Misbehaviour on purpose, so that a receiver's author can see theirs cope with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError

MAX_COPIES = 100
MAX_SKEW_SECONDS = 10 * 366 * 24 * 3600

_SENTENCES = {
    "badSignature": "badSignature must be true or false.",
    "unknownEvent": "unknownEvent must be true or false.",
    "timestampSkewSeconds": "timestampSkewSeconds must be a whole number within 10 years.",
    "copies": f"copies must be a whole number from 1 to {MAX_COPIES}.",
}
UNKNOWN_EVENT = "SOMETHING_NEW"


def _fits(key: str, value: object) -> bool:
    if key in ("badSignature", "unknownEvent"):
        return isinstance(value, bool)
    if isinstance(value, bool) or not isinstance(value, int):
        return False
    if key == "copies":
        return 1 <= value <= MAX_COPIES
    return abs(value) <= MAX_SKEW_SECONDS


def check(value: object) -> dict[str, Any]:
    """The simulation that somebody asked for. Raises ValidationError, a sentence for each mistake.

    Keys: `badSignature` (a signature that does not fit), `timestampSkewSeconds` (a timestamp that
    far off), `copies` (the same delivery so many times), `unknownEvent` (an event the page does not
    have).
    """
    if not isinstance(value, dict):
        raise ValidationError("must be an object.")
    known = ", ".join(_SENTENCES)
    mistakes = [
        _SENTENCES.get(key, f"has no {str(key)[:60]!a}. It knows {known}.")
        for key, setting in value.items()
        if key not in _SENTENCES or not _fits(key, setting)
    ]
    if mistakes:
        raise ValidationError(mistakes)
    return dict(value)


def of(asked: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """How a delivery misbehaves, of what was checked and asked for; None when it does not at all:
    with one copy, a timestamp that is right, or a mere false."""
    does = {key: value for key, value in (asked or {}).items() if value}
    if does.get("copies") == 1:
        del does["copies"]
    return does or None


def signature(simulate: dict[str, Any] | None, honest: str) -> str:
    """`honest`, or with badSignature a hex of the same length that never equals it."""
    if not (simulate and simulate.get("badSignature")):
        return honest
    return "".join(f"{15 - int(digit, 16):x}" for digit in honest)


def timestamp(simulate: dict[str, Any] | None, honest: datetime) -> datetime:
    skew = simulate.get("timestampSkewSeconds", 0) if simulate else 0
    return honest + timedelta(seconds=skew)
