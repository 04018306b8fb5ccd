"""PostgreSQL's statements that write down what became of attempts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from webhooks.binary_arrays import (
    Array,
    bigints,
    booleans,
    byteas,
    doubles,
    integers,
    moments,
    smallints,
    texts,
)
from webhooks.queue import FAILING_DAYS, LAST_FAILURE_SECONDS, Finished, moved

# In one order, whoever locks them. Nobody waits for one that somebody else holds, and may have
# forgotten: its retries stay pending, and a claim looks at the webhook as it is then.
LOCK_WEBHOOKS = """
SELECT id, status, generation FROM webhooks_webhook WHERE id = ANY(%s) ORDER BY id
FOR UPDATE SKIP LOCKED
"""

# Of deliveries, those that nobody else holds, and all that there are.
LOCK_FREE = "SELECT id FROM webhooks_delivery WHERE id = ANY(%s) ORDER BY id FOR UPDATE SKIP LOCKED"
THERE = "SELECT id FROM webhooks_delivery WHERE id = ANY(%s)"
# The same of webhooks.
LOCK_FREE_WEBHOOKS = """
SELECT id FROM webhooks_webhook WHERE id = ANY(%s) ORDER BY id FOR UPDATE SKIP LOCKED
"""
THERE_WEBHOOKS = "SELECT id FROM webhooks_webhook WHERE id = ANY(%s)"

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
  SET status = r.status, failures = r.failures, lease_until = NULL, wait = 'time',
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


# What a row of _row() has, and how it is sent.
COLUMNS: Final[dict[str, Callable[[Sequence[Any]], Array]]] = {
    "id": bigints,
    "number": integers,
    "status": texts,
    "failures": integers,
    "delay": doubles,
    "started_at": moments,
    "duration_ms": integers,
    "status_code": smallints,
    "error_kind": texts,
    "error": texts,
    "url": texts,
    "remote_address": texts,
    "request_head": byteas,
    "response_head": byteas,
    "response_body": byteas,
    "response_truncated": booleans,
}


def columns(finished: Sequence[Finished], states: Mapping[int, str]) -> dict[str, Array]:
    by_row = [_row(one, states) for one in finished]
    by_column = zip(*by_row, strict=True)
    return {
        name: make(column) for (name, make), column in zip(COLUMNS.items(), by_column, strict=True)
    }


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
