"""The deliveries that are due, claimed and recorded in bulk. PostgreSQL and SQLite have their own
SQL (queue_postgresql.py, queue_sqlite.py) behind the same calls, held to the same tests.

A claim takes due rows for `LEASE_SECONDS` by moving their `due_at` to the end of the lease: a row
whose worker is lost becomes due again by itself. It also counts the attempt, so that a recording
can say which attempt it belongs to and never overwrites what another worker did since.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, NamedTuple, Protocol

from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Now

from webhooks.models import Attempt, Delivery, ErrorKind
from webhooks.outcome import TOTAL_SECONDS, Outcome
from webhooks.rate import Rate

# Ten seconds for the attempt; the rest for a slow COMMIT at either end.
LEASE_SECONDS = 30
# Nothing leaves later than so long after its claim: what is left of the lease is enough for an
# attempt and a slow recording. Another worker would send what it takes for lost.
LEAVE_SECONDS = LEASE_SECONDS - TOTAL_SECONDS - 5
# The bodies of what one claim takes, and of all open requests of a worker, about: the last one may
# go over it, and has 256 KiB at most.
MOST_BYTES = 8 * 1024 * 1024
# How long a delivery is out of the way that waits for an earlier one of its conversation. It is due
# as soon as that one is over; this is for a worker that is lost at that moment.
BLOCKED_SECONDS = 300
# So many due deliveries of a lane are looked at in one go for some to put out of the way.
MOST_PUT_OFF = 256

# A webhook that still fails so long after the first of its failures, with no success between, is
# disabled (upkeep.py). The moment of its last failure is written once in so many seconds, and from
# then on each time.
FAILING_DAYS = 5
LAST_FAILURE_SECONDS = 60


@dataclass(slots=True)
class Claimed:
    """A delivery in this worker's hand, with all that sending it takes."""

    delivery_id: int
    number: int
    failures: int
    endpoint_id: int
    webhook_id: int
    event_id: str
    body: bytes
    url: str
    encrypted_secret: str
    # As the webhook's row has them: see webhooks/rotation.py.
    previous_secrets: list[list[str]]
    # The webhook's, as it is now.
    generation: int
    standard_headers: bool
    retry_schedule: str
    is_test: bool
    simulate: dict[str, Any] | None
    lane: int
    # "" where the webhook does not want its conversations in order.
    conversation: str

    @property
    def is_experiment(self) -> bool:
        """A test, or made to misbehave: sent once, and it tells nothing of its webhook."""
        return self.is_test or bool(self.simulate)


# A row as both databases' claims read it: the fields of Claimed in their order, and then its
# webhook's status and present lane.
Row = tuple[Any, ...]


def is_astray(row: Row) -> bool:
    """A claim must not have taken it: its webhook is active no more, or has another lane since the
    delivery was put into this one."""
    is_test, lane = row[13], row[15]
    *_, status, present_lane = row
    return (status != "active" and not is_test) or lane != present_lane


class Taken(NamedTuple):
    """What a claim took: the deliveries to send, and the lane of each that it put aside."""

    claimed: list[Claimed]
    put_aside: list[int]


@dataclass(slots=True)
class Finished:
    """An attempt that is over, and what becomes of its delivery.

    `status` is succeeded, failed, or pending with the seconds until the next attempt.
    `asked_seconds` is how long the receiver asked that its webhook be left alone.
    """

    claimed: Claimed
    outcome: Outcome
    started_at: datetime
    url: str
    request_head: bytes
    status: str
    delay_seconds: float = 0.0
    asked_seconds: float = 0.0

    @property
    def failures(self) -> int:
        """The delivery's place in its retry schedule from now on. A 410 uses up none: its webhook
        is disabled, and whoever enables it may get another."""
        waits_for_webhook = self.outcome.status_code == HTTPStatus.GONE and self.status == "pending"
        return self.claimed.failures + (not self.outcome.succeeded and not waits_for_webhook)


def counts_as_failure(finished: Finished) -> bool:
    """Whether an attempt tells of its webhook that it fails. An experiment's does not."""
    return not finished.outcome.succeeded and not finished.claimed.is_experiment


def failures_of(finished: Iterable[Finished]) -> set[tuple[int, int]]:
    """The webhooks that failed, each with the generation of which the attempt tells."""
    return {
        (one.claimed.webhook_id, one.claimed.generation)
        for one in finished
        if counts_as_failure(one)
    }


def over_in_order(finished: Iterable[Finished]) -> list[Claimed]:
    """Those that are over, and whose conversation goes on with the next."""
    return [one.claimed for one in finished if one.claimed.conversation and one.status != "pending"]


def asked_to_wait(finished: Iterable[Finished]) -> dict[tuple[int, int], float]:
    """For how many seconds the receivers of webhooks asked to be left alone, by the webhook and the
    generation that the attempt tells of: the longest that one of its answers asked for."""
    asked: dict[tuple[int, int], float] = {}
    for one in finished:
        if one.asked_seconds > 0:
            of = one.claimed.webhook_id, one.claimed.generation
            asked[of] = max(asked.get(of, 0.0), one.asked_seconds)
    return asked


class Success(NamedTuple):
    """A webhook had a delivery succeed so many seconds ago, being of this generation then."""

    webhook_id: int
    seconds_ago: float
    generation: int = 0


class Lane(NamedTuple):
    """Deliveries that queue together: all to one endpoint, but for those of a webhook with a rate
    limit, which queue by themselves (`id` is minus the webhook's)."""

    id: int
    endpoint_id: int


@dataclass(slots=True)
class Due:
    """Lanes with due work, in the order of their ids, as far as one look went."""

    lanes: list[Lane]
    # Those whose endpoint is held back, and its next probe is due.
    probes: list[Lane]
    # Seconds until something that is not due yet will be; None when there is nothing.
    next_seconds: float | None
    # Where the next look goes on; START when this one came to the end.
    last_lane: int
    # The database's clock at the look, in seconds since 1970; None when nothing was found.
    now: float | None = None


# Before every lane.
START = -(2**63)
# Lanes that one look visits: a few more than one claim can take from. Those that wait for retries
# alone count too.
MOST_LANES = 300


class Queue(Protocol):
    """The calls that the engine makes. Times are the database's."""

    def due(self, after_lane: int = START) -> Due:
        """Lanes past `after_lane` that have due work."""

    def claim(
        self, rooms: Sequence[tuple[int, int]], limit: int, most_bytes: int = MOST_BYTES
    ) -> Taken:
        """Take up to `limit` due deliveries: of each lane no more than its room, and no more than
        its webhook's rate limit allows. None is taken after `most_bytes` of bodies have been.

        Deliveries of a disabled webhook are put to wait instead, those of a deleted one cancelled,
        and those in a lane that their webhook has left are moved to its present one. No more of a
        lane is looked at than its room: where that much waits for earlier deliveries of its
        conversations, nothing is taken, until `put_off` has made way.
        """

    def put_off(self, lanes: Sequence[int]) -> int:
        """Of the first MOST_PUT_OFF due deliveries of each lane, put those out of the way that wait
        for an earlier one of their conversation, until it is over; returns how many."""

    def claim_again(self, claimed: Collection[Claimed]) -> None:
        """Make claims stand, under their numbers, that a crash of the database has undone."""

    def give_back(self, claimed: Collection[Claimed]) -> None:
        """Make due what was claimed and not sent, as if it had not been claimed; not what somebody
        else has claimed since."""

    def life(self) -> tuple[str, float]:
        """The present life of the database's server, in which no claim was undone: a name that no
        other has, and how many seconds ago it began."""

    def record(
        self, finished: Sequence[Finished], *, were_held: bool = False
    ) -> Sequence[Finished]:
        """Append the attempts, and move their deliveries on unless somebody else did since. What
        was put off for one that is over is due.

        Nobody is waited for who holds one of them: those are returned, for later, and all others
        are recorded. `were_held`: some of them were, a moment ago.
        """

    def tell(self, successes: Sequence[Success]) -> Collection[int]:
        """Write into the webhooks' rows that they succeed; seldom more than once in ten seconds.

        Returns the ids of those whose rows somebody else holds: nobody is waited for.
        """


def moved(finished: Finished, webhook_status: str) -> str:
    """The delivery's next status, given its webhook's present one: a retry waits for a disabled
    webhook and is cancelled with a deleted one."""
    if finished.status != "pending" or finished.claimed.is_test:
        return finished.status
    return {"active": "pending", "disabled": "held", "deleted": "cancelled"}[webhook_status]


class Seen(NamedTuple):
    """A lane that a look visited: the seconds until it has due work, and whether its endpoint is
    held back."""

    lane: int
    endpoint_id: int
    seconds: float
    is_held: bool
    now: float


def look(found: Sequence[Seen]) -> Due:
    """What a look found."""
    waits = [seen.seconds for seen in found if seen.seconds > 0]
    ready = [seen for seen in found if seen.seconds <= 0]
    return Due(
        lanes=[Lane(seen.lane, seen.endpoint_id) for seen in ready if not seen.is_held],
        probes=[Lane(seen.lane, seen.endpoint_id) for seen in ready if seen.is_held],
        next_seconds=min(waits, default=None),
        last_lane=found[-1].lane if len(found) >= MOST_LANES else START,
        now=found[0].now if found else None,
    )


# A webhook with a rate limit, as its row says: id, limit, when the next may leave, and now.
Limited = tuple[int, int | None, datetime | None, datetime]


def within(rooms: Sequence[tuple[int, int]], rates: Iterable[Limited]) -> list[tuple[int, int]]:
    """The rooms that are left when each lane with a rate limit keeps to it."""
    allowed = {
        -webhook_id: Rate(limit).allowed(next_at, now)
        for webhook_id, limit, next_at, now in rates
        if limit is not None
    }
    cut = [(lane, min(room, allowed.get(lane, room))) for lane, room in rooms]
    return [(lane, room) for lane, room in cut if room > 0]


def free(rooms: Sequence[tuple[int, int]], rates: Iterable[Limited]) -> list[tuple[int, int]]:
    """The rooms without those of webhooks with a rate limit whose rows somebody else holds."""
    mine = {-webhook_id for webhook_id, *_ in rates}
    return [(lane, room) for lane, room in rooms if lane >= 0 or lane in mine]


def spent(rates: Iterable[Limited], taken: Mapping[int, int]) -> list[tuple[datetime, int]]:
    """When the next may leave, and of which webhook, after so many of each were taken."""
    return [
        (Rate(limit).after(next_at, now, taken[webhook_id]), webhook_id)
        for webhook_id, limit, next_at, now in rates
        if limit is not None and taken.get(webhook_id)
    ]


INTERRUPTED_SENTENCE = (
    "The worker was lost before it could record what became of this attempt. The request may have "
    "arrived."
)


def tell_of_lost(deliveries: QuerySet[Delivery]) -> None:
    """Append the attempts that were lost with their workers.

    For whoever clears the leases of `deliveries`: the next claim will not know of them any more.
    """
    lost = deliveries.filter(status="pending", lease_until__lte=Now())
    Attempt.objects.bulk_create(
        [
            Attempt(
                delivery_id=delivery_id,
                number=number,
                started_at=until - timedelta(seconds=LEASE_SECONDS),
                duration_ms=0,
                error_kind=ErrorKind.INTERRUPTED,
                error=INTERRUPTED_SENTENCE,
                request_head=b"",
                response_head=b"",
                response_body=b"",
            )
            for delivery_id, number, until in lost.values_list("pk", "attempts", "lease_until")
            if until is not None
        ],
        # Whoever had the delivery may be frozen, not lost, and have recorded it at this moment.
        ignore_conflicts=True,
        batch_size=500,
    )


def present() -> Queue:
    """The queue of the database in use."""
    if connection.vendor == "postgresql":
        from webhooks.queue_postgresql import PostgresqlQueue

        return PostgresqlQueue()
    from webhooks.queue_sqlite import SqliteQueue

    return SqliteQueue()
