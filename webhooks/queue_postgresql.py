"""The queue on PostgreSQL: a statement each to look, to claim and to record."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import psycopg
from django.db import OperationalError, transaction
from psycopg.rows import TupleRow

from webhooks.engine_cursor import BUSY_ROWS, engine_cursor
from webhooks.limits import MOST_BYTES
from webhooks.queue import (
    BLOCKED_SECONDS,
    CLAIMED_COLUMNS,
    FAILING_DAYS,
    INTERRUPTED_SENTENCE,
    LAST_FAILURE_SECONDS,
    LEASE_SECONDS,
    MOST_FRESH,
    MOST_LANES,
    MOST_RIPE,
    Claimed,
    ClaimedRow,
    Due,
    Finished,
    Lane,
    Limited,
    Look,
    Offer,
    Over,
    Ripe,
    Seen,
    Success,
    Taken,
    asked_to_wait,
    failures_of,
    free,
    moved,
    over_in_order,
    sort_out,
    sort_taken,
    spent,
    within,
)

# A loose index scan, which PostgreSQL has none of its own: from one account to the next in the
# index of what is ready, and within each from one webhook to the next, so that 100,000 ready
# deliveries of a webhook cost one step, and 10,000 webhooks of an account cost the others nothing.
LOOK = """
WITH RECURSIVE account(id, step) AS (
  (SELECT account_id, 1 FROM webhooks_delivery
   WHERE %(sweep)s AND status = 'pending' AND wait = '' AND account_id > %(after_account)s
   ORDER BY account_id, webhook_id, due_at LIMIT 1)
  UNION ALL
  SELECT next.account_id, step + 1
  FROM account CROSS JOIN LATERAL (
    SELECT d.account_id FROM webhooks_delivery d
    WHERE d.status = 'pending' AND d.wait = '' AND d.account_id > account.id
    ORDER BY d.account_id, d.webhook_id, d.due_at LIMIT 1
  ) next
  WHERE step < %(most)s
), each AS MATERIALIZED (
  SELECT greatest(1, %(most)s / greatest(1, count(*)))::int AS most FROM account
), fresh AS MATERIALIZED (
  SELECT id, account_id, webhook_id, status = 'pending' AND wait = '' AS is_ready
  FROM webhooks_delivery WHERE id > %(fresh_after)s ORDER BY id LIMIT %(most_fresh)s
), found AS (
  SELECT account.id AS account_id, swept.id AS webhook_id, true AS by_sweep
  FROM account
  LEFT JOIN LATERAL (
    SELECT c.webhook FROM unnest(%(accounts)s::bigint[], %(cursors)s::bigint[])
      AS c(account, webhook)
    WHERE c.account = account.id
  ) c ON true
  LEFT JOIN LATERAL (
    WITH RECURSIVE lane(id, step) AS (
      (SELECT d.webhook_id, 1 FROM webhooks_delivery d
       WHERE d.status = 'pending' AND d.wait = '' AND d.account_id = account.id
         AND d.webhook_id > coalesce(c.webhook, 0)
       ORDER BY d.webhook_id, d.due_at LIMIT 1)
      UNION ALL
      SELECT next.webhook_id, step + 1
      FROM lane CROSS JOIN LATERAL (
        SELECT d.webhook_id FROM webhooks_delivery d
        WHERE d.status = 'pending' AND d.wait = '' AND d.account_id = account.id
          AND d.webhook_id > lane.id
        ORDER BY d.webhook_id, d.due_at LIMIT 1
      ) next
      WHERE step < (SELECT most FROM each)
    )
    SELECT id FROM lane
  ) swept ON true
  UNION ALL
  SELECT account_id, webhook_id, false FROM fresh WHERE is_ready GROUP BY 1, 2
  UNION ALL
  SELECT account_id, id, false
  FROM unnest(%(known)s::bigint[], %(known_accounts)s::bigint[]) AS k(id, account_id)
)
SELECT found.by_sweep, found.account_id, found.webhook_id, w.endpoint_id, w.generation,
       e.held_since IS NOT NULL, w.held_since IS NOT NULL, w.rate_limit IS NOT NULL,
       extract(epoch FROM w.asked_to_wait_until)::float8,
       coalesce(extract(epoch FROM greatest(
           e.held_until, w.held_until,
           CASE WHEN w.rate_limit > 0 THEN w.rate_next_at END,
           CASE WHEN w.asked_to_wait_until > statement_timestamp() THEN CASE WHEN (
             SELECT NOT d.is_test FROM webhooks_delivery d
             WHERE d.status = 'pending' AND d.wait = '' AND d.account_id = found.account_id
               AND d.webhook_id = found.webhook_id ORDER BY d.due_at LIMIT 1
           ) THEN w.asked_to_wait_until END END
         ) - statement_timestamp())::float8, 0),
       extract(epoch FROM statement_timestamp())::float8, clock.ripe, clock.fresh, clock.last_id,
       clock.most
FROM (
  SELECT (SELECT most FROM each) AS most, (SELECT count(*) FROM fresh) AS fresh,
         (SELECT max(id) FROM webhooks_delivery) AS last_id,
         (SELECT extract(epoch FROM due_at - statement_timestamp())::float8
          FROM webhooks_delivery
          WHERE status = 'pending' AND wait IN ('time', 'turn') AND due_at > %(ripe_after)s
          ORDER BY due_at LIMIT 1) AS ripe
) AS clock
LEFT JOIN found ON true
LEFT JOIN webhooks_webhook w ON w.id = found.webhook_id
LEFT JOIN webhooks_endpoint e ON e.id = w.endpoint_id
"""

# What waited for a time, in the order of its index. Leases have one of their own: each claim puts
# an entry into it, which nobody may clear away while a transaction is open elsewhere.
RIPEN = """
UPDATE webhooks_delivery d SET wait = ''
FROM (
  SELECT ctid FROM webhooks_delivery
  WHERE status = 'pending' AND {waits} AND due_at > %(after)s
    AND due_at <= statement_timestamp()
  ORDER BY due_at LIMIT %(most)s
  FOR UPDATE SKIP LOCKED
) ripe
WHERE d.ctid = ripe.ctid
RETURNING d.webhook_id, d.account_id, d.due_at
"""
RIPEN_WAITING = RIPEN.format(waits="wait IN ('time', 'turn')")
RIPEN_LEASED = RIPEN.format(waits="wait = 'lease'")

# The webhooks that lead where {webhook} does, itself included; three at most, one for each event.
SIBLINGS = """
SELECT sibling.id FROM webhooks_webhook own
JOIN webhooks_webhook sibling
  ON sibling.chatbot_id = own.chatbot_id AND sibling.url_key = own.url_key
  AND NOT (sibling.status = 'deleted')
WHERE own.id = {webhook}
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

# What a delivery `d` of a conversation that is kept in order waits for: an earlier one of any
# webhook of its chatbot that leads to the same URL. What waits for a disabled webhook lets the
# others pass. Asked for one with LIMIT, never by EXISTS, of which a plan may make a join that reads
# all.
EARLIER = f"""
    FROM ({SIBLINGS.format(webhook="d.webhook_id")}) AS sibling
    CROSS JOIN LATERAL (
      SELECT earlier.id, earlier.ctid FROM webhooks_delivery earlier
      WHERE earlier.webhook_id = sibling.id
        AND earlier.conversation = d.conversation AND earlier.conversation <> ''
        AND earlier.status IN ('pending', 'held') AND earlier.id < d.id
        AND (earlier.status || '' = 'pending' OR sibling.id = d.webhook_id)
      ORDER BY earlier.id LIMIT 1
    ) AS front
"""

# One statement, so one transaction. That its COMMIT is not waited for (synchronous_commit) loses
# nothing: a claim that a crash of the server undoes leaves the row ready.
# The rows are locked, so that they stay where they are (ctid) until they are changed. Of what was
# found, the webhooks in turn, so much is taken that the bodies come to %(bytes)s, the last one
# going over it: what a body has costs no reading of it.
# A delivery with another in front of it waits for its turn, until go_on_after makes it ready. The
# one in front is locked for that: whoever ends it does so before, and it is in front no more, or
# after, and finds what waits. Where it cannot be locked, nothing is done to the one behind.
CLAIM = f"""
WITH seen AS MATERIALIZED (
  SELECT d.*, l.room, w.may_leave,
         CASE WHEN d.conversation = '' THEN NULL
              ELSE (SELECT front.id {EARLIER} ORDER BY front.id LIMIT 1) END AS front
  FROM (SELECT set_config('synchronous_commit', 'off', true)) AS quick
  CROSS JOIN unnest(
    %(webhooks)b::bigint[], %(accounts)b::bigint[], %(rooms)b::int[], %(windows)b::int[],
    %(since)b::timestamptz[]) AS l(id, account_id, room, look_at, since)
  CROSS JOIN LATERAL (
    SELECT coalesce(w.asked_to_wait_until <= statement_timestamp(), true) AS may_leave
    FROM webhooks_webhook w WHERE w.id = l.id
  ) w
  CROSS JOIN LATERAL (
    SELECT id, ctid, lease_until, attempts, webhook_id, conversation, event_id, due_at, is_test
    FROM webhooks_delivery
    WHERE status = 'pending' AND wait = '' AND account_id = l.account_id AND webhook_id = l.id
      AND due_at >= l.since
    ORDER BY due_at
    LIMIT l.look_at
    FOR UPDATE SKIP LOCKED
  ) d
), blocked AS MATERIALIZED (
  SELECT seen.id, seen.ctid, seen.lease_until, seen.attempts, seen.due_at, f.due_at AS until
  FROM seen CROSS JOIN LATERAL (
    SELECT f.due_at FROM webhooks_delivery f
    WHERE f.id = seen.front AND f.status || '' IN ('pending', 'held')
    FOR SHARE SKIP LOCKED
  ) AS f
  WHERE seen.front IS NOT NULL
), found AS MATERIALIZED (
  SELECT seen.*, (SELECT e.body FROM chatbots_event e WHERE e.id = seen.event_id) AS body,
         row_number() OVER (PARTITION BY webhook_id ORDER BY due_at, id) AS turn
  FROM seen WHERE front IS NULL AND (is_test OR may_leave)
), chosen AS MATERIALIZED (
  SELECT id, ctid, lease_until AS lost_lease, attempts, due_at, body, false AS is_blocked,
         statement_timestamp() AS until
  FROM (
    SELECT *, sum(octet_length(body)) OVER (ORDER BY turn, id) - octet_length(body) AS before
    FROM found WHERE turn <= room
  ) AS f
  WHERE before < %(bytes)s
  ORDER BY turn, id LIMIT %(limit)s
), due AS MATERIALIZED (
  -- Those that are blocked come first: what this statement has changed it cannot lock any more.
  SELECT id, ctid, lease_until AS lost_lease, attempts, due_at, NULL::bytea AS body,
         true AS is_blocked, until
  FROM blocked
  UNION ALL
  SELECT * FROM chosen
), lost AS (
  {LOST}
)
UPDATE webhooks_delivery d
SET attempts = d.attempts + CASE WHEN due.is_blocked THEN 0 ELSE 1 END,
    wait = CASE WHEN due.is_blocked THEN 'turn' ELSE 'lease' END,
    lease_until = CASE WHEN due.is_blocked THEN NULL
                  ELSE statement_timestamp() + %(lease)s * interval '1 second' END,
    due_at = greatest(
      due.until,
      statement_timestamp()
      + CASE WHEN due.is_blocked THEN %(blocked)s ELSE %(lease)s END * interval '1 second')
FROM due, webhooks_webhook w
WHERE d.ctid = due.ctid AND w.id = d.webhook_id
RETURNING d.id, d.attempts, d.failures, w.endpoint_id, d.webhook_id, d.account_id, d.event_id,
          due.body, w.url, w.encrypted_secret, w.previous_secrets, w.generation,
          w.standard_headers, w.retry_schedule, d.is_test, d.simulate,
          d.conversation, w.status, due.due_at, due.is_blocked
"""

# What comes after a delivery that is not in front any more, in its conversation. One that waits for
# its own retry goes on waiting.
FOLLOW = f"""
WITH next AS MATERIALIZED (
  SELECT behind.id
  FROM unnest(%(ids)b::bigint[], %(webhooks)b::bigint[], %(conversations)b::text[])
    AS over(id, webhook_id, conversation)
  CROSS JOIN LATERAL (
    SELECT behind.id
    FROM ({SIBLINGS.format(webhook="over.webhook_id")}) AS sibling
    CROSS JOIN LATERAL (
      SELECT b.id FROM webhooks_delivery b
      WHERE b.webhook_id = sibling.id AND b.conversation = over.conversation
        AND b.conversation <> '' AND b.status IN ('pending', 'held') AND b.id > over.id
        AND b.status || '' = 'pending'
      ORDER BY b.id LIMIT 1
    ) AS behind
    ORDER BY behind.id LIMIT 1
  ) AS behind
)
UPDATE webhooks_delivery d SET wait = '', due_at = statement_timestamp()
FROM next WHERE d.id = next.id AND d.status || '' = 'pending' AND d.wait || '' = 'turn'
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
SET attempts = d.attempts + 1, wait = 'lease',
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
    wait = CASE WHEN %(seconds)s > 0 THEN 'time' ELSE '' END,
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
PUT_ASIDE = """
WITH stopped AS (
  SELECT id, status FROM webhooks_webhook w
  WHERE id = ANY(%(webhooks)s) ORDER BY id FOR UPDATE SKIP LOCKED
)
UPDATE webhooks_delivery d
SET status = CASE WHEN w.status = 'deleted' THEN 'cancelled'
                  WHEN w.status = 'active' OR d.is_test THEN 'pending' ELSE 'held' END,
    finished_at = CASE w.status WHEN 'deleted' THEN statement_timestamp() END,
    wait = '', due_at = statement_timestamp(), lease_until = NULL, attempts = d.attempts - 1
FROM stopped w
WHERE w.id = d.webhook_id AND d.id = ANY(%(ids)s) AND d.status = 'pending'
RETURNING d.id
"""

# In one order, whoever locks them. Nobody waits for one that somebody else holds, and may have
# forgotten: its retries stay pending, and a claim looks at the webhook as it is then.
LOCK_WEBHOOKS = """
SELECT id, status, generation FROM webhooks_webhook WHERE id = ANY(%s) ORDER BY id
FOR UPDATE SKIP LOCKED
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


# As good as any, and PostgreSQL's arrays of times have no infinity that Python knows.
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
NO_ID = 2**63 - 1


class Found(NamedTuple):
    """A row of LOOK: a webhook, or an account in which the sweep found none, or nothing at all; and
    what is the same in all rows."""

    by_sweep: bool | None
    account_id: int | None
    webhook_id: int | None
    endpoint_id: int | None
    generation: int
    is_server_held: bool
    is_held: bool
    has_limit: bool
    asked_until: float | None
    seconds: float
    now: float
    ripe_seconds: float | None
    fresh: int
    last_id: int | None
    most_each: int

    @property
    def lane(self) -> Lane | None:
        if self.webhook_id is None or self.account_id is None or self.endpoint_id is None:
            return None
        return Lane(
            self.webhook_id,
            self.account_id,
            self.endpoint_id,
            self.generation,
            self.is_server_held,
            self.is_held,
            self.has_limit,
            self.asked_until is not None and self.asked_until > self.now,
            self.asked_until,
        )


def look_values(look: Look) -> dict[str, Any]:
    """What LOOK takes."""
    return {
        "sweep": look.sweep,
        "after_account": look.after_account,
        "accounts": list(look.cursors),
        "cursors": list(look.cursors.values()),
        "fresh_after": NO_ID if look.fresh_after is None else look.fresh_after,
        "known": list(look.known),
        "known_accounts": list(look.known.values()),
        "ripe_after": look.ripe_after or LONG_AGO,
        "most": MOST_LANES,
        "most_fresh": MOST_FRESH,
    }


def claim_values(offers: Sequence[Offer], limit: int, most_bytes: int) -> dict[str, Any]:
    """What CLAIM takes."""
    return {
        "webhooks": [offer.webhook_id for offer in offers],
        "accounts": [offer.account_id for offer in offers],
        "rooms": [offer.room for offer in offers],
        "windows": [offer.window for offer in offers],
        "since": [offer.since or LONG_AGO for offer in offers],
        "limit": limit,
        "bytes": most_bytes,
        "lease": LEASE_SECONDS,
        "blocked": BLOCKED_SECONDS,
        "interrupted": INTERRUPTED_SENTENCE,
    }


class PostgresqlQueue:
    def look(self, look: Look) -> Due:
        with engine_cursor() as cursor:
            cursor.execute(LOOK, look_values(look), prepare=True)
            rows = [Found(*row) for row in cursor.fetchall()]
        first = rows[0]
        due = Due(
            [],
            [],
            ripe_seconds=first.ripe_seconds,
            most_each=first.most_each,
            fresh=first.fresh,
            last_id=first.last_id or 0,
            now=first.now,
        )
        seen = {}
        for row in rows:
            if row.by_sweep and row.account_id is not None:
                of_account = due.swept.setdefault(row.account_id, [])
                if row.webhook_id is not None:
                    of_account.append(row.webhook_id)
            if (lane := row.lane) is not None:
                seen[lane.webhook_id] = Seen(lane, row.seconds)
        due.more_accounts = len(due.swept) >= MOST_LANES
        return sort_out(seen.values(), due)

    def ripen(self, after: datetime | None) -> Ripe:
        return self._ripen(RIPEN_WAITING, after)

    def ripen_lost(self, after: datetime | None) -> Ripe:
        return self._ripen(RIPEN_LEASED, after)

    def _ripen(self, sql: str, after: datetime | None) -> Ripe:
        with engine_cursor(BUSY_ROWS) as cursor:
            cursor.execute(sql, {"after": after or LONG_AGO, "most": MOST_RIPE}, prepare=True)
            rows = cursor.fetchall()
        until = max((due_at for *_, due_at in rows), default=None)
        return Ripe({webhook: account for webhook, account, _ in rows}, len(rows), until)

    def claim(self, offers: Sequence[Offer], limit: int, most_bytes: int = MOST_BYTES) -> Taken:
        limited = [offer.webhook_id for offer in offers if offer.has_limit]
        with (
            transaction.atomic() if limited else contextlib.nullcontext(),
            engine_cursor() as cursor,
        ):
            rates: list[Limited] = []
            if limited:
                # Locked until COMMIT: no two workers spend the same allowance.
                cursor.execute(LOCK_LIMITED, [limited])
                rates = cursor.fetchall()
            found = self._take(cursor, within(free(offers, rates), rates), limit, most_bytes)
            aside = [row for row in found if row.is_astray]
            taken = Counter(row.claimed.webhook_id for row in found if row.is_taken)
            for next_at, webhook_id in spent(rates, taken):
                cursor.execute(LIMITED, [next_at, webhook_id])
        if aside:
            with engine_cursor() as cursor:
                # In a transaction of its own: whoever disables locks the webhook first and its
                # deliveries second, as this does.
                cursor.execute(
                    PUT_ASIDE,
                    {
                        "webhooks": [row.claimed.webhook_id for row in aside],
                        "ids": [row.claimed.delivery_id for row in aside],
                    },
                )
                done = {id for (id,) in cursor.fetchall()}
                claims = [(row.claimed.delivery_id, row.claimed.number) for row in aside]
                if held := [claim for claim in claims if claim[0] not in done]:
                    _give_back(cursor, held, seconds=1)
        return sort_taken(found)

    def _take(
        self,
        cursor: psycopg.Cursor[TupleRow],
        offers: Sequence[Offer],
        limit: int,
        most_bytes: int,
    ) -> list[ClaimedRow]:
        if not offers:
            return []
        cursor.execute(
            CLAIM,
            claim_values(offers, limit, most_bytes),
            binary=True,
            prepare=True,
        )
        return [
            ClaimedRow(Claimed(*row[:CLAIMED_COLUMNS]), *row[CLAIMED_COLUMNS:])
            for row in cursor.fetchall()
        ]

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
        failed = sorted({webhook_id for webhook_id, _ in tried})
        is_in_order = any(one.claimed.conversation for one in finished)
        together = transaction.atomic() if failed or is_in_order else contextlib.nullcontext()
        with together, engine_cursor(BUSY_ROWS if is_in_order else len(finished)) as cursor:
            states: dict[int, str] = {}
            failing: list[int] = []
            if failed:
                # Locked, so that a webhook that is being enabled does not leave a row behind.
                cursor.execute(LOCK_WEBHOOKS, [failed])
                found = cursor.fetchall()
                states = {id: status for id, status, _ in found}
                failing = [id for id, _, generation in found if (id, generation) in tried]
            cursor.execute(RECORD, _columns(finished, states), prepare=True)
            self._go_on_after(cursor, over_in_order(finished, states))
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

    def go_on_after(self, over: Sequence[Over]) -> None:
        with engine_cursor(BUSY_ROWS) as cursor:
            self._go_on_after(cursor, over)

    def _go_on_after(self, cursor: psycopg.Cursor[TupleRow], over: Sequence[Over]) -> None:
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
