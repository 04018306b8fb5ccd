"""`Idempotency-Key`: the same request sent twice happens once, and is answered the same.

The key's row is written in the transaction that makes the event. So a request that dies leaves no
key behind, and of two at once the database lets one wait for the other's COMMIT at the unique
constraint, and then answer what that one answered. Source: IETF draft "The Idempotency-Key HTTP
Header Field", Stripe's practice for the 24 hours.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple

import msgspec
from django.db import OperationalError, connection
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse

from chatbots import prepared
from chatbots.models import Account
from webhooks.api.problem import Problem
from webhooks.models import IdempotencyKey

KEPT: Final = timedelta(hours=24)
MAX_KEY_LENGTH: Final = 255

# In one order everywhere: two that wait for each other's keys would both stand still.
CLAIM: Final = """
INSERT INTO webhooks_idempotencykey
  (account_id, key, request_hash, status_code, answer, created_at)
SELECT k.account_id, k.key, k.request_hash, 0, '', now()
FROM (SELECT set_config('lock_timeout', %s::text, true)) AS patience
CROSS JOIN unnest(%b::bigint[], %b::text[], %b::text[]) AS k(account_id, key, request_hash)
ORDER BY k.account_id, k.key
ON CONFLICT (account_id, key) DO UPDATE
SET request_hash = excluded.request_hash, status_code = 0, answer = '', created_at = now()
WHERE webhooks_idempotencykey.created_at < now() - %s::int * interval '1 second'
RETURNING account_id, key
"""
EARLIER: Final = """
SELECT i.account_id, i.key, i.request_hash, i.status_code, i.answer
FROM unnest(%b::bigint[], %b::text[]) AS k(account_id, key)
JOIN webhooks_idempotencykey i ON i.account_id = k.account_id AND i.key = k.key
"""
KEEP: Final = """
UPDATE webhooks_idempotencykey i SET status_code = k.status_code, answer = k.answer
FROM unnest(%b::bigint[], %b::text[], %b::int[], %b::bytea[])
     AS k(account_id, key, status_code, answer)
WHERE i.account_id = k.account_id AND i.key = k.key
RETURNING i.id
"""


class Once(NamedTuple):
    """A key of an account, and what the request asks for."""

    account_id: int
    key: str
    fingerprint: str

    @property
    def name(self) -> tuple[int, str]:
        return self.account_id, self.key


class Earlier(NamedTuple):
    """What was asked with a key before, and answered."""

    fingerprint: str
    status_code: int
    answer: bytes


def wanted(request: HttpRequest, account: Account, data: Any) -> Once | None:
    """The request's key, if it has one. Raises a Problem (400) for an impossible one."""
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        return None
    if not 0 < len(key) <= MAX_KEY_LENGTH or not (key.isascii() and key.isprintable()):
        raise Problem(
            400,
            "The Idempotency-Key header must be 1 to 255 printable ASCII characters; "
            "a UUID is a good one.",
        )
    return Once(account.pk, key, _fingerprint(request.path, data))


def claim(keys: Sequence[Once], wait_milliseconds: int) -> dict[tuple[int, str], Earlier]:
    """Take keys, each different from the others, for 24 hours; what those that are taken gave.

    Call it in a transaction. A key that another transaction is taking at this moment is waited for,
    no longer than `wait_milliseconds`; then OperationalError is raised (see `is_busy`).
    """
    if connection.vendor == "postgresql":
        return _claim_postgresql(keys, wait_milliseconds)
    earlier = {}
    for once in keys:
        rows = IdempotencyKey.objects.filter(account=once.account_id, key=once.key)
        rows.filter(created_at__lt=Now() - KEPT).delete()
        row = rows.first()
        if row is None:
            IdempotencyKey.objects.create(
                account_id=once.account_id, key=once.key, request_hash=once.fingerprint
            )
        else:
            earlier[once.name] = Earlier(row.request_hash, row.status_code, bytes(row.answer))
    return earlier


def _claim_postgresql(
    keys: Sequence[Once], wait_milliseconds: int
) -> dict[tuple[int, str], Earlier]:
    columns = list(map(list, zip(*keys, strict=True)))
    rows = prepared.run(CLAIM, [str(wait_milliseconds), *columns, int(KEPT.total_seconds())])
    taken = set(rows)
    left = [once for once in keys if once.name not in taken]
    if not left:
        return {}
    accounts, names = [once.account_id for once in left], [once.key for once in left]
    return {
        (account_id, key): Earlier(*row)
        for account_id, key, *row in prepared.run(EARLIER, [accounts, names])
    }


def keep(answers: Sequence[tuple[Once, int, bytes]]) -> None:
    """Keep what was answered, by status and body, with keys that were just taken."""
    if connection.vendor == "postgresql":
        rows = [(*once.name, status, answer) for once, status, answer in answers]
        prepared.run(KEEP, list(map(list, zip(*rows, strict=True))))
        return
    for once, status, answer in answers:
        IdempotencyKey.objects.filter(account=once.account_id, key=once.key).update(
            status_code=status, answer=answer
        )


def leave(once: Once) -> None:
    """Give back a key that was just taken: what it was taken for did not happen."""
    IdempotencyKey.objects.filter(account=once.account_id, key=once.key).delete()


def again(once: Once, earlier: Earlier) -> HttpResponse:
    """The answer that the key's first request got. Raises a Problem (422) if it was another."""
    if earlier.fingerprint != once.fingerprint:
        raise Problem(
            422,
            "This Idempotency-Key was used with another request in the last 24 hours. "
            "Take a new key for a new request.",
        )
    return HttpResponse(
        earlier.answer,
        status=earlier.status_code,
        content_type="application/json",
        headers={"Idempotency-Replayed": "true"},
    )


def is_busy(error: OperationalError) -> bool:
    """Whether `claim` waited in vain."""
    # 55P03: lock_not_available.
    return getattr(error.__cause__, "sqlstate", "") == "55P03"


def busy() -> Problem:
    """409: the first request with the key takes its time."""
    return Problem(
        409,
        "A request with this Idempotency-Key is still being worked on. Try again in a moment.",
        headers={"Retry-After": "1"},
    )


def prune() -> int:
    """Forget keys older than 24 hours; returns how many."""
    return IdempotencyKey.objects.filter(created_at__lt=Now() - KEPT).delete()[0]


def _fingerprint(path: str, data: Any) -> str:
    """Of what is asked, not of how it is written: neither spaces nor the order of keys count."""
    asked = {k: v for k, v in data.items() if k != "apiKey"} if isinstance(data, dict) else data
    try:
        text = msgspec.json.encode(asked, order="sorted")
    except UnicodeEncodeError:  # Half of a surrogate pair, which ASCII alone can write.
        text = json.dumps(asked, sort_keys=True).encode()
    return hashlib.sha256(path.encode() + b" " + text).hexdigest()
