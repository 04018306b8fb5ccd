"""Holding back what nothing gets through to, with one probe at a time until it answers.

Two things can be held back. A server (Endpoint) that cannot be reached is held back for all the
webhooks that lead to it: it is the same for each of them. A webhook whose requests are not answered
is held back alone: its path may hang on a server that answers all others. A status of 404 or 500 is
an answer. What is held back stays due and uses up no attempt. Times are the database's.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from webhooks.models import Endpoint, ErrorKind, HeldBack, Webhook
from webhooks.outcome import Outcome
from webhooks.probe_pause import Pauses, pauses
from webhooks.queue import LEASE_SECONDS
from webhooks.room import RUN
from webhooks.row_locks import unheld

logger = logging.getLogger(__name__)

# The server was not reached. In the words of "because 20 in a row …".
UNREACHED: Final[dict[str, str]] = {
    ErrorKind.CONNECT: "were not accepted",
    ErrorKind.DNS: "found no address",
    ErrorKind.TLS: "failed in TLS",
}
# It was reached, and did not answer in HTTP.
UNANSWERED: Final[dict[str, str]] = {
    ErrorKind.TIMEOUT: "timed out",
    ErrorKind.CLOSED: "were cut off",
    ErrorKind.PROTOCOL: "were not answered in HTTP",
}
WORDS: Final = UNREACHED | UNANSWERED


def is_of_server(outcome: Outcome) -> bool:
    """The server was not reached: whichever webhook leads to it, it would not have been."""
    if outcome.error_kind == ErrorKind.TIMEOUT:
        return outcome.phase in ("connect", "tls")
    return outcome.error_kind in UNREACHED


def is_of_webhook(outcome: Outcome) -> bool:
    """The server was reached, and did not answer this webhook's request."""
    return outcome.error_kind in UNANSWERED and not is_of_server(outcome)


def held(webhook: Webhook) -> HeldBack | None:
    """What holds the webhook's deliveries back: its server, or itself, if that does for longer."""
    both: list[HeldBack] = [webhook.endpoint, webhook]
    holding = [one for one in both if one.held_since and one.held_until]
    return max(holding, key=lambda one: str(one.held_until), default=None)


def held_until(webhook: Webhook) -> datetime | None:
    """When the next delivery of `webhook` is tried; None when it is not held back."""
    one = held(webhook)
    return one.held_until if one else None


def sentence(webhook: Webhook) -> str:
    """Why nothing is sent for `webhook` now, and when it is tried again; "" if it is not held."""
    one = held(webhook)
    if one is None or one.held_since is None or one.held_until is None:
        return ""
    return (
        f"Held back until {one.held_until:%H:%M:%S} UTC because {one.held_reason}, since "
        f"{one.held_since:%H:%M} UTC."
    )


def reason_of(kinds: Sequence[str]) -> str:
    """What a run of RUN failures of these kinds is called: "20 in a row timed out"."""
    if len(kinds) == 1:
        return f"{RUN} in a row {WORDS[kinds[0]]}"
    each = ", ".join(f"some {WORDS[kind]}" for kind in kinds)
    return f"{RUN} in a row did not get through: {each}"


def hold(what: type[HeldBack], pk: int, *kinds: str) -> bool:
    """Hold back a server or a webhook that is not, for a run of errors of these kinds; False when
    it is already."""
    reason, first = reason_of(kinds), _pauses(what, pk).first
    begun = _change(
        _rows(what, pk).filter(held_since=None),
        held_since=Now(),
        held_until=Now() + timedelta(seconds=first),
        held_pause_seconds=first,
        held_reason=reason,
    )
    if begun:
        logger.warning("%s %s is held back: %s", what.__name__, pk, reason)
    return bool(begun)


def begin_probe(what: type[HeldBack], pk: int) -> bool:
    """Take the one probe that is due; False when another worker has it, or nothing is held.

    A worker that is lost with it leaves the next one due when its lease has run out.
    """
    due = _rows(what, pk).filter(held_since__isnull=False, held_until__lte=Now())
    return bool(_change(due, held_until=Now() + timedelta(seconds=LEASE_SECONDS)))


def probe_failed(what: type[HeldBack], pk: int) -> None:
    """Wait for the next probe twice as long as for this one, ten minutes at most: see
    probe_pause.py."""
    rows = _rows(what, pk).filter(held_since__isnull=False)
    longest = _pauses(what, pk).longest
    for pause in rows.values_list("held_pause_seconds", flat=True):
        seconds = min(2 * pause, longest)
        _change(rows, held_pause_seconds=seconds, held_until=Now() + timedelta(seconds=seconds))


def release(what: type[HeldBack], pk: int) -> bool:
    """Hold it back no more: it answered, or a person said so. False when it was not."""
    released = _change(
        _rows(what, pk).filter(held_since__isnull=False),
        held_since=None,
        held_until=None,
        held_pause_seconds=0,
        held_reason="",
    )
    if released:
        logger.info("%s %s is held back no more", what.__name__, pk)
    return bool(released)


def probe_now(what: type[HeldBack], pk: int) -> None:
    """Make the next probe due now, without giving up the hold."""
    _change(_rows(what, pk).filter(held_since__isnull=False), held_until=Now())


def probe_webhook_now(webhook: Webhook) -> None:
    """Make the next delivery of `webhook` go out, whatever holds it back, as a probe."""
    probe_now(Endpoint, webhook.endpoint_id)
    probe_now(Webhook, webhook.pk)


def release_webhook(webhook: Webhook) -> bool:
    """Hold `webhook` and its server back no more; False when neither was."""
    released = [release(Endpoint, webhook.endpoint_id), release(Webhook, webhook.pk)]
    return any(released)


def forget(webhook: Webhook) -> None:
    """Hold `webhook`, which is about to be saved, back no more: it leads elsewhere."""
    webhook.held_since = webhook.held_until = None
    webhook.held_pause_seconds, webhook.held_reason = 0, ""


def _change(rows: QuerySet[HeldBack], **columns: Any) -> int:
    """Change those of `rows` that nobody else holds; returns how many. Nobody is waited for: the
    next failure, answer or probe comes by again."""
    if not rows.exists():
        return 0
    with transaction.atomic():
        free = [row.pk for row in unheld(rows)]
        return rows.filter(pk__in=free).update(**columns) if free else 0


def _pauses(what: type[HeldBack], pk: int) -> Pauses:
    address = _rows(what, pk).values_list("origin" if what is Endpoint else "url", flat=True)
    return pauses(address.first() or "", in_sandbox=settings.SANDBOX)


def _rows(what: type[HeldBack], pk: int) -> QuerySet[HeldBack]:
    return what._default_manager.filter(pk=pk)
