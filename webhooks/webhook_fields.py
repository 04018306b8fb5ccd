"""What the fields of a webhook may hold, each rule with its sentence."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any, Final

from django.core.exceptions import ValidationError

from chatbots.models import EventType
from webhooks import destination
from webhooks.models import RetrySchedule
from webhooks.rate import MOST_PER_SECOND

MAX_SECRET_LENGTH: Final = 500


def _check_secret(secret: str) -> str:
    if not secret.strip():
        return "Enter a secret: your backend verifies the signature with it."
    if len(secret) > MAX_SECRET_LENGTH:
        return f"The secret is {len(secret)} characters long; at most {MAX_SECRET_LENGTH} fit."
    if _has_control_characters(secret):
        return (
            "The secret holds a control character, such as a line break or a tab. "
            "Copy it again without."
        )
    return ""


def _check_url(url: str) -> str:
    try:
        destination.check_url(url)
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


def _check_event(event: str) -> str:
    if event in EventType.values:
        return ""
    return f"{event[:60]!a} is not an event. There are {', '.join(EventType.values)}."


def _check_retry_schedule(schedule: str) -> str:
    if schedule in RetrySchedule.values:
        return ""
    return f"{schedule[:60]!a} is not a retry schedule. Take {', '.join(RetrySchedule.values)}."


def _check_description(description: str) -> str:
    if _has_control_characters(description):
        return "The description holds a control character, such as a line break. Leave it out."
    return ""


def _check_rate_limit(limit: int | None) -> str:
    if limit is None or 1 <= limit <= MOST_PER_SECOND:
        return ""
    return (
        f"A limit is 1 to {MOST_PER_SECOND} deliveries per second; null, an empty field, is none."
    )


def _has_control_characters(text: str) -> bool:
    # Cs: half of a surrogate pair, which no database and no key can hold.
    return any(unicodedata.category(character) in {"Cc", "Cs"} for character in text)


CHECKS: Final[dict[str, Callable[[Any], str]]] = {
    "url": _check_url,
    "event": _check_event,
    "secret": _check_secret,
    "retry_schedule": _check_retry_schedule,
    "description": _check_description,
    "rate_limit": _check_rate_limit,
}


def sentence(name: str, value: Any) -> str:
    """Why the field `name` cannot be `value`; empty if it can."""
    return CHECKS[name](value)


def check(**values: Any) -> None:
    """Raise ValidationError, by field name, for values that a webhook cannot have: all of them."""
    found = {
        name: why
        for name, value in values.items()
        if name in CHECKS and (why := sentence(name, value))
    }
    if found:
        raise ValidationError(found)
