"""PostgreSQL's statements that claim, keep claims and undo them, and let a conversation go on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from webhooks.binary_arrays import bigints, integers, moments
from webhooks.queue import (
    BLOCKED_SECONDS,
    INTERRUPTED_SENTENCE,
    LEASE_SECONDS,
    MOMENT_SECONDS,
    Offer,
)
from webhooks.queue_postgresql_look import LONG_AGO

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
# after, and finds what waits. Where it cannot be locked, the one behind is out of the way for a
# moment only: whoever holds the lock may be about to end it. Of `due` those that are blocked come
# first: what this statement has changed it cannot lock any more.
# No previous secrets are NULL: reading them from JSON took a tenth of the worker's time.
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
  SELECT seen.id, greatest(
           f.due_at, statement_timestamp() + %(blocked)s * interval '1 second') AS until
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
  SELECT id, ctid, lease_until AS lost_lease, attempts, due_at, body, 'lease' AS wait,
         statement_timestamp() + %(lease)s * interval '1 second' AS until
  FROM (
    SELECT *, sum(octet_length(body)) OVER (ORDER BY turn, id) - octet_length(body) AS before
    FROM found WHERE turn <= room
  ) AS f
  WHERE before < %(bytes)s
  ORDER BY turn, id LIMIT %(limit)s
), due AS MATERIALIZED (
  SELECT s.id, s.ctid, s.lease_until AS lost_lease, s.attempts, s.due_at, NULL::bytea AS body,
         CASE WHEN b.id IS NULL THEN 'time' ELSE 'turn' END AS wait,
         coalesce(b.until, statement_timestamp() + %(moment)s * interval '1 second') AS until
  FROM seen s LEFT JOIN blocked b ON b.id = s.id
  WHERE s.front IS NOT NULL
  UNION ALL
  SELECT * FROM chosen
), lost AS (
  {LOST}
)
UPDATE webhooks_delivery d
SET attempts = d.attempts + CASE due.wait WHEN 'lease' THEN 1 ELSE 0 END,
    wait = due.wait, due_at = due.until,
    lease_until = CASE due.wait WHEN 'lease' THEN due.until END
FROM due, webhooks_webhook w
WHERE d.ctid = due.ctid AND w.id = d.webhook_id
RETURNING d.id, d.attempts, d.failures, w.endpoint_id, d.webhook_id, d.account_id, d.event_id,
          due.body, w.url, w.encrypted_secret, nullif(w.previous_secrets, '[]'), w.generation,
          w.standard_headers, w.retry_schedule, d.is_test, d.simulate,
          d.conversation, w.status, due.due_at, due.wait <> 'lease'
"""

# What comes after a delivery that is not in front any more, in its conversation.
NEXT = f"""
  SELECT behind.id, over.id AS after
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
"""
# One that waits for its own retry goes on waiting.
FOLLOW = f"""
WITH next AS MATERIALIZED ({NEXT})
UPDATE webhooks_delivery d SET wait = '', due_at = statement_timestamp()
FROM next WHERE d.id = next.id AND d.status || '' = 'pending' AND d.wait || '' = 'turn'
RETURNING d.webhook_id, d.account_id
"""
# Lock what FOLLOW would make ready; gives those after which somebody else holds it.
LOCK_NEXT = f"""
WITH next AS MATERIALIZED (
  SELECT next.* FROM ({NEXT}) AS next JOIN webhooks_delivery d ON d.id = next.id
  WHERE d.wait || '' = 'turn'
), mine AS MATERIALIZED (
  SELECT next.after FROM next CROSS JOIN LATERAL (
    SELECT d.id FROM webhooks_delivery d WHERE d.id = next.id FOR UPDATE SKIP LOCKED
  ) AS free
)
SELECT after FROM next EXCEPT SELECT after FROM mine
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
WITH mine AS (
  SELECT d.id FROM webhooks_delivery d
  JOIN unnest(%(ids)s::bigint[], %(numbers)s::int[]) AS r(id, number) ON r.id = d.id
  WHERE d.attempts = r.number AND d.status || '' = 'pending' AND d.lease_until IS NOT NULL
  ORDER BY d.id
  FOR UPDATE OF d SKIP LOCKED
)
UPDATE webhooks_delivery d
SET lease_until = statement_timestamp() + %(lease)s * interval '1 second',
    due_at = statement_timestamp() + %(lease)s * interval '1 second'
FROM mine WHERE d.id = mine.id
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
FROM stopped w, unnest(%(ids)s::bigint[], %(numbers)s::int[]) AS r(id, number)
WHERE w.id = d.webhook_id AND d.id = r.id AND d.attempts = r.number AND d.status = 'pending'
RETURNING d.id
"""


def claim_values(offers: Sequence[Offer], limit: int, most_bytes: int) -> dict[str, Any]:
    """What CLAIM takes."""
    return {
        "webhooks": bigints([offer.webhook_id for offer in offers]),
        "accounts": bigints([offer.account_id for offer in offers]),
        "rooms": integers([offer.room for offer in offers]),
        "windows": integers([offer.window for offer in offers]),
        "since": moments([offer.since or LONG_AGO for offer in offers]),
        "limit": limit,
        "bytes": most_bytes,
        "lease": LEASE_SECONDS,
        "blocked": BLOCKED_SECONDS,
        "moment": MOMENT_SECONDS,
        "interrupted": INTERRUPTED_SENTENCE,
    }
