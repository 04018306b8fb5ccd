"""The deliveries that are due, claimed and recorded in bulk. PostgreSQL and SQLite have their own
SQL (queue_postgresql.py, queue_sqlite.py) behind the same calls, held to the same tests.

A claim takes due rows for `LEASE_SECONDS` by moving their `due_at` to the end of the lease: a row
whose worker is lost becomes due again by itself. It also counts the attempt, so that a recording
can say which attempt it belongs to and never overwrites what another worker did since.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Now

from webhooks.limits import MOST_BYTES
from webhooks.models import Attempt, Delivery, ErrorKind
from webhooks.outcome import TOTAL_SECONDS, Outcome
from webhooks.rate import Rate

# Ten seconds for the attempt; the rest for a slow COMMIT at either end.
LEASE_SECONDS = 30
# Nothing leaves later than so long after its claim: what is left of the lease is enough for an
# attempt and a slow recording. Another worker would send what it takes for lost.
LEAVE_SECONDS = LEASE_SECONDS - TOTAL_SECONDS - 5
# How long a delivery waits for its turn in its conversation at most. It is ready as soon as the one
# before it is over; this is for what nobody foresaw.
BLOCKED_SECONDS = 300
# The same where it cannot be told, for somebody holds the one in front.
MOMENT_SECONDS = 0.2
# How often is looked for deliveries whose worker was lost.
LOST_SECONDS = 2.0
# So many deliveries whose time has come are made ready in one go.
MOST_RIPE = 1000

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
    account_id: int
    event_id: str
    body: bytes
    url: str
    encrypted_secret: str
    # As the webhook's row has them, None where there are none: see webhooks/rotation.py.
    previous_secrets: list[list[str]] | None
    # The webhook's, as it is now.
    generation: int
    standard_headers: bool
    retry_schedule: str
    is_test: bool
    simulate: dict[str, Any] | None
    # "" where the webhook does not want its conversations in order.
    conversation: str

    @property
    def is_experiment(self) -> bool:
        """A test, or made to misbehave: sent once, and it tells nothing of its webhook."""
        return self.is_test or bool(self.simulate)


class Taken(NamedTuple):
    """What a claim took: the deliveries to send; the webhook of each that it put aside, since that
    is not active any more; and of each that it put off, which waits for its turn now."""

    claimed: list[Claimed]
    put_aside: list[int]
    put_off: list[int]
    # By webhook, when the last of what was found was due.
    until: dict[int, datetime]
    # Webhooks that a rate limit, or whoever holds their row, kept from taking more.
    bounded: Set[int] = frozenset()

    @property
    def bytes(self) -> int:
        """What the bodies of those to send have."""
        return sum(len(one.body) for one in self.claimed)


# The fields of Claimed, as both databases' claims read them, in their order.
CLAIMED_COLUMNS = 17


class ClaimedRow(NamedTuple):
    """A row that a claim changed."""

    claimed: Claimed
    webhook_status: str
    # When it was due before.
    due_at: datetime
    # It waits for its turn now.
    is_blocked: bool

    @property
    def is_astray(self) -> bool:
        """The claim must not have taken it: its webhook is active no more."""
        is_stopped = self.webhook_status != "active" and not self.claimed.is_test
        return is_stopped and not self.is_blocked

    @property
    def is_taken(self) -> bool:
        return not self.is_blocked and not self.is_astray


def sort_taken(
    rows: Sequence[ClaimedRow], offers: Sequence[Offer], within_limits: Sequence[Offer]
) -> Taken:
    """What a claim of `offers` took, from the rows that it changed."""
    until: dict[int, datetime] = {}
    for row in rows:
        # What was put off may have been due later than what was left.
        if not row.is_blocked:
            webhook_id = row.claimed.webhook_id
            until[webhook_id] = max(row.due_at, until.get(webhook_id, row.due_at))
    return Taken(
        [row.claimed for row in rows if row.is_taken],
        [row.claimed.webhook_id for row in rows if row.is_astray],
        [row.claimed.webhook_id for row in rows if row.is_blocked],
        until,
        _bounded(offers, within_limits, Counter(row.claimed.webhook_id for row in rows)),
    )


def _bounded(
    offers: Sequence[Offer], within_limits: Sequence[Offer], took: Mapping[int, int]
) -> frozenset[int]:
    rooms = {offer.webhook_id: offer.room for offer in within_limits}
    return frozenset(
        one.webhook_id
        for one in offers
        if (room := rooms.get(one.webhook_id, 0)) < one.room and took.get(one.webhook_id, 0) >= room
    )


def over_of(rows: Iterable[ClaimedRow], done: Collection[int]) -> list[Over]:
    """Of those that were put aside, the ones that are in front of their conversation no more."""
    return [
        Over(row.claimed.delivery_id, row.claimed.webhook_id, row.claimed.conversation)
        for row in rows
        if row.claimed.conversation and row.claimed.delivery_id in done
    ]


class Offer(NamedTuple):
    """A claim may take up to `room` of a webhook, looking at the first `window` that are ready."""

    webhook_id: int
    account_id: int
    room: int
    window: int
    # The webhook has a rate limit.
    has_limit: bool = False
    # Nothing that was due before is there any more, as far as is known; None: look at all.
    since: datetime | None = None


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
        if self.outcome.succeeded:
            return self.claimed.failures
        waits_for_webhook = self.outcome.says_gone and self.status == "pending"
        return self.claimed.failures + (not waits_for_webhook)


def counts_as_failure(finished: Finished) -> bool:
    """Whether an attempt tells of its webhook that it fails. An experiment's does not, nor one that
    could not be made here."""
    kind = finished.outcome.error_kind
    return bool(kind) and kind != ErrorKind.INTERNAL and not finished.claimed.is_experiment


def failures_of(finished: Iterable[Finished]) -> set[tuple[int, int]]:
    """The webhooks that failed, each with the generation of which the attempt tells."""
    return {
        (one.claimed.webhook_id, one.claimed.generation)
        for one in finished
        if counts_as_failure(one)
    }


def over_in_order(finished: Iterable[Finished], states: Mapping[int, str]) -> list[Over]:
    """Those that are in front of their conversation no more, by their webhooks' statuses."""
    return [
        Over(claimed.delivery_id, claimed.webhook_id, claimed.conversation)
        for one in finished
        if (claimed := one.claimed).conversation
        and moved(one, states.get(claimed.webhook_id, "active")) != "pending"
    ]


def asked_to_wait(finished: Iterable[Finished]) -> dict[tuple[int, int], float]:
    """For how many seconds the receivers of webhooks asked to be left alone, by the webhook and the
    generation that the attempt tells of: the longest that one of its answers asked for."""
    asked: dict[tuple[int, int], float] = {}
    for one in finished:
        if one.asked_seconds > 0:
            of = one.claimed.webhook_id, one.claimed.generation
            asked[of] = max(asked.get(of, 0.0), one.asked_seconds)
    return asked


class Over(NamedTuple):
    """A delivery in order that is not in front of its conversation any more."""

    delivery_id: int
    webhook_id: int
    conversation: str


class Recorded(NamedTuple):
    """What a recording could not write, for somebody holds it; and the webhooks of which it made
    something ready, each with its account."""

    left: Sequence[Finished]
    ready: Mapping[int, int]


class Ripe(NamedTuple):
    """What was made ready: the webhooks, each with its account, how many deliveries, and when the
    last was due."""

    webhooks: dict[int, int]
    number: int
    until: datetime | None


class Success(NamedTuple):
    """A webhook had a delivery succeed so many seconds ago, being of this generation then."""

    webhook_id: int
    seconds_ago: float
    generation: int = 0


class Lane(NamedTuple):
    """The ready deliveries of one webhook. Each webhook's queue by themselves; those of one account
    are found together."""

    webhook_id: int
    account_id: int
    endpoint_id: int
    # The webhook's: what was learnt of another one tells nothing of this.
    generation: int = 0
    # Nothing goes there but one probe at a time: see webhooks/breaker.py.
    is_server_held: bool = False
    is_held: bool = False
    has_limit: bool = False
    # Its receiver asked to be left alone: the first is a test, and nothing else is sent.
    was_asked: bool = False
    # Until when it asked for it the last time, in seconds since 1970.
    asked_until: float | None = None


def drained(offers: Iterable[Offer], taken: Taken) -> dict[int, int]:
    """The webhooks of which nothing more is ready, each with its account, where nothing else
    bounded the claim."""
    took = Counter(one.webhook_id for one in taken.claimed)
    took.update(taken.put_aside)
    busy = {*taken.put_off, *taken.bounded}
    return {
        one.webhook_id: one.account_id
        for one in offers
        if took.get(one.webhook_id, 0) < one.room and one.webhook_id not in busy
    }


# Webhooks that one look finds at most: a few more than one claim can take from.
MOST_LANES = 300
MOST_FRESH = 2000


class Look(NamedTuple):
    """What to look for: see webhooks/lookout.py."""

    # Go over the accounts past `after_account` that have ready work, and over their webhooks, of
    # each account in `cursors` those past that one.
    sweep: bool = True
    after_account: int = 0
    cursors: Mapping[int, int] = {}
    # Look at deliveries with larger ids, too.
    fresh_after: int | None = None
    # Webhooks that are known to have ready work, each with its account.
    known: Mapping[int, int] = {}
    # What waits for a time and was due before then has been made ready.
    ripe_after: datetime | None = None
    # So many webhooks are enough, but for one of each account.
    most: int = MOST_LANES


@dataclass(slots=True)
class Due:
    """What a look found."""

    # Webhooks of which something may be sent now.
    lanes: list[Lane]
    # Those that are held back, or whose server is, and the next probe is due.
    probes: list[Lane]
    # Those that a rate limit or their receiver's own wish keeps waiting for a moment.
    later: list[Lane] = field(default_factory=list)
    # Seconds until one of the others may be sent, or probed.
    next_seconds: float | None = None
    # Seconds until the next delivery that waits for a time is to be made ready; None for none.
    ripe_seconds: float | None = None
    # By account that the sweep came by, the webhooks that it found, in the order of their ids.
    swept: dict[int, list[int]] = field(default_factory=dict)
    # There may be more accounts: these are all that one sweep goes over.
    more_accounts: bool = False
    # So many webhooks of each account are all that one sweep goes over.
    most_each: int = 0
    # How many fresh deliveries were looked at, and the largest id of all.
    fresh: int = 0
    last_id: int = 0
    # The database's clock at the look, in seconds since 1970.
    now: float | None = None


class Queue(Protocol):
    """The calls that the engine makes. Times are the database's."""

    def look(self, look: Look) -> Due:
        """Webhooks that have ready work."""

    def ripen(self, after: datetime | None) -> Ripe:
        """Make ready what waited for a time that has come; up to MOST_RIPE, of those due past
        `after`, the longest due first."""

    def ripen_lost(self, after: datetime | None) -> Ripe:
        """Make ready what was in the hand of workers that are lost, in the same way."""

    def claim(self, offers: Sequence[Offer], limit: int, most_bytes: int = MOST_BYTES) -> Taken:
        """Take up to `limit` ready deliveries: of each webhook no more than its room, and no more
        than its rate limit allows. None is taken after `most_bytes` of bodies have been.

        Deliveries of a disabled webhook are put to wait instead, those of a deleted one cancelled,
        and those that an earlier one of their conversation is in front of wait for their turn.
        """

    def claim_again(self, claimed: Collection[Claimed]) -> None:
        """Make claims stand, under their numbers, that a crash of the database has undone."""

    def give_back(self, claimed: Collection[Claimed]) -> None:
        """Make ready what was claimed and not sent, as if it had not been claimed; not what
        somebody else has claimed since."""

    def renew(self, claimed: Collection[Claimed]) -> None:
        """Begin their leases anew: they are still in this worker's hand."""

    def life(self) -> tuple[str, float]:
        """The present life of the database's server, in which no claim was undone: a name that no
        other has, and how many seconds ago it began."""

    def record(self, finished: Sequence[Finished], *, were_held: bool = False) -> Recorded:
        """Append the attempts, and move their deliveries on unless somebody else did since. What
        waited for its turn behind one that is over is ready.

        Nobody is waited for who holds one of them: those are left for later, and all others are
        recorded. `were_held`: some of them were, a moment ago.
        """

    def held_up(self, over: Sequence[Over]) -> set[int]:
        """The ids of those behind which somebody else holds what is to go on. What nobody holds is
        locked, so call it in a transaction."""

    def go_on_after(self, over: Sequence[Over]) -> None:
        """Make ready what waited for its turn behind deliveries that are not in front any more. To
        be called in a transaction, and of those that are not held up."""

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
    """A webhook that a look found: the seconds until something may be sent, or probed."""

    lane: Lane
    seconds: float


def sort_out(seen: Iterable[Seen], due: Due) -> Due:
    """Put what a look found where it belongs."""
    for lane, seconds in seen:
        if seconds > 0:
            due.next_seconds = min(seconds, due.next_seconds or seconds)
            if not (lane.is_held or lane.is_server_held):
                due.later.append(lane)
        elif lane.is_held or lane.is_server_held:
            due.probes.append(lane)
        else:
            due.lanes.append(lane)
    return due


# A webhook with a rate limit, as its row says: id, limit, when the next may leave, and now.
Limited = tuple[int, int | None, datetime | None, datetime]


def within(offers: Sequence[Offer], rates: Collection[Limited]) -> Sequence[Offer]:
    """The offers that are left when each webhook with a rate limit keeps to it."""
    if not rates:
        return offers
    allowed = {
        webhook_id: Rate(limit).allowed(next_at, now)
        for webhook_id, limit, next_at, now in rates
        if limit is not None
    }
    kept = []
    for offer in offers:
        room = min(offer.room, allowed.get(offer.webhook_id, offer.room))
        if room > 0:
            window = room if offer.window == offer.room else offer.window
            kept.append(offer._replace(room=room, window=window))
    return kept


def free(offers: Sequence[Offer], rates: Iterable[Limited]) -> list[Offer]:
    """The offers without those of webhooks with a rate limit whose rows somebody else holds."""
    mine = {webhook_id for webhook_id, *_ in rates}
    return [offer for offer in offers if not offer.has_limit or offer.webhook_id in mine]


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
