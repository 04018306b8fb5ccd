"""The queue on PostgreSQL: a statement each to look, to claim and to record."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg
from django.db import OperationalError, transaction
from psycopg.rows import TupleRow

from webhooks.engine_cursor import BUSY_ROWS, engine_cursor
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
    Seen,
    Success,
    Taken,
    asked_to_wait,
    failures_of,
    free,
    is_astray,
    look,
    moved,
    over_in_order,
    spent,
    within,
)

# A loose index scan, which PostgreSQL has none of its own: from one lane to the next in the partial
# index, so that a lane with 100,000 due rows costs one step.
DUE = """
WITH RECURSIVE lane(id, due_at, step) AS (
  (SELECT lane, due_at, 1 FROM webhooks_delivery
   WHERE status = 'pending' AND lane > %(after)s
   ORDER BY lane, due_at LIMIT 1)
  UNION ALL
  SELECT next.lane, next.due_at, step + 1
  FROM lane CROSS JOIN LATERAL (
    SELECT d.lane, d.due_at FROM webhooks_delivery d
    WHERE d.status = 'pending' AND d.lane > lane.id
    ORDER BY d.lane, d.due_at LIMIT 1
  ) next
  WHERE step < %(most)s
)
SELECT lane.id, e.id,
       extract(epoch FROM greatest(lane.due_at, e.held_until, w.rate_next_at)
                          - statement_timestamp())::float8,
       e.held_since IS NOT NULL, extract(epoch FROM statement_timestamp())::float8
FROM lane
LEFT JOIN webhooks_webhook w ON w.id = -lane.id
JOIN webhooks_endpoint e ON e.id = coalesce(w.endpoint_id, lane.id)
ORDER BY lane.id
"""

# The worker that had these rows is gone, or frozen; what it sent may have arrived.
LOST = """
INSERT INTO webhooks_attempt
  (delivery_id, number, started_at, duration_ms, error_kind, error, url, remote_address,
   request_head, response_head, response_body, response_truncated)
SELECT due.id, due.attempts, due.lost_lease - %(lease)s * interval '1 second', 0, 'interrupted',
       %(interrupted)s, '', '', '', '', '', false
FROM due WHERE due.lost_lease IS NOT NULL
ON CONFLICT (delivery_id, number) DO NOTHING
"""

# What a delivery `d` of a conversation that is kept in order waits for. Asked for one with LIMIT,
# never by EXISTS, of which a plan may make a join that reads all that waits.
EARLIER = """
    FROM webhooks_delivery earlier
    WHERE earlier.webhook_id = d.webhook_id
      AND earlier.conversation = d.conversation AND earlier.conversation <> ''
      AND earlier.status IN ('pending', 'held') AND earlier.id < d.id
"""

# One statement, so one transaction. That its COMMIT is not waited for (synchronous_commit) loses
# nothing: a claim that a crash of the server undoes leaves the row due.
# The rows are locked, so that they stay where they are (ctid) until they are changed. Of what was
# found, the lanes in turn, so much is taken that the bodies come to %(bytes)s, the last one going
# over it: what a body has costs no reading of it.
CLAIM = f"""
WITH found AS MATERIALIZED (
  SELECT l.id AS lane, d.due_at, d.id, d.ctid, d.lease_until AS lost_lease, d.attempts,
         (SELECT body FROM chatbots_event e WHERE e.id = d.event_id)
  FROM (SELECT set_config('synchronous_commit', 'off', true)) AS quick
  CROSS JOIN unnest(%(lanes)b::bigint[], %(rooms)b::int[]) AS l(id, room)
  CROSS JOIN LATERAL (
    SELECT id, ctid, lease_until, attempts, webhook_id, conversation, event_id, due_at
    FROM webhooks_delivery
    WHERE status = 'pending' AND lane = l.id AND due_at <= statement_timestamp()
    ORDER BY due_at
    LIMIT l.room
    FOR UPDATE SKIP LOCKED
  ) d
  WHERE d.conversation = '' OR (SELECT earlier.id {EARLIER} LIMIT 1) IS NULL
  LIMIT %(limit)s
), due AS MATERIALIZED (
  SELECT * FROM (
    SELECT *, sum(size) OVER (ORDER BY turn, id) - size AS before
    FROM (SELECT *, octet_length(body) AS size,
                 row_number() OVER (PARTITION BY lane ORDER BY due_at) AS turn FROM found) AS f
  ) AS f
  WHERE before < %(bytes)s
), lost AS (
  {LOST}
)
UPDATE webhooks_delivery d
SET attempts = d.attempts + 1,
    lease_until = statement_timestamp() + %(lease)s * interval '1 second',
    due_at = statement_timestamp() + %(lease)s * interval '1 second'
FROM due, webhooks_webhook w
WHERE d.ctid = due.ctid AND w.id = d.webhook_id
RETURNING d.id, d.attempts, d.failures, w.endpoint_id, d.webhook_id, d.event_id, due.body, w.url,
          w.encrypted_secret, w.previous_secrets, w.generation,
          w.standard_headers, w.retry_schedule, d.is_test, d.simulate, d.lane, d.conversation,
          w.status, {Webhook.LANE_SQL}
"""

# Where 100,000 wait for the first of their conversations, each claim would look at all of them.
# Only what FOLLOW makes due again is put off. The one in front is locked: whoever ends it does so
# before, and it is in front no more, or after, and finds what was put off.
PUT_OFF = f"""
WITH blocked AS MATERIALIZED (
  SELECT d.ctid, front.due_at
  FROM (SELECT set_config('synchronous_commit', 'off', true)) AS quick
  CROSS JOIN unnest(%(lanes)b::bigint[]) AS l(id)
  CROSS JOIN LATERAL (
    SELECT id, ctid, webhook_id, conversation, failures, lease_until FROM webhooks_delivery
    WHERE status = 'pending' AND lane = l.id AND due_at <= statement_timestamp()
    ORDER BY due_at
    LIMIT %(most)s
    FOR UPDATE SKIP LOCKED
  ) d
  CROSS JOIN LATERAL (
    SELECT earlier.due_at {EARLIER}
    ORDER BY earlier.id
    LIMIT 1
    FOR SHARE SKIP LOCKED
  ) front
  WHERE d.conversation <> '' AND d.failures = 0 AND d.lease_until IS NULL
)
UPDATE webhooks_delivery d
SET due_at = greatest(
  blocked.due_at, statement_timestamp() + %(seconds)s * interval '1 second')
FROM blocked WHERE d.ctid = blocked.ctid
"""
# What comes after a delivery that is over, in its conversation: due, whether it was put off or is
# just about to be. One that waits for its own retry goes on waiting.
FOLLOW = """
UPDATE webhooks_delivery d SET due_at = statement_timestamp()
FROM unnest(%(ids)b::bigint[], %(webhooks)b::bigint[], %(conversations)b::text[])
  AS over(id, webhook_id, conversation)
CROSS JOIN LATERAL (
  SELECT id FROM webhooks_delivery next
  WHERE next.webhook_id = over.webhook_id AND next.conversation = over.conversation
    AND next.conversation <> '' AND next.status IN ('pending', 'held') AND next.id > over.id
  ORDER BY id LIMIT 1
) next
WHERE d.id = next.id AND d.status || '' = 'pending' AND d.failures = 0 AND d.lease_until IS NULL
"""

# What is still in flight, after a crash of the server that may have undone its claim. Its request
# left: nobody is to claim it anew, under the same number.
CLAIM_AGAIN = f"""
WITH due AS MATERIALIZED (
  SELECT d.id, d.lease_until AS lost_lease, d.attempts
  FROM webhooks_delivery d
  JOIN unnest(%(ids)s::bigint[], %(numbers)s::int[]) AS r(id, number) ON r.id = d.id
  WHERE d.attempts = r.number - 1 AND d.status || '' = 'pending'
  ORDER BY d.id
  FOR UPDATE OF d SKIP LOCKED
), lost AS (
  {LOST}
)
UPDATE webhooks_delivery d
SET attempts = d.attempts + 1,
    lease_until = statement_timestamp() + %(lease)s * interval '1 second',
    due_at = statement_timestamp() + %(lease)s * interval '1 second'
FROM due WHERE d.id = due.id
"""

GIVE_BACK = """
WITH free AS (
  SELECT d.id FROM webhooks_delivery d
  JOIN unnest(%(ids)s::bigint[], %(numbers)s::int[]) AS r(id, number) ON r.id = d.id
  WHERE d.attempts = r.number AND d.status || '' = 'pending' AND d.lease_until IS NOT NULL
  ORDER BY d.id
  FOR UPDATE OF d SKIP LOCKED
)
UPDATE webhooks_delivery d
SET attempts = d.attempts - 1, lease_until = NULL,
    due_at = statement_timestamp() + %(seconds)s * interval '1 second'
FROM free WHERE d.id = free.id
"""

# What cannot be recorded now is still in this worker's hand.
RENEW = """
UPDATE webhooks_delivery
SET lease_until = statement_timestamp() + %(lease)s * interval '1 second',
    due_at = statement_timestamp() + %(lease)s * interval '1 second'
WHERE id = ANY(%(ids)s) AND status || '' = 'pending' AND lease_until IS NOT NULL
"""

# When one of its processes is killed, a server loses what was not on the disk, as in any crash, and
# goes on under the same start time; but its counts begin anew.
LIFE = """
SELECT concat(began, ' ', reset),
       extract(epoch FROM statement_timestamp() - greatest(began, reset))::float8
FROM (SELECT pg_postmaster_start_time() AS began, stats_reset AS reset FROM pg_stat_bgwriter) AS s
"""

LOCK_LIMITED = """
SELECT id, rate_limit, rate_next_at, statement_timestamp() FROM webhooks_webhook
WHERE id = ANY(%s) ORDER BY id FOR UPDATE SKIP LOCKED
"""
LIMITED = "UPDATE webhooks_webhook SET rate_next_at = %s WHERE id = %s"

# What a claim must not have taken, by the webhook as it is once its row is locked: enabling, which
# locks it too, comes before (and the delivery is let go, due at once) or after (and it finds it).
# Where somebody holds the row it is given back, for a moment.
PUT_ASIDE = f"""
WITH stopped AS (
  SELECT id, status, {Webhook.LANE_SQL} AS lane
  FROM webhooks_webhook w WHERE id = ANY(%(webhooks)s) ORDER BY id FOR UPDATE SKIP LOCKED
)
UPDATE webhooks_delivery d
SET status = CASE WHEN w.status = 'deleted' THEN 'cancelled'
                  WHEN w.status = 'active' OR d.is_test THEN 'pending' ELSE 'held' END,
    lane = w.lane,
    finished_at = CASE w.status WHEN 'deleted' THEN statement_timestamp() END,
    due_at = statement_timestamp(), lease_until = NULL, attempts = d.attempts - 1
FROM stopped w
WHERE w.id = d.webhook_id AND d.id = ANY(%(ids)s) AND d.status = 'pending'
RETURNING d.id
"""

# In one order, whoever locks them. Nobody waits for one that somebody else holds, and may have
# forgotten: its retries stay pending, and a claim looks at the webhook as it is then.
LOCK_WEBHOOKS = """
SELECT id, status, generation FROM webhooks_webhook WHERE id = ANY(%s) ORDER BY id
FOR {} SKIP LOCKED
"""

# Of deliveries, those that nobody else holds, and all that there are.
LOCK_FREE = "SELECT id FROM webhooks_delivery WHERE id = ANY(%s) ORDER BY id FOR UPDATE SKIP LOCKED"
THERE = "SELECT id FROM webhooks_delivery WHERE id = ANY(%s)"

BRIEFLY = "SELECT set_config('lock_timeout', '100ms', true)"

# The attempt is appended in any case. Its delivery moves on only if this is still its attempt.
# `status || ''`: a plan by the index of pending rows looks cheap where few are pending most of the
# time, and would go over 100,000 of them for each row once they are.
# Two lists of the same rows: an UPDATE carries along all of what it joins, answers and all.
# A row that somebody holds is not waited for (BRIEFLY): `record` tries again without it.
RECORD = f"""
WITH r AS MATERIALIZED (
  SELECT r.* FROM ({BRIEFLY}) AS briefly CROSS JOIN unnest(
    %(id)b::bigint[], %(number)b::int[], %(status)b::text[], %(failures)b::int[],
    %(delay)b::float8[])
  AS r(id, number, status, failures, delay)
), moved AS (
  UPDATE webhooks_delivery d
  SET status = r.status, failures = r.failures, lease_until = NULL,
      due_at = statement_timestamp() + r.delay * interval '1 second',
      finished_at = CASE WHEN r.status NOT IN ('pending', 'held') THEN statement_timestamp() END
  FROM r
  WHERE d.id = r.id AND d.attempts = r.number AND d.status || '' = 'pending'
    AND d.lease_until IS NOT NULL
)
INSERT INTO webhooks_attempt
  (delivery_id, number, started_at, duration_ms, status_code, error_kind, error, url,
   remote_address, request_head, response_head, response_body, response_truncated)
SELECT * FROM unnest(
  %(id)b::bigint[], %(number)b::int[], %(started_at)b::timestamptz[], %(duration_ms)b::int[],
  %(status_code)b::smallint[], %(error_kind)b::text[], %(error)b::text[], %(url)b::text[],
  %(remote_address)b::text[], %(request_head)b::bytea[], %(response_head)b::bytea[],
  %(response_body)b::bytea[], %(response_truncated)b::bool[])
ON CONFLICT (delivery_id, number) DO UPDATE
SET started_at = excluded.started_at, duration_ms = excluded.duration_ms,
    status_code = excluded.status_code, error_kind = excluded.error_kind, error = excluded.error,
    url = excluded.url, remote_address = excluded.remote_address,
    request_head = excluded.request_head, response_head = excluded.response_head,
    response_body = excluded.response_body, response_truncated = excluded.response_truncated
WHERE webhooks_attempt.error_kind = 'interrupted'
"""

# Seldom more than a write in ten seconds for each webhook; gives those that somebody else holds.
# Its COMMIT is not waited for: the next success tells what a crash of the server has undone.
SUCCEEDED = """
WITH needing AS MATERIALIZED (
  SELECT w.id, w.generation, told.moment
  FROM (SELECT set_config('synchronous_commit', 'off', true)) AS quick,
       (SELECT id, generation, statement_timestamp() - seconds * interval '1 second' AS moment
        FROM unnest(%(ids)b::bigint[], %(seconds)b::float8[], %(generations)b::int[])
          AS told(id, seconds, generation)) AS told
  JOIN webhooks_webhook w ON w.id = told.id AND w.generation = told.generation
  WHERE w.failing_since <= told.moment OR w.last_success_at IS NULL
    OR w.last_success_at < told.moment - interval '10 seconds'
), mine AS MATERIALIZED (
  SELECT needing.* FROM needing CROSS JOIN LATERAL (
    SELECT w.id FROM webhooks_webhook w WHERE w.id = needing.id FOR UPDATE SKIP LOCKED
  ) AS free
), written AS (
  UPDATE webhooks_webhook w
  SET failing_since = CASE WHEN w.failing_since > mine.moment THEN w.failing_since END,
      last_success_at = greatest(w.last_success_at, mine.moment)
  FROM mine WHERE w.id = mine.id AND w.generation = mine.generation
)
SELECT id FROM needing EXCEPT SELECT id FROM mine
"""
FAILED = f"""
UPDATE webhooks_webhook
SET failing_since = coalesce(failing_since, statement_timestamp()),
    last_failure_at = statement_timestamp()
WHERE id = ANY(%s)
  AND (failing_since IS NULL OR last_failure_at IS NULL
       OR last_failure_at < statement_timestamp() - interval '{LAST_FAILURE_SECONDS} seconds'
       OR failing_since <= statement_timestamp() - interval '{FAILING_DAYS} days')
"""
# A receiver that asks to be left alone is, until the last moment that it has asked for: an answer
# that was under way when it did may ask for less.
ASKED_TO_WAIT = """
UPDATE webhooks_webhook w
SET asked_to_wait_until = greatest(
  w.asked_to_wait_until, statement_timestamp() + asked.seconds * interval '1 second')
FROM unnest(%(ids)s::bigint[], %(generations)s::int[], %(seconds)s::float8[])
  AS asked(id, generation, seconds)
WHERE w.id = asked.id AND w.generation = asked.generation
"""


class PostgresqlQueue:
    def due(self, after_lane: int = START) -> Due:
        with engine_cursor() as cursor:
            cursor.execute(DUE, {"after": after_lane, "most": MOST_LANES}, prepare=True)
            return look([Seen(*row) for row in cursor.fetchall()])

    def claim(
        self, rooms: Sequence[tuple[int, int]], limit: int, most_bytes: int = MOST_BYTES
    ) -> Taken:
        limited = [-lane for lane, _ in rooms if lane < 0]
        with (
            transaction.atomic() if limited else contextlib.nullcontext(),
            engine_cursor() as cursor,
        ):
            rates: list[tuple[int, int | None, datetime | None, datetime]] = []
            if limited:
                # Locked until COMMIT: no two workers spend the same allowance.
                cursor.execute(LOCK_LIMITED, [limited])
                rates = cursor.fetchall()
            found = self._take(cursor, within(free(rooms, rates), rates), limit, most_bytes)
            aside = [row for row in found if is_astray(row)]
            skipped = {row[0] for row in aside}
            taken = Counter(row[4] for row in found if row[0] not in skipped)
            for next_at, webhook_id in spent(rates, taken):
                cursor.execute(LIMITED, [next_at, webhook_id])
        if aside:
            with engine_cursor() as cursor:
                # In a transaction of its own: whoever disables locks the webhook first and its
                # deliveries second, as this does.
                cursor.execute(
                    PUT_ASIDE,
                    {"webhooks": [row[4] for row in aside], "ids": [row[0] for row in aside]},
                )
                done = {id for (id,) in cursor.fetchall()}
                held = [(row[0], row[1]) for row in aside if row[0] not in done]
                if held:
                    _give_back(cursor, held, seconds=1)
        return Taken(
            [Claimed(*row[:17]) for row in found if row[0] not in skipped],
            [row[15] for row in aside],
        )

    def _take(
        self,
        cursor: psycopg.Cursor[TupleRow],
        rooms: Sequence[tuple[int, int]],
        limit: int,
        most_bytes: int,
    ) -> list[TupleRow]:
        if not rooms:
            return []
        cursor.execute(
            CLAIM,
            {
                "lanes": [lane for lane, _ in rooms],
                "rooms": [room for _, room in rooms],
                "limit": limit,
                "bytes": most_bytes,
                "lease": LEASE_SECONDS,
                "interrupted": INTERRUPTED_SENTENCE,
            },
            binary=True,
            prepare=True,
        )
        return cursor.fetchall()

    def put_off(self, lanes: Sequence[int]) -> int:
        with engine_cursor(MOST_PUT_OFF) as cursor:
            asked = {"lanes": list(lanes), "most": MOST_PUT_OFF, "seconds": BLOCKED_SECONDS}
            cursor.execute(PUT_OFF, asked, prepare=True)
            return cursor.rowcount

    def claim_again(self, claimed: Collection[Claimed]) -> None:
        with engine_cursor() as cursor:
            cursor.execute(
                CLAIM_AGAIN,
                {
                    "ids": [one.delivery_id for one in claimed],
                    "numbers": [one.number for one in claimed],
                    "lease": LEASE_SECONDS,
                    "interrupted": INTERRUPTED_SENTENCE,
                },
            )

    def give_back(self, claimed: Collection[Claimed]) -> None:
        with engine_cursor() as cursor:
            _give_back(cursor, [(one.delivery_id, one.number) for one in claimed])

    def life(self) -> tuple[str, float]:
        with engine_cursor() as cursor:
            cursor.execute(LIFE)
            name, seconds = cursor.fetchall()[0]
            return name, seconds

    def record(
        self, finished: Sequence[Finished], *, were_held: bool = False
    ) -> Sequence[Finished]:
        if finished and not were_held:
            try:
                self._record(finished)
            except OperationalError as error:
                if not _is_locked(error):
                    raise
            else:
                return []
        return self._record_free(finished) if finished else []

    def _record_free(self, finished: Sequence[Finished]) -> list[Finished]:
        """Record those that nobody else holds; returns the others."""
        with transaction.atomic(), engine_cursor() as cursor:
            ids = [one.claimed.delivery_id for one in finished]
            cursor.execute(LOCK_FREE, [ids])
            mine = {id for (id,) in cursor.fetchall()}
            cursor.execute(THERE, [ids])
            held = {id for (id,) in cursor.fetchall()} - mine
            left = [one for one in finished if one.claimed.delivery_id in held]
            ready = [one for one in finished if one.claimed.delivery_id not in held]
            try:
                with transaction.atomic():
                    if ready:
                        self._record(ready)
            except OperationalError as error:
                if not _is_locked(error):
                    raise
                # Something else that goes with one of them is held: the next in its conversation.
                left = list(finished)
                cursor.execute(RENEW, {"ids": list(mine), "lease": LEASE_SECONDS})
        if len(left) < len(finished) or len(finished) == 1:
            return left
        half = len(finished) // 2
        return [*self._record_free(finished[:half]), *self._record_free(finished[half:])]

    def _record(self, finished: Sequence[Finished]) -> None:
        tried = failures_of(finished)
        failed = {webhook_id for webhook_id, _ in tried}
        over = over_in_order(finished)
        together = transaction.atomic() if failed or over else contextlib.nullcontext()
        with together, engine_cursor(BUSY_ROWS if over else len(finished)) as cursor:
            states: dict[int, str] = {}
            failing: list[int] = []
            # Locked, so that a webhook that is being enabled does not leave a row behind, and that
            # whoever changes what waits for it and FOLLOW do not wait for each other.
            if locked := {*failed, *(one.webhook_id for one in over)}:
                cursor.execute(
                    LOCK_WEBHOOKS.format("UPDATE" if failed else "SHARE"), [list(locked)]
                )
                found = cursor.fetchall()
                states = {id: status for id, status, _ in found}
                failing = [id for id, _, generation in found if (id, generation) in tried]
            cursor.execute(RECORD, _columns(finished, states), prepare=True)
            if over:
                cursor.execute(
                    FOLLOW,
                    {
                        "ids": [one.delivery_id for one in over],
                        "webhooks": [one.webhook_id for one in over],
                        "conversations": [one.conversation for one in over],
                    },
                    prepare=True,
                )
            if failing:
                cursor.execute(FAILED, [failing])
            if asked := asked_to_wait(finished):
                cursor.execute(
                    ASKED_TO_WAIT,
                    {
                        "ids": [webhook_id for webhook_id, _ in asked],
                        "generations": [generation for _, generation in asked],
                        "seconds": list(asked.values()),
                    },
                )

    def tell(self, successes: Sequence[Success]) -> Collection[int]:
        ordered = sorted(successes)
        with engine_cursor() as cursor:
            cursor.execute(
                SUCCEEDED,
                {
                    "ids": [one.webhook_id for one in ordered],
                    "seconds": [one.seconds_ago for one in ordered],
                    "generations": [one.generation for one in ordered],
                },
                prepare=True,
            )
            return {id for (id,) in cursor.fetchall()}


def _give_back(
    cursor: psycopg.Cursor[TupleRow], claims: Sequence[tuple[int, int]], seconds: float = 0
) -> None:
    """Undo claims, by delivery and number; what was claimed is due in so many seconds."""
    ids, numbers = map(list, zip(*claims, strict=True))
    cursor.execute(GIVE_BACK, {"ids": ids, "numbers": numbers, "seconds": seconds})


def _is_locked(error: OperationalError) -> bool:
    """Whether a statement waited in vain for a row that somebody else holds."""
    # 55P03: lock_not_available.
    return getattr(error.__cause__, "sqlstate", "") == "55P03"


# What a row of _row() has.
COLUMNS = (
    *("id", "number", "status", "failures", "delay", "started_at", "duration_ms", "status_code"),
    *("error_kind", "error", "url", "remote_address", "request_head", "response_head"),
    *("response_body", "response_truncated"),
)


def _columns(finished: Sequence[Finished], states: Mapping[int, str]) -> dict[str, list[Any]]:
    rows = [_row(one, states) for one in finished]
    return dict(zip(COLUMNS, map(list, zip(*rows, strict=True)), strict=True))


def _row(finished: Finished, states: Mapping[int, str]) -> tuple[Any, ...]:
    claimed, outcome = finished.claimed, finished.outcome
    return (
        claimed.delivery_id,
        claimed.number,
        moved(finished, states.get(claimed.webhook_id, "active")),
        finished.failures,
        float(finished.delay_seconds),
        finished.started_at,
        outcome.duration_ms,
        outcome.status_code,
        outcome.error_kind,
        outcome.error.replace("\0", "\ufffd"),
        finished.url,
        outcome.remote_address,
        finished.request_head,
        outcome.response_head,
        outcome.response_body,
        outcome.response_truncated,
    )
