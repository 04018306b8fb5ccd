"""Holding back an endpoint that cannot be reached, with one probe at a time until it answers.

An endpoint is a server, and many webhooks may lead to it; so what counts is whether the server can
be reached and speaks HTTP at all. A status of 404 or 500 is one webhook's affair and counts as an
answer. What is held back stays due and uses up no attempt. Times are the database's.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from django.db.models import F, Value
from django.db.models.functions import Least, Now

from webhooks.models import Endpoint, ErrorKind
from webhooks.queue import LEASE_SECONDS

logger = logging.getLogger(__name__)

# Failures in a row, in one worker, after which an endpoint is held back.
RUN: Final = 20
FIRST_PAUSE_SECONDS: Final = 10
LONGEST_PAUSE_SECONDS: Final = 600

# Not reached, or not HTTP. In the words of "because 20 in a row …".
UNREACHED: Final[dict[str, str]] = {
    ErrorKind.TIMEOUT: "timed out",
    ErrorKind.CONNECT: "were not accepted",
    ErrorKind.DNS: "found no address",
    ErrorKind.TLS: "failed in TLS",
    ErrorKind.CLOSED: "were cut off",
    ErrorKind.PROTOCOL: "were not answered in HTTP",
}


def sentence(endpoint: Endpoint) -> str:
    """Why nothing goes to `endpoint` now, and when it is tried again; "" when it is not held."""
    if endpoint.held_since is None or endpoint.held_until is None:
        return ""
    return (
        f"Held back until {endpoint.held_until:%H:%M:%S} UTC because {endpoint.held_reason}, since "
        f"{endpoint.held_since:%H:%M} UTC."
    )


def reason_of(kinds: Sequence[str]) -> str:
    """What a run of RUN failures of these kinds is called: "20 in a row timed out"."""
    if len(kinds) == 1:
        return f"{RUN} in a row {UNREACHED[kinds[0]]}"
    each = ", ".join(f"some {UNREACHED[kind]}" for kind in kinds)
    return f"{RUN} in a row did not get through: {each}"


def hold(endpoint_id: int, *kinds: str) -> bool:
    """Hold back an endpoint that is not, for a run of errors of these kinds; False when it is
    already."""
    reason = reason_of(kinds)
    held = Endpoint.objects.filter(pk=endpoint_id, held_since=None).update(
        held_since=Now(),
        held_until=Now() + timedelta(seconds=FIRST_PAUSE_SECONDS),
        held_pause_seconds=FIRST_PAUSE_SECONDS,
        held_reason=reason,
    )
    if held:
        logger.warning("Endpoint %s is held back: %s", endpoint_id, reason)
    return bool(held)


def begin_probe(endpoint_id: int) -> bool:
    """Take the one probe that is due; False when another worker has it, or nothing is held.

    A worker that is lost with it leaves the next one due when its lease has run out.
    """
    return bool(
        Endpoint.objects.filter(
            pk=endpoint_id, held_since__isnull=False, held_until__lte=Now()
        ).update(held_until=Now() + timedelta(seconds=LEASE_SECONDS))
    )


def probe_failed(endpoint_id: int) -> None:
    """Wait for the next probe twice as long as for this one, ten minutes at most."""
    held = Endpoint.objects.filter(pk=endpoint_id, held_since__isnull=False)
    held.update(held_pause_seconds=Least(F("held_pause_seconds") * 2, Value(LONGEST_PAUSE_SECONDS)))
    for pause in held.values_list("held_pause_seconds", flat=True):
        held.update(held_until=Now() + timedelta(seconds=pause))


def release(endpoint_id: int) -> bool:
    """Hold an endpoint back no more: it answered, or a person said so. False when it was not."""
    released = Endpoint.objects.filter(pk=endpoint_id, held_since__isnull=False).update(
        held_since=None, held_until=None, held_pause_seconds=0, held_reason=""
    )
    if released:
        logger.info("Endpoint %s is held back no more", endpoint_id)
    return bool(released)


def probe_now(endpoint_id: int) -> None:
    """Make the next probe due now, without giving up the hold."""
    Endpoint.objects.filter(pk=endpoint_id, held_since__isnull=False).update(held_until=Now())
