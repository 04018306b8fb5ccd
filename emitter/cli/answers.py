"""What an emitter answers to each call that the command makes, as far as the command reads it.

Another server, or another version of this one, may answer otherwise.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec


class _Answer(msgspec.Struct, rename="camel"):
    pass


class Said(_Answer):
    chatlog_id: str
    response: str


class Event(_Answer):
    id: str
    event: str


class Contacted(_Answer):
    chatlog_id: str
    event: Event | None
    reason: str


class Done(_Answer):
    """What an agent did; nothing of it is read."""


class Events(_Answer):
    results: list[Event]


class Target(_Answer):
    id: int | str
    url: str


class Fired(Event):
    reason: str
    deliveries: list[Target]


class Attempt(_Answer):
    number: int
    status_code: int | None
    duration_ms: int | None
    error: str | None
    error_kind: str | None


class Request(_Answer):
    method: str
    url: str
    headers: dict[str, str]
    body: str | None


class Response(_Answer):
    headers: dict[str, str]
    body: str | None


class WholeAttempt(Attempt):
    started_at: str
    request: Request
    response: Response | None


class Delivery(Target):
    status: str
    event: str
    attempt_count: int
    expected: str | None
    as_expected: bool | None
    verdict: str | None
    waiting_for: str | None
    waiting_reason: str | None


class Row(Delivery):
    last_attempt: Attempt | None


class Rows(_Answer):
    results: list[Row]
    next: str | None


class WholeDelivery(Delivery):
    in_flight: bool
    attempts: list[WholeAttempt]


class Diagnosed(_Answer):
    matches: bool
    expected: str | None
    diagnosis: str
    recipe: str
    not_tried: str | None = None


OF: Final[dict[str, type[_Answer]]] = {
    r"POST /chat": Said,
    r"POST /(live-chat|handover)": Contacted,
    r"POST /live-chat/.+/[a-z-]+": Done,
    r"GET /events": Events,
    r"POST /events": Fired,
    r"GET /deliveries": Rows,
    r"GET /deliveries/.+": WholeDelivery,
    r"POST /deliveries/.+/resend": Delivery,
    r"POST /signatures/diagnose": Diagnosed,
}


def is_one(method: str, path: str, answer: object) -> bool:
    """Whether `answer` has what the command reads of the answer to that call."""
    # Ids may be what another answer said, whatever that was.
    made = f"{method} {path}"
    shape = next(shape for call, shape in OF.items() if re.fullmatch(call, made, re.DOTALL))
    try:
        msgspec.convert(answer, shape)
    except msgspec.ValidationError:
        return False
    return True
