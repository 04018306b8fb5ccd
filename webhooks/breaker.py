"""Holding back what nothing gets through to, with one probe at a time until it answers.

Two things can be held back. A server (Endpoint) that cannot be reached is held back for all the
webhooks that lead to it: it is the same for each of them. A webhook whose requests are not answered
is held back alone: its path may hang on a server that answers all others. A status of 404 or 500 is
an answer. What is held back stays due and uses up no attempt. Times are the database's.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from webhooks.models import Endpoint, ErrorKind, HeldBack, Webhook
from webhooks.outcome import Outcome
from webhooks.probe_pause import pauses
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


class To(Enum):
    """What becomes of something."""

    HOLD = auto()
    # Its probe failed: the next one waits for longer.
    WAIT_LONGER = auto()
    PROBE_NOW = auto()
    RELEASE = auto()


class Change(NamedTuple):
    """What becomes of a server or a webhook."""

    what: type[HeldBack]
    pk: int
    to: To
    # Those of the run of errors that it is held back for.
    kinds: tuple[str, ...] = ()


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


def apply(changes: Iterable[Change]) -> set[tuple[type[HeldBack], int]]:
    """Make these in their order, many in one transaction; returns what was changed.

    What is held back already is not held back anew, and what is not is left as it is. Rows that
    somebody else holds are passed over, and nobody is waited for: the next failure, answer or probe
    comes by again.
    """
    return {
        (what, pk)
        for batch in _batches(changes)
        for what in (Endpoint, Webhook)
        for pk in _apply(what, {one.pk: one for one in batch if one.what is what})
    }


def begin_probes(what: type[HeldBack], pks: Collection[int]) -> set[int]:
    """Take those of these probes that are due; returns the ones taken. The others are not due, or
    another worker has them.

    A worker that is lost with one leaves the next one due when its lease has run out.
    """
    if not pks:
        return set()  # Even a query that is not made costs the engine a tenth of a look.
    rows = what._default_manager.filter(pk__in=pks, held_since__isnull=False, held_until__lte=Now())
    if not rows.exists():
        return set()
    with transaction.atomic():
        taken = [row.pk for row in unheld(rows.only("pk"))]
        lease = Now() + timedelta(seconds=LEASE_SECONDS)
        what._default_manager.filter(pk__in=taken).update(held_until=lease)
    return set(taken)


def hold(what: type[HeldBack], pk: int, *kinds: str) -> bool:
    """Hold back a server or a webhook that is not, for a run of errors of these kinds; False when
    it is already."""
    return bool(apply([Change(what, pk, To.HOLD, kinds)]))


def release(what: type[HeldBack], pk: int) -> bool:
    """Hold it back no more: a person said so. False when it was not."""
    return bool(apply([Change(what, pk, To.RELEASE)]))


def probe_now(what: type[HeldBack], pk: int) -> None:
    """Make the next probe due now, without giving up the hold."""
    apply([Change(what, pk, To.PROBE_NOW)])


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


def _batches(changes: Iterable[Change]) -> Iterator[list[Change]]:
    """The changes in their order, as many together as are of different rows."""
    batch: dict[tuple[type[HeldBack], int], Change] = {}
    for change in changes:
        if (change.what, change.pk) in batch:
            yield list(batch.values())
            batch = {}
        batch[change.what, change.pk] = change
    if batch:
        yield list(batch.values())


def _apply(what: type[HeldBack], changes: dict[int, Change]) -> list[int]:
    """Make these, by row; returns the rows that were changed."""
    if not changes:
        return []
    holds = [pk for pk, change in changes.items() if change.to is To.HOLD]
    rows = what._default_manager.filter(
        Q(pk__in=holds, held_since=None)
        | Q(pk__in=changes.keys() - set(holds), held_since__isnull=False)
    )
    if not rows.exists():
        return []
    # Rows that get the same values are written by one statement: there are few pauses.
    alike: defaultdict[tuple[To, int, str], list[int]] = defaultdict(list)
    address = "origin" if what is Endpoint else "url"
    with transaction.atomic():
        for row in unheld(rows.only("pk", "held_pause_seconds", address)):
            change = changes[row.pk]
            pause = _next_pause(change.to, row.held_pause_seconds, getattr(row, address))
            reason = reason_of(change.kinds) if change.to is To.HOLD else ""
            alike[change.to, pause, reason].append(row.pk)
        for (to, pause, reason), pks in alike.items():
            what._default_manager.filter(pk__in=pks).update(**_columns(to, pause, reason))
    for (to, _, reason), pks in alike.items():
        _log(what, pks, to, reason)
    return [pk for pks in alike.values() for pk in pks]


def _next_pause(to: To, pause: int, address: str) -> int:
    """Seconds until the next probe; each one waits twice as long as the one before, ten minutes at
    most: see probe_pause.py."""
    first, longest = pauses(address, in_sandbox=settings.SANDBOX)
    if to is To.HOLD:
        return first
    return min(2 * pause, longest) if to is To.WAIT_LONGER else 0


def _columns(to: To, pause: int, reason: str) -> dict[str, Any]:
    """The new values of a row."""
    if to is To.PROBE_NOW:
        return {"held_until": Now()}
    if to is To.RELEASE:
        return {
            "held_since": None,
            "held_until": None,
            "held_pause_seconds": 0,
            "held_reason": "",
        }
    columns = {"held_until": Now() + timedelta(seconds=pause), "held_pause_seconds": pause}
    if to is To.HOLD:
        columns |= {"held_since": Now(), "held_reason": reason}
    return columns


def _log(what: type[HeldBack], pks: Sequence[int], to: To, reason: str) -> None:
    for pk in pks:
        if to is To.HOLD:
            logger.warning("%s %s is held back: %s", what.__name__, pk, reason)
        elif to is To.RELEASE:
            logger.info("%s %s is held back no more", what.__name__, pk)
