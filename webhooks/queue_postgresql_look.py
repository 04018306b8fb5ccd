"""PostgreSQL's statements that find ready work, and make ready what waited for a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from webhooks.binary_arrays import bigints
from webhooks.queue import MOST_FRESH, MOST_LANES, Due, Lane, Look, Seen, sort_out

# A loose index scan, which PostgreSQL has none of its own: from one account to the next in the
# index of what is ready, and within each from one webhook to the next, so that 100,000 ready
# deliveries of a webhook cost one step, and 10,000 webhooks of an account cost the others nothing.
# What is the same for all comes once, in the first row: each value more takes Python as long as it
# takes the database.
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
  WHERE step < %(most_accounts)s
), each AS MATERIALIZED (
  SELECT greatest(1, %(most)s / greatest(1, count(*)))::int AS most FROM account
), fresh AS MATERIALIZED (
  SELECT id, account_id, webhook_id, status = 'pending' AND wait = '' AS is_ready
  FROM webhooks_delivery WHERE id > %(fresh_after)s ORDER BY id LIMIT %(most_fresh)s
), found AS (
  SELECT account.id AS account_id, swept.id AS webhook_id, true AS by_sweep
  FROM account
  LEFT JOIN LATERAL (
    SELECT c.webhook FROM unnest(%(accounts)b::bigint[], %(cursors)b::bigint[])
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
  FROM unnest(%(known)b::bigint[], %(known_accounts)b::bigint[]) AS k(id, account_id)
)
SELECT found.is_first, found.by_sweep, found.webhook_id, found.account_id, w.endpoint_id,
       w.generation, e.held_since IS NOT NULL, w.held_since IS NOT NULL,
       w.rate_limit IS NOT NULL, coalesce(w.asked_to_wait_until > statement_timestamp(), false),
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
       CASE WHEN is_first THEN extract(epoch FROM statement_timestamp())::float8 END,
       CASE WHEN is_first THEN (
         SELECT extract(epoch FROM due_at - statement_timestamp())::float8
         FROM webhooks_delivery
         WHERE status = 'pending' AND wait IN ('time', 'turn') AND due_at > %(ripe_after)s
         ORDER BY due_at LIMIT 1
       ) END,
       CASE WHEN is_first THEN (SELECT count(*) FROM fresh) END,
       CASE WHEN is_first THEN (SELECT max(id) FROM webhooks_delivery) END,
       CASE WHEN is_first THEN (SELECT most FROM each) END
FROM (
  SELECT true, NULL::bool, NULL::bigint, NULL::bigint
  UNION ALL
  SELECT false, by_sweep, account_id, webhook_id FROM found
) AS found(is_first, by_sweep, account_id, webhook_id)
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

# As good as any, and PostgreSQL's arrays of times have no infinity that Python knows.
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
NO_ID = 2**63 - 1


def due_of(rows: Sequence[tuple[Any, ...]]) -> Due:
    """What the rows of LOOK tell."""
    seen: dict[int, Seen] = {}
    swept: dict[int, list[int]] = {}
    now, ripe_seconds, fresh, last_id, most_each = next(row[12:] for row in rows if row[0])
    for row in rows:
        by_sweep, webhook_id, account_id, endpoint_id = row[1:5]
        if by_sweep:
            # An account that the sweep came by, with a webhook or none.
            of_account = swept.setdefault(account_id, [])
            if webhook_id is not None:
                of_account.append(webhook_id)
        if endpoint_id is not None:
            seen[webhook_id] = Seen(Lane._make(row[2:11]), row[11])
    return sort_out(
        seen.values(),
        Due(
            *([], []),
            ripe_seconds=ripe_seconds,
            swept=swept,
            more_accounts=len(swept) >= MOST_LANES,
            most_each=most_each,
            fresh=fresh,
            last_id=last_id or 0,
            now=now,
        ),
    )


def look_values(look: Look) -> dict[str, Any]:
    """What LOOK takes."""
    return {
        "sweep": look.sweep,
        "after_account": look.after_account,
        "accounts": bigints(list(look.cursors)),
        "cursors": bigints(list(look.cursors.values())),
        "fresh_after": NO_ID if look.fresh_after is None else look.fresh_after,
        "known": bigints(list(look.known)),
        "known_accounts": bigints(list(look.known.values())),
        "ripe_after": look.ripe_after or LONG_AGO,
        "most": look.most,
        "most_accounts": MOST_LANES,
        "most_fresh": MOST_FRESH,
    }
