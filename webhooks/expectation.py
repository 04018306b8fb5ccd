"""What a receiver is expected to do with a test or with what misbehaves on purpose, and whether it
did. Pure: knows no Django.

The rule's one home: the dashboard, the API (`expected`, `verdict`, `asExpected`) and the command
line (`emitter trigger --expect`) all ask here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

# How far off the timestamp of a request may be: what the libraries of Standard Webhooks take.
TOLERANCE_SECONDS: Final = 300
# Of the 4xx those that do not say "I do not want this request": no such path, method, size, type or
# name here, too slow, too many, or gone for good. The check of the signature was not reached.
NO_REFUSALS: Final = frozenset({404, 405, 408, 410, 411, 413, 414, 415, 421, 425, 426, 429, 431})


class Expected(StrEnum):
    """What a receiver is expected to do. Accepting is a 2xx, refusing a 4xx that is no
    NO_REFUSALS."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    # It may do either.
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the receiver did what was expected, and what it did, in words without a full stop."""

    is_good: bool
    words: str


def expected(simulate: Mapping[str, Any] | None, *, signs_timestamp: bool) -> Expected:
    """What is expected of whoever gets a delivery that misbehaves so (webhooks/simulation.py), or
    that is a plain test.

    `signs_timestamp`: it has the Standard Webhooks headers, by which a receiver must check how old
    the request is. Wonderchat's own page does not ask for that, and many receivers do not.
    """
    asked = simulate or {}
    if asked.get("badSignature"):
        return Expected.REFUSED
    off = abs(asked.get("timestampSkewSeconds", 0))
    if off < TOLERANCE_SECONDS:
        return Expected.ACCEPTED
    if signs_timestamp and off > TOLERANCE_SECONDS:
        return Expected.REFUSED
    return Expected.EITHER


def is_refusal(status_code: int | None) -> bool:
    """Whether an answer with this status refuses the request itself."""
    return status_code is not None and 400 <= status_code < 500 and status_code not in NO_REFUSALS


def answered(status_code: int | None, error_kind: str) -> Expected | None:
    """What a receiver did: accepted or refused; None for anything else. `error_kind` is ""
    for an attempt that succeeded."""
    if not error_kind:
        return Expected.ACCEPTED
    if error_kind == "http_status" and is_refusal(status_code):
        return Expected.REFUSED
    return None


def meets(wanted: Expected, did: Expected | None) -> bool:
    """Whether what a receiver did is what was wanted of it."""
    return did is not None and wanted in (did, Expected.EITHER)


def judge(
    wanted: Expected, simulate: Mapping[str, Any] | None, status_code: int | None, error_kind: str
) -> Verdict:
    """The verdict on a receiver of which `wanted` was expected, by its answer."""
    did = answered(status_code, error_kind)
    is_good = meets(wanted, did)
    asked = simulate or {}
    if did is None:
        missed = "refused" if wanted == Expected.REFUSED else "accepted"
        if wanted == Expected.EITHER:
            missed = "accepted or refused"
        what = "no whole answer came"
        if error_kind in ("http_status", "redirect"):
            what = f"it answered {status_code}"
        elif error_kind == "refused_address":
            what = "its address must not be reached"
        elif error_kind == "internal":
            what = "the request could not be made"
        return Verdict(is_good, f"not {missed}: {what}")
    if is_good and wanted == Expected.EITHER:
        return Verdict(True, f"{did}, as it may be")
    if is_good:
        return Verdict(True, f"{did}, as it should be")
    if did == Expected.REFUSED:
        unknown = asked.get("unknownEvent")
        return Verdict(
            False, f"refused {'an event it does not know' if unknown else 'a request in order'}"
        )
    if asked.get("badSignature"):
        return Verdict(False, "accepted a forged request")
    late = asked.get("timestampSkewSeconds", 0) < 0
    return Verdict(False, f"accepted a request {'from the past' if late else 'from the future'}")
