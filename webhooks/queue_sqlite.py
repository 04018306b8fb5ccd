"""The queue on SQLite: one writer at a time, so short transactions and no locks of rows."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain, zip_longest
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from webhooks.limits import MOST_BYTES
from webhooks.queue import (
    BLOCKED_SECONDS,
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
    Recorded,
    Ripe,
    Seen,
    Success,
    Taken,
    asked_to_wait,
    failures_of,
    moved,
    over_in_order,
    over_of,
    sort_out,
    sort_taken,
    spent,
    within,
)

# From one account to the next in the index of what is ready, and from one webhook to the next, as
# queue_postgresql_look.LOOK does.
ACCOUNTS = """
WITH RECURSIVE account(id, step) AS (
  SELECT min(account_id), 1 FROM webhooks_delivery
  WHERE status = 'pending' AND wait = '' AND account_id > %s
  UNION ALL
  SELECT (SELECT min(d.account_id) FROM webhooks_delivery d
          WHERE d.status = 'pending' AND d.wait = '' AND d.account_id > account.id), step + 1
  FROM account WHERE account.id IS NOT NULL AND step < %s
)
SELECT id FROM account WHERE id IS NOT NULL
"""
WEBHOOKS = """
WITH RECURSIVE lane(id, step) AS (
  SELECT min(webhook_id), 1 FROM webhooks_delivery
  WHERE status = 'pending' AND wait = '' AND account_id = %s AND webhook_id > %s
  UNION ALL
  SELECT (SELECT min(d.webhook_id) FROM webhooks_delivery d
          WHERE d.status = 'pending' AND d.wait = '' AND d.account_id = %s
            AND d.webhook_id > lane.id), step + 1
  FROM lane WHERE lane.id IS NOT NULL AND step < %s
)
SELECT id FROM lane WHERE id IS NOT NULL
"""
FRESH = """
SELECT webhook_id, account_id, status = 'pending' AND wait = ''
FROM webhooks_delivery WHERE id > %s ORDER BY id LIMIT %s
"""
LAST = "SELECT max(id) FROM webhooks_delivery"
NEXT_RIPE = """
SELECT min(due_at) FROM webhooks_delivery
WHERE status = 'pending' AND wait IN ('time', 'turn')
"""
STATES = """
SELECT w.id, w.endpoint_id, w.generation, e.held_since IS NOT NULL, w.held_since IS NOT NULL,
       w.rate_limit IS NOT NULL, w.asked_to_wait_until,
       (SELECT d.is_test FROM webhooks_delivery d
        WHERE d.status = 'pending' AND d.wait = '' AND d.account_id = c.account_id
          AND d.webhook_id = w.id ORDER BY d.due_at LIMIT 1),
       e.held_until, w.held_until, CASE WHEN w.rate_limit > 0 THEN w.rate_next_at END
FROM webhooks_webhook w
JOIN webhooks_endpoint e ON e.id = w.endpoint_id
JOIN chatbots_chatbot c ON c.id = w.chatbot_id
WHERE w.id IN ({ids})
"""

RIPE = """
SELECT id, webhook_id, account_id, due_at FROM webhooks_delivery
WHERE status = 'pending' AND {waits} AND due_at <= %s ORDER BY due_at LIMIT %s
"""
RIPEN = "UPDATE webhooks_delivery SET wait = '' WHERE id IN ({ids})"

# The conditions of the index to the letter: SQLite finds it by no other. See
# queue_postgresql_claim.py.
SIBLINGS = """
SELECT sibling.id FROM webhooks_webhook own
JOIN webhooks_webhook sibling
  ON sibling.chatbot_id = own.chatbot_id AND sibling.url_key = own.url_key
  AND NOT (sibling.status = 'deleted')
WHERE own.id = {webhook}
"""
EARLIER = f"""
  SELECT earlier.due_at FROM webhooks_delivery earlier
  WHERE earlier.webhook_id IN ({SIBLINGS.format(webhook="waiting.webhook_id")})
    AND earlier.conversation = waiting.conversation AND NOT (earlier.conversation = '')
    AND earlier.status IN ('pending', 'held') AND earlier.id < waiting.id
    AND (earlier.status = 'pending' OR earlier.webhook_id = waiting.webhook_id)
  ORDER BY earlier.id LIMIT 1
"""
PICK = f"""
SELECT id, lease_until, attempts,
       CASE WHEN conversation = '' THEN NULL ELSE ({EARLIER}) END,
       (SELECT length(body) FROM chatbots_event e WHERE e.id = waiting.event_id)
FROM (
  SELECT * FROM webhooks_delivery
  WHERE status = 'pending' AND wait = '' AND account_id = %s AND webhook_id = %s
  ORDER BY due_at LIMIT %s
) AS waiting
WHERE is_test OR (
  SELECT coalesce(asked_to_wait_until <= %s, 1) FROM webhooks_webhook w
  WHERE w.id = waiting.webhook_id
)
ORDER BY due_at
"""

PUT_OFF = """
UPDATE webhooks_delivery SET wait = 'turn', due_at = max(%s, %s), lease_until = NULL WHERE id = %s
"""

# What comes after a delivery that is not in front any more, in its conversation. One that waits for
# its own retry goes on waiting.
NEXT = f"""
SELECT id, webhook_id, account_id, wait FROM webhooks_delivery
WHERE webhook_id IN ({SIBLINGS.format(webhook="%(webhook)s")})
  AND conversation = %(conversation)s AND NOT (conversation = '')
  AND status IN ('pending', 'held') AND status = 'pending' AND id > %(id)s
ORDER BY id LIMIT 1
"""
FOLLOW = "UPDATE webhooks_delivery SET due_at = %s, wait = '' WHERE id = %s"

LEASE = """
UPDATE webhooks_delivery SET attempts = attempts + 1, lease_until = %s, due_at = %s, wait = 'lease'
WHERE id IN ({ids})
"""

READ = """
SELECT d.id, d.attempts, d.failures, w.endpoint_id, d.webhook_id, d.account_id, d.event_id, e.body,
       w.url,
       w.encrypted_secret, w.previous_secrets, w.generation,
       w.standard_headers, w.retry_schedule, d.is_test, d.simulate, d.conversation,
       w.status, d.due_at
FROM webhooks_delivery d
JOIN webhooks_webhook w ON w.id = d.webhook_id
JOIN chatbots_event e ON e.id = d.event_id
WHERE d.id IN ({ids})
ORDER BY d.due_at, d.id
"""

LIMITS = "SELECT id, rate_limit, rate_next_at FROM webhooks_webhook WHERE id IN ({ids})"
LIMITED = "UPDATE webhooks_webhook SET rate_next_at = %s WHERE id = %s"

PUT_ASIDE = """
UPDATE webhooks_delivery
SET status = %s, finished_at = %s, lease_until = NULL, attempts = attempts - 1, wait = '',
    due_at = %s
WHERE id = %s
"""

GIVE_BACK = """
UPDATE webhooks_delivery SET attempts = attempts - 1, lease_until = NULL, wait = '', due_at = %s
WHERE id = %s AND attempts = %s AND status = 'pending' AND lease_until IS NOT NULL
"""

MOVE = """
UPDATE webhooks_delivery
SET status = %s, failures = %s, lease_until = NULL, wait = 'time', due_at = %s, finished_at = %s
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
# Until the last moment that it has asked for: see queue_postgresql_record.py.
ASKED_TO_WAIT = """
UPDATE webhooks_webhook SET asked_to_wait_until = max(coalesce(asked_to_wait_until, ''), %s)
WHERE id = %s AND generation = %s
"""


# A delivery that a claim found: its id, lease, attempts so far, when the one in front of it, if
# there is one, is due, and the bytes of its body.
Picked = tuple[int, datetime | None, int, str | None, int]


def _text(moment: datetime) -> str:
    """How Django keeps a time here, for one in UTC: its own way costs as much as a statement."""
    return str(moment.replace(tzinfo=None))


def _moment(value: datetime | str | None) -> datetime | None:
    """A time as the driver gives it: a column's is converted, the result of min() is text."""
    found = parse_datetime(value) if isinstance(value, str) else value
    return found.replace(tzinfo=UTC) if found else None


def _seen(row: tuple[Any, ...], account_id: int, now: datetime) -> Seen:
    webhook_id, endpoint_id, generation, *flags, asked, is_test, server, own, rate = row
    server_held, held, limited = map(bool, flags)
    asked_until = _moment(asked)
    was_asked = asked_until is not None and asked_until > now
    # A test is sent all the same.
    until = [_moment(server), _moment(own), _moment(rate), None if is_test else asked_until]
    seconds = max(((moment - now).total_seconds() for moment in until if moment), default=0.0)
    lane = Lane(
        *(webhook_id, account_id, endpoint_id, generation),
        *(server_held, held, limited, was_asked),
        asked_until.timestamp() if asked_until else None,
    )
    return Seen(lane, seconds)


def _marks(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))


class SqliteQueue:
    def look(self, look: Look) -> Due:
        with connection.cursor() as cursor:
            due = self._find(cursor, look)
            accounts = {lane: account for account, lanes in due.swept.items() for lane in lanes}
            accounts |= look.known
            if look.fresh_after is not None:
                cursor.execute(FRESH, [look.fresh_after, MOST_FRESH])
                rows = cursor.fetchall()
                due.fresh = len(rows)
                accounts |= {webhook: account for webhook, account, is_ready in rows if is_ready}
            cursor.execute(LAST)
            due.last_id = cursor.fetchone()[0] or 0
            cursor.execute(NEXT_RIPE)
            ripe = _moment(cursor.fetchone()[0])
            found = []
            if ids := list(accounts):
                cursor.execute(STATES.format(ids=_marks(ids)), ids)
                found = cursor.fetchall()
        now = timezone.now()
        due.now = now.timestamp()
        due.ripe_seconds = (ripe - now).total_seconds() if ripe else None
        return sort_out([_seen(row, accounts[row[0]], now) for row in found], due)

    def _find(self, cursor: CursorWrapper, look: Look) -> Due:
        due = Due([], [])
        if not look.sweep:
            return due
        cursor.execute(ACCOUNTS, [look.after_account, MOST_LANES])
        accounts = [row[0] for row in cursor.fetchall()]
        due.more_accounts = len(accounts) >= MOST_LANES
        due.most_each = most = max(1, look.most // max(1, len(accounts)))
        for account in accounts:
            cursor.execute(WEBHOOKS, [account, look.cursors.get(account, 0), account, most])
            due.swept[account] = [row[0] for row in cursor.fetchall()]
        return due

    def ripen(self, after: datetime | None) -> Ripe:
        return self._ripen("wait IN ('time', 'turn')")

    def ripen_lost(self, after: datetime | None) -> Ripe:
        return self._ripen("wait = 'lease'")

    def _ripen(self, waits: str) -> Ripe:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(RIPE.format(waits=waits), [_text(timezone.now()), MOST_RIPE])
            rows = cursor.fetchall()
            if rows:
                ids = [row[0] for row in rows]
                cursor.execute(RIPEN.format(ids=_marks(ids)), ids)
        until = max((due_at.replace(tzinfo=UTC) for *_, due_at in rows), default=None)
        return Ripe({webhook: account for _, webhook, account, _ in rows}, len(rows), until)

    def claim(self, offers: Sequence[Offer], limit: int, most_bytes: int = MOST_BYTES) -> Taken:
        with transaction.atomic(), connection.cursor() as cursor:
            now = timezone.now()
            rates: list[Limited] = []
            if limited := [offer.webhook_id for offer in offers if offer.has_limit]:
                cursor.execute(LIMITS.format(ids=_marks(limited)), limited)
                rates = [(id, most, _moment(at), now) for id, most, at in cursor.fetchall()]
            allowed = within(offers, rates)
            picked, blocked = self._pick(cursor, allowed, limit, most_bytes)
            ids = [row[0] for row in (*picked, *blocked)]
            if not ids:
                return sort_taken([], offers, allowed)
            cursor.executemany(
                APPEND,
                [
                    _interrupted(delivery_id, number, until)
                    for delivery_id, until, number, *_ in (*picked, *blocked)
                    if until
                ],
            )
            rows = self._read(cursor, ids, {row[0] for row in blocked})
            lease = _text(now + timedelta(seconds=LEASE_SECONDS))
            taken = [row[0] for row in picked]
            cursor.execute(LEASE.format(ids=_marks(taken)), [lease, lease, *taken])
            until = _text(now + timedelta(seconds=BLOCKED_SECONDS))
            cursor.executemany(PUT_OFF, [(until, row[3], row[0]) for row in blocked])
            counts = Counter(row.claimed.webhook_id for row in rows if row.is_taken)
            cursor.executemany(
                LIMITED, [(_text(next_at), id) for next_at, id in spent(rates, counts)]
            )
            aside = [row for row in rows if row.is_astray]
            for row in aside:
                _put_aside(cursor, row, _text(now))
            self._go_on_after(cursor, over_of(aside, ids))
            return sort_taken(rows, offers, allowed)

    def _pick(
        self, cursor: CursorWrapper, offers: Sequence[Offer], limit: int, most_bytes: int
    ) -> tuple[list[Picked], list[Picked]]:
        """What a claim takes, and what it puts off."""
        found: list[list[Picked]] = []
        blocked: list[Picked] = []
        now = _text(timezone.now())
        for offer in offers:
            cursor.execute(PICK, [offer.account_id, offer.webhook_id, offer.window, now])
            rows = cursor.fetchall()
            blocked += [row for row in rows if row[3]]
            found.append([row for row in rows if not row[3]][: offer.room])
        picked: list[Picked] = []
        # Of each webhook one, in turn, as far as the bodies fit.
        for row in chain.from_iterable(zip_longest(*found)):
            if most_bytes <= 0 or len(picked) >= limit:
                break
            if row is not None:
                picked.append(row)
                most_bytes -= row[4]
        return picked, blocked

    def _read(
        self, cursor: CursorWrapper, ids: Sequence[int], blocked: Collection[int]
    ) -> list[ClaimedRow]:
        cursor.execute(READ.format(ids=_marks(ids)), ids)
        return [
            ClaimedRow(
                _claimed(row, is_taken=row[0] not in blocked),
                row[17],
                row[18].replace(tzinfo=UTC),
                row[0] in blocked,
            )
            for row in cursor.fetchall()
        ]

    def claim_again(self, claimed: Collection[Claimed]) -> None:
        """Nothing to do: there is no server that could crash and undo a claim."""

    def give_back(self, claimed: Collection[Claimed]) -> None:
        now = _text(timezone.now())
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(GIVE_BACK, [(now, one.delivery_id, one.number) for one in claimed])

    def renew(self, claimed: Collection[Claimed]) -> None:
        """Nothing to do: no row is held, so nothing stays in hand for long."""

    def life(self) -> tuple[str, float]:
        """One for ever."""
        return "SQLite", math.inf

    def record(self, finished: Sequence[Finished], *, were_held: bool = False) -> Recorded:
        if not finished:
            return Recorded([], {})
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
            followed = self._go_on_after(cursor, over_in_order(finished, states))
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
        return Recorded([], followed)

    def held_up(self, over: Sequence[Over]) -> set[int]:
        """None: there are no locks of rows."""
        return set()

    def go_on_after(self, over: Sequence[Over]) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            self._go_on_after(cursor, over)

    def _go_on_after(self, cursor: CursorWrapper, over: Sequence[Over]) -> dict[int, int]:
        now = _text(timezone.now())
        ready: dict[int, int] = {}
        for delivery_id, webhook_id, conversation in over:
            asked: dict[str, Any] = {"id": delivery_id, "webhook": webhook_id}
            asked["conversation"] = conversation
            cursor.execute(NEXT, asked)
            for next_id, next_webhook, account, wait in cursor.fetchall():
                if wait == "turn":
                    cursor.execute(FOLLOW, [now, next_id])
                    ready[next_webhook] = account
        return ready

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


def _claimed(row: tuple[Any, ...], *, is_taken: bool) -> Claimed:
    return Claimed(
        delivery_id=row[0],
        number=row[1] + is_taken,
        failures=row[2],
        endpoint_id=row[3],
        webhook_id=row[4],
        account_id=row[5],
        event_id=row[6],
        body=bytes(row[7]),
        url=row[8],
        encrypted_secret=row[9],
        previous_secrets=json.loads(row[10]) if row[10] != "[]" else None,
        generation=row[11],
        standard_headers=bool(row[12]),
        retry_schedule=row[13],
        is_test=bool(row[14]),
        simulate=json.loads(row[15]) if row[15] else None,
        conversation=row[16],
    )


def _put_aside(cursor: CursorWrapper, row: ClaimedRow, now: str) -> None:
    is_over = row.webhook_status == "deleted"
    status = "cancelled" if is_over else "held"
    cursor.execute(PUT_ASIDE, [status, now if is_over else None, now, row.claimed.delivery_id])


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
