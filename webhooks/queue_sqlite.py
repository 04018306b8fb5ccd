"""The queue on SQLite: one writer at a time, so short transactions and no locks of rows."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from webhooks.models import Webhook
from webhooks.queue import (
    BLOCKED_SECONDS,
    FAILING_DAYS,
    INTERRUPTED_SENTENCE,
    LAST_FAILURE_SECONDS,
    LEASE_SECONDS,
    MOST_BYTES,
    MOST_LANES,
    MOST_PUT_OFF,
    START,
    Claimed,
    Due,
    Finished,
    Limited,
    Seen,
    Success,
    Taken,
    asked_to_wait,
    failures_of,
    is_astray,
    look,
    moved,
    over_in_order,
    spent,
    within,
)

# From one lane to the next in the partial index, as queue_postgresql.DUE does.
DUE = """
WITH RECURSIVE lane(id, step) AS (
  SELECT min(lane), 1 FROM webhooks_delivery WHERE status = 'pending' AND lane > %s
  UNION ALL
  SELECT (SELECT min(d.lane) FROM webhooks_delivery d
          WHERE d.status = 'pending' AND d.lane > lane.id), step + 1
  FROM lane WHERE lane.id IS NOT NULL AND step < %s
)
SELECT lane.id, e.id,
       (SELECT min(d.due_at) FROM webhooks_delivery d
        WHERE d.status = 'pending' AND d.lane = lane.id),
       e.held_since, e.held_until, w.rate_next_at
FROM lane
LEFT JOIN webhooks_webhook w ON w.id = -lane.id
JOIN webhooks_endpoint e ON e.id = coalesce(w.endpoint_id, lane.id)
ORDER BY lane.id
"""

# The condition of the index to the letter: SQLite finds it by no other.
EARLIER = """
  FROM webhooks_delivery earlier
  WHERE earlier.webhook_id = waiting.webhook_id
    AND earlier.conversation = waiting.conversation AND NOT (earlier.conversation = '')
    AND earlier.status IN ('pending', 'held') AND earlier.id < waiting.id
"""
FIRST = """
  SELECT * FROM webhooks_delivery
  WHERE status = 'pending' AND lane = %s AND due_at <= %s
  ORDER BY due_at LIMIT %s
"""

PICK = f"""
SELECT id, lease_until, attempts,
       (SELECT length(e.body) FROM chatbots_event e WHERE e.id = waiting.event_id)
FROM ({FIRST}) AS waiting
WHERE conversation = '' OR NOT EXISTS (SELECT 1 {EARLIER})
"""

# Only what FOLLOW makes due again is put off.
PUT_OFF = f"""
UPDATE webhooks_delivery AS waiting
SET due_at = max(%s, (SELECT due_at {EARLIER} ORDER BY earlier.id LIMIT 1))
WHERE id IN (
  SELECT id FROM ({FIRST}) AS waiting
  WHERE conversation <> '' AND failures = 0 AND lease_until IS NULL AND EXISTS (SELECT 1 {EARLIER})
)
"""

# What comes after a delivery that is over, in its conversation. One that waits for its own retry
# goes on waiting.
FOLLOW = """
UPDATE webhooks_delivery SET due_at = %(now)s
WHERE id = (
  SELECT id FROM webhooks_delivery
  WHERE webhook_id = %(webhook)s AND conversation = %(conversation)s
    AND NOT (conversation = '') AND status IN ('pending', 'held') AND id > %(id)s
  ORDER BY id LIMIT 1
) AND status = 'pending' AND failures = 0 AND lease_until IS NULL
"""

LEASE = """
UPDATE webhooks_delivery SET attempts = attempts + 1, lease_until = %s, due_at = %s
WHERE id IN ({ids})
"""

READ = f"""
SELECT d.id, d.attempts, d.failures, w.endpoint_id, d.webhook_id, d.event_id, e.body, w.url,
       w.encrypted_secret, w.previous_secrets, w.generation,
       w.standard_headers, w.retry_schedule, d.is_test, d.simulate, d.lane, d.conversation,
       w.status, {Webhook.LANE_SQL}
FROM webhooks_delivery d
JOIN webhooks_webhook w ON w.id = d.webhook_id
JOIN chatbots_event e ON e.id = d.event_id
WHERE d.id IN ({{ids}})
ORDER BY d.due_at, d.id
"""

LIMITS = "SELECT id, rate_limit, rate_next_at FROM webhooks_webhook WHERE id IN ({ids})"
LIMITED = "UPDATE webhooks_webhook SET rate_next_at = %s WHERE id = %s"

PUT_ASIDE = """
UPDATE webhooks_delivery
SET status = %s, lane = %s, finished_at = %s, lease_until = NULL, attempts = attempts - 1,
    due_at = %s
WHERE id = %s
"""

GIVE_BACK = """
UPDATE webhooks_delivery SET attempts = attempts - 1, lease_until = NULL, due_at = %s
WHERE id = %s AND attempts = %s AND status = 'pending' AND lease_until IS NOT NULL
"""

MOVE = """
UPDATE webhooks_delivery
SET status = %s, failures = %s, lease_until = NULL, due_at = %s, finished_at = %s
WHERE id = %s AND attempts = %s AND status = 'pending' AND lease_until IS NOT NULL
"""

APPEND = """
INSERT INTO webhooks_attempt
  (delivery_id, number, started_at, duration_ms, status_code, error_kind, error, url,
   remote_address, request_head, response_head, response_body, response_truncated)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (delivery_id, number) DO UPDATE
SET started_at = excluded.started_at, duration_ms = excluded.duration_ms,
    status_code = excluded.status_code, error_kind = excluded.error_kind, error = excluded.error,
    url = excluded.url, remote_address = excluded.remote_address,
    request_head = excluded.request_head, response_head = excluded.response_head,
    response_body = excluded.response_body, response_truncated = excluded.response_truncated
WHERE webhooks_attempt.error_kind = 'interrupted'
"""

SUCCEEDED = """
UPDATE webhooks_webhook
SET failing_since = CASE WHEN failing_since > %(moment)s THEN failing_since END,
    last_success_at = max(coalesce(last_success_at, ''), %(moment)s)
WHERE id = %(id)s AND generation = %(generation)s
  AND (failing_since <= %(moment)s OR last_success_at IS NULL OR last_success_at < %(stale)s)
"""
FAILED = """
UPDATE webhooks_webhook
SET failing_since = coalesce(failing_since, %(now)s), last_failure_at = %(now)s
WHERE id = %(id)s
  AND (failing_since IS NULL OR last_failure_at IS NULL OR last_failure_at < %(lately)s
       OR failing_since <= %(long_ago)s)
"""
# Until the last moment that it has asked for: see queue_postgresql.py.
ASKED_TO_WAIT = """
UPDATE webhooks_webhook SET asked_to_wait_until = max(coalesce(asked_to_wait_until, ''), %s)
WHERE id = %s AND generation = %s
"""


# A delivery's id, lease and attempts, and the bytes of its body.
Picked = tuple[int, datetime | None, int, int]


def _text(moment: datetime) -> str:
    """How Django keeps a time here, for one in UTC: its own way costs as much as a statement."""
    return str(moment.replace(tzinfo=None))


def _moment(value: datetime | str | None) -> datetime | None:
    """A time as the driver gives it: a column's is converted, the result of min() is text."""
    found = parse_datetime(value) if isinstance(value, str) else value
    return found.replace(tzinfo=UTC) if found else None


def _marks(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))


class SqliteQueue:
    def due(self, after_lane: int = START) -> Due:
        with connection.cursor() as cursor:
            cursor.execute(DUE, [after_lane, MOST_LANES])
            found = cursor.fetchall()
        now = timezone.now()
        seen = []
        for lane, endpoint_id, first, held_since, held_until, rate_next_at in found:
            moments = [_moment(first), _moment(held_until), _moment(rate_next_at)]
            due_at = max(moment for moment in moments if moment)
            seen.append(
                Seen(
                    lane,
                    endpoint_id,
                    (due_at - now).total_seconds(),
                    held_since is not None,
                    now.timestamp(),
                )
            )
        return look(seen)

    def claim(
        self, rooms: Sequence[tuple[int, int]], limit: int, most_bytes: int = MOST_BYTES
    ) -> Taken:
        with transaction.atomic(), connection.cursor() as cursor:
            now = timezone.now()
            rates: list[Limited] = []
            if limited := [-lane for lane, _ in rooms if lane < 0]:
                cursor.execute(LIMITS.format(ids=_marks(limited)), limited)
                rates = [(id, most, _moment(at), now) for id, most, at in cursor.fetchall()]
            found: list[list[Picked]] = []
            for lane, room in within(rooms, rates):
                left = limit - sum(map(len, found))
                if left <= 0:
                    break
                cursor.execute(PICK, [lane, _text(now), min(room, left)])
                found.append(cursor.fetchall())
            picked = _within_bytes(found, most_bytes)
            if not picked:
                return Taken([], [])
            ids = [row[0] for row in picked]
            lease = _text(now + timedelta(seconds=LEASE_SECONDS))
            cursor.execute(LEASE.format(ids=_marks(ids)), [lease, lease, *ids])
            cursor.executemany(
                APPEND,
                [
                    _interrupted(delivery_id, number, until)
                    for delivery_id, until, number, _ in picked
                    if until
                ],
            )
            cursor.execute(READ.format(ids=_marks(ids)), ids)
            read = cursor.fetchall()
            taken = Counter(row[4] for row in read if not is_astray(row))
            cursor.executemany(
                LIMITED, [(_text(next_at), id) for next_at, id in spent(rates, taken)]
            )
            rows, aside = [], []
            for row in read:
                if not is_astray(row):
                    rows.append(_claimed(row))
                    continue
                aside.append(row[15])
                *_, webhook_status, lane = row
                status = "held"
                if webhook_status == "deleted":
                    status = "cancelled"
                elif webhook_status == "active" or row[13]:
                    status = "pending"
                over = _text(now) if status == "cancelled" else None
                cursor.execute(PUT_ASIDE, [status, lane, over, _text(now), row[0]])
            return Taken(rows, aside)

    def put_off(self, lanes: Sequence[int]) -> int:
        with transaction.atomic(), connection.cursor() as cursor:
            now = timezone.now()
            until = _text(now + timedelta(seconds=BLOCKED_SECONDS))
            count = 0
            for lane in lanes:
                cursor.execute(PUT_OFF, [until, lane, _text(now), MOST_PUT_OFF])
                count += cursor.rowcount
        return count

    def claim_again(self, claimed: Collection[Claimed]) -> None:
        """Nothing to do: there is no server that could crash and undo a claim."""

    def give_back(self, claimed: Collection[Claimed]) -> None:
        now = _text(timezone.now())
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(GIVE_BACK, [(now, one.delivery_id, one.number) for one in claimed])

    def life(self) -> tuple[str, float]:
        """One for ever."""
        return "SQLite", math.inf

    def record(
        self, finished: Sequence[Finished], *, were_held: bool = False
    ) -> Sequence[Finished]:
        if not finished:
            return []
        # A writer has the whole database: there is nothing that one could go on without.
        with transaction.atomic(), connection.cursor() as cursor:
            now = timezone.now()
            tried = failures_of(finished)
            failed = {webhook_id for webhook_id, _ in tried}
            states: dict[int, str] = {}
            failing: set[int] = set()
            if failed:
                cursor.execute(
                    f"SELECT id, status, generation FROM webhooks_webhook "
                    f"WHERE id IN ({_marks(list(failed))})",
                    list(failed),
                )
                found = cursor.fetchall()
                states = {id: status for id, status, _ in found}
                failing = {id for id, _, generation in found if (id, generation) in tried}
            text = _text(now)
            cursor.executemany(MOVE, [_move(f, states, now, text) for f in finished])
            cursor.executemany(APPEND, [_attempt(f) for f in finished])
            for one in over_in_order(finished):
                cursor.execute(
                    FOLLOW,
                    {
                        "id": one.delivery_id,
                        "webhook": one.webhook_id,
                        "conversation": one.conversation,
                        "now": text,
                    },
                )
            moments = {
                "now": text,
                "lately": _text(now - timedelta(seconds=LAST_FAILURE_SECONDS)),
                "long_ago": _text(now - timedelta(days=FAILING_DAYS)),
            }
            for webhook_id in sorted(failing):
                cursor.execute(FAILED, moments | {"id": webhook_id})
            for (webhook_id, generation), seconds in asked_to_wait(finished).items():
                until = _text(now + timedelta(seconds=seconds))
                cursor.execute(ASKED_TO_WAIT, [until, webhook_id, generation])
        return []

    def tell(self, successes: Sequence[Success]) -> Collection[int]:
        now = timezone.now()
        with transaction.atomic(), connection.cursor() as cursor:
            for webhook_id, seconds, generation in successes:
                moment = now - timedelta(seconds=seconds)
                cursor.execute(
                    SUCCEEDED,
                    {
                        "id": webhook_id,
                        "generation": generation,
                        "moment": _text(moment),
                        "stale": _text(moment - timedelta(seconds=10)),
                    },
                )
        return []


def _within_bytes(found: Sequence[Sequence[Picked]], most_bytes: int) -> list[Picked]:
    """The lanes in turn, until the bodies come to `most_bytes`; the last one goes over it."""
    taken: list[Picked] = []
    for turn in zip_longest(*found):
        for row in turn:
            if row is not None and most_bytes > 0:
                taken.append(row)
                most_bytes -= row[3]
    return taken


def _claimed(row: tuple[Any, ...]) -> Claimed:
    return Claimed(
        delivery_id=row[0],
        number=row[1],
        failures=row[2],
        endpoint_id=row[3],
        webhook_id=row[4],
        event_id=row[5],
        body=bytes(row[6]),
        url=row[7],
        encrypted_secret=row[8],
        previous_secrets=json.loads(row[9]),
        generation=row[10],
        standard_headers=bool(row[11]),
        retry_schedule=row[12],
        is_test=bool(row[13]),
        simulate=json.loads(row[14]) if row[14] else None,
        lane=row[15],
        conversation=row[16],
    )


def _move(finished: Finished, states: dict[int, str], now: datetime, text: str) -> tuple[Any, ...]:
    claimed, delay = finished.claimed, finished.delay_seconds
    status = moved(finished, states.get(claimed.webhook_id, "active"))
    return (
        status,
        finished.failures,
        _text(now + timedelta(seconds=delay)) if delay else text,
        None if status in ("pending", "held") else text,
        claimed.delivery_id,
        claimed.number,
    )


def _interrupted(delivery_id: int, number: int, lease_until: datetime) -> tuple[Any, ...]:
    until = lease_until.replace(tzinfo=UTC)
    started = _text(until - timedelta(seconds=LEASE_SECONDS))
    sentence = INTERRUPTED_SENTENCE
    return delivery_id, number, started, 0, None, "interrupted", sentence, "", "", b"", b"", b"", 0


def _attempt(finished: Finished) -> tuple[Any, ...]:
    outcome = finished.outcome
    return (
        finished.claimed.delivery_id,
        finished.claimed.number,
        _text(finished.started_at),
        outcome.duration_ms,
        outcome.status_code,
        outcome.error_kind,
        outcome.error,
        finished.url,
        outcome.remote_address,
        finished.request_head,
        outcome.response_head,
        outcome.response_body,
        outcome.response_truncated,
    )
