"""What each list can be narrowed by: one table a list, read from the query string.

A parameter that a list does not have, one that is given twice, or a value that cannot be right is a
400 with its name: a filter that passes in silence shows everything to whoever mistyped it.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from django.db.models import Model, QuerySet
from rest_framework.request import Request

from chatbots.cuid import PATTERN, looks_like_one
from chatbots.events import LONGEST_CHATLOG_ID, is_chatlog_id
from chatbots.models import EventType
from webhooks.api import reading
from webhooks.api.problem import Problem
from webhooks.api.scope import number
from webhooks.models import DeliveryStatus, ErrorKind, WebhookStatus

Row = TypeVar("Row", bound=Model)

UNKNOWN: Final = "unknown_parameter"
INVALID: Final = "invalid_parameter"


@dataclass(frozen=True)
class Filter:
    """One parameter: its name, how its text is read, the lookup it is asked of the rows with, and
    what the OpenAPI document says of it."""

    name: str
    read: Callable[[str], Any]  # Raises ValueError with a sentence.
    lookup: str
    schema: Mapping[str, Any]


def _chatbot_id(value: str) -> str:
    if not looks_like_one(value):
        raise ValueError("must be the id of a chatbot: c, then small letters and digits.")
    return value


def _chatlog_id(value: str) -> str:
    # Whoever posts an event names its conversation as they like.
    if not is_chatlog_id(value):
        raise ValueError(
            f"must be the id of a conversation: {LONGEST_CHATLOG_ID} characters at most, none of "
            "them a NUL."
        )
    return value


def _event_id(value: str) -> str:
    if looks_like_one(value):
        return value
    if value in EventType.values:
        raise ValueError(f"must be the id of an event. Did you mean event={value}?")
    raise ValueError("must be the id of an event: c, then small letters and digits.")


def _webhook_id(value: str) -> int:
    found = number(value)
    if not found:
        raise ValueError("must be the id of a webhook, which is a number.")
    return found


def _one_of(choices: Sequence[str]) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}.")
        return value

    return read


def _status_code(value: str) -> int:
    code = number(value)
    if not 100 <= code <= 999:
        raise ValueError("must be a status of HTTP, such as 401.")
    return code


def _flag(value: str) -> bool:
    if value not in {"true", "false"}:
        raise ValueError("must be true or false.")
    return value == "true"


def by_chatbot(lookup: str) -> Filter:
    schema = {"type": "string", "pattern": PATTERN, "description": "Only of this chatbot."}
    return Filter("chatbotId", _chatbot_id, lookup, schema)


def by_chatlog(lookup: str) -> Filter:
    schema = {
        "type": "string",
        "maxLength": LONGEST_CHATLOG_ID,
        "description": "Only of this conversation.",
    }
    return Filter("chatlogId", _chatlog_id, lookup, schema)


def by_choice(name: str, lookup: str, choices: Sequence[str], said: str) -> Filter:
    schema = {"type": "string", "enum": list(choices), "description": said}
    return Filter(name, _one_of(choices), lookup, schema)


def by_moment(name: str, lookup: str, said: str) -> Filter:
    schema = {"type": "string", "format": "date-time", "description": said}
    return Filter(name, reading.moment, lookup, schema)


WINDOW: Final = (
    by_moment("since", "created_at__gte", "From this moment on. Without an offset it is UTC."),
    by_moment("until", "created_at__lt", "Before this moment. Without an offset it is UTC."),
)
OF_EVENT: Final = "One of Wonderchat's events."

EVENTS: Final = (
    by_chatbot("chatbot_id"),
    by_choice("event", "type", EventType.values, OF_EVENT),
    by_chatlog("chatlog_id"),
    *WINDOW,
)
WEBHOOKS: Final = (
    by_chatbot("chatbot_id"),
    by_choice("event", "event", EventType.values, OF_EVENT),
    by_choice(
        "status", "status", [WebhookStatus.ACTIVE, WebhookStatus.DISABLED], "Only in this state."
    ),
)
DELIVERIES: Final = (
    Filter(
        "webhookId",
        _webhook_id,
        "webhook_id",
        {"type": "string", "pattern": "^[0-9]+$", "description": "Only to this webhook."},
    ),
    Filter(
        "eventId",
        _event_id,
        "event_id",
        {"type": "string", "pattern": PATTERN, "description": "Only of this event."},
    ),
    by_chatbot("event__chatbot_id"),
    by_chatlog("event__chatlog_id"),
    by_choice("event", "event__type", EventType.values, OF_EVENT),
    by_choice("status", "status", DeliveryStatus.values, "Only in this state."),
    Filter(
        "statusCode",
        _status_code,
        "last_status_code",
        {
            "type": "integer",
            "minimum": 100,
            "maximum": 999,
            "description": "Only where the last attempt was answered with this status.",
        },
    ),
    by_choice(
        "errorKind", "last_error_kind", ErrorKind.values, "Only where the last attempt failed so."
    ),
    Filter(
        "isTest",
        _flag,
        "is_test",
        {"type": "boolean", "description": "Only tests, or none of them."},
    ),
    *WINDOW,
)
RECOVERIES: Final[tuple[Filter, ...]] = ()
# Of every list: see pagination.py.
PAGED: Final = ("limit", "cursor")


def read(request: Request, table: Sequence[Filter]) -> dict[str, Any]:
    """What the query asks for, by the names of `table`. Raises a Problem with all mistakes."""
    known = {row.name: row for row in table}
    names = [*known, *PAGED]
    given: dict[str, Any] = {}
    errors: list[tuple[str, str]] = []
    code = INVALID
    for name, values in request.query_params.lists():
        if name not in names:
            code = UNKNOWN
            errors.append((name[:60], _unknown(name, names)))
        elif len(values) > 1:
            errors.append((name, f"is given {len(values)} times; give it once."))
        elif not values[0].strip():
            errors.append((name, "is empty; leave it out, or give it a value."))
        elif name in known:
            try:
                given[name] = known[name].read(values[0])
            except ValueError as error:
                errors.append((name, str(error)))
    # A window without a moment in it is somebody's who looks again, and has missed nothing.
    if "since" in given and "until" in given and given["since"] > given["until"]:
        errors.append(("until", "is before since, so nothing can lie between them."))
    if errors:
        raise Problem(400, errors=errors, code=code)
    return given


def narrow(rows: QuerySet[Row], table: Sequence[Filter], given: Mapping[str, Any]) -> QuerySet[Row]:
    """The rows that what was given, by the names of `table`, lets through."""
    return rows.filter(**{row.lookup: given[row.name] for row in table if row.name in given})


def _unknown(name: str, names: Sequence[str]) -> str:
    folded = {known.lower(): known for known in names}
    near = difflib.get_close_matches(name[:60].lower(), folded, 1)
    if near:
        return f"is not a parameter of this list. Did you mean {folded[near[0]]}?"
    return f"is not a parameter of this list. There are: {', '.join(sorted(names))}."
