"""PostgreSQL's statements that find ready work, and make ready what waited for a time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from webhooks.queue import MOST_FRESH, MOST_LANES, Lane, Look

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
