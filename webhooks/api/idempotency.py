"""`Idempotency-Key`: the same request sent twice happens once, and is answered the same.

The key's row is written in the transaction that makes the event. So a request that dies leaves no
key behind, and of two at once the database lets one wait for the other's COMMIT at the unique
constraint, and then answer what that one answered. Source: IETF draft "The Idempotency-Key HTTP
Header Field", Stripe's practice for the 24 hours.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, TypeVar

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models.functions import Now
from django.http import HttpResponse
from rest_framework.request import Request

from chatbots.models import Account
from webhooks.api.problem import Problem
from webhooks.models import IdempotencyKey

KEPT: Final = timedelta(hours=24)
MAX_KEY_LENGTH: Final = 255
Made = TypeVar("Made")
# How long a request waits for another one with its key that is still being worked on.
WAIT_MILLISECONDS: Final = 5000


def once(
    request: Request,
    account: Account,
    happen: Callable[[], Made],
    show: Callable[[Made], HttpResponse],
) -> HttpResponse:
    """`happen()` in a transaction, at most once per Idempotency-Key of `account`, and its answer.

    `show` makes the answer of what `happen` returned: after COMMIT where there is no key, since a
    transaction keeps others waiting on SQLite; with a key, in it. Raises Problem: 400 for an
    impossible key, 422 for a key that was used with another request, 409 while the first request
    with the key is still being worked on.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        with transaction.atomic():
            made = happen()
        return show(made)
    if not 0 < len(key) <= MAX_KEY_LENGTH or not (key.isascii() and key.isprintable()):
        raise Problem(
            400,
            "The Idempotency-Key header must be 1 to 255 printable ASCII characters; "
            "a UUID is a good one.",
        )
    fingerprint = _fingerprint(request)
    try:
        return _first(account, key, fingerprint, lambda: show(happen()))
    except IntegrityError:
        earlier = IdempotencyKey.objects.filter(account=account, key=key).first()
        if earlier is None:
            raise
    except OperationalError as error:
        # 55P03: lock_not_available.
        if getattr(error.__cause__, "sqlstate", "") != "55P03":
            raise
        raise Problem(
            409,
            "A request with this Idempotency-Key is still being worked on. Try again in a moment.",
            headers={"Retry-After": "1"},
        ) from None
    if earlier.request_hash != fingerprint:
        raise Problem(
            422,
            "This Idempotency-Key was used with another request in the last 24 hours. "
            "Take a new key for a new request.",
        )
    return HttpResponse(
        bytes(earlier.answer),
        status=earlier.status_code,
        content_type="application/json",
        headers={"Idempotency-Replayed": "true"},
    )


def prune() -> int:
    """Forget keys older than 24 hours; returns how many."""
    return IdempotencyKey.objects.filter(created_at__lt=Now() - KEPT).delete()[0]


def _first(
    account: Account, key: str, fingerprint: str, make: Callable[[], HttpResponse]
) -> HttpResponse:
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('lock_timeout', %s, true)", [str(WAIT_MILLISECONDS)]
                )
        IdempotencyKey.objects.filter(
            account=account, key=key, created_at__lt=Now() - KEPT
        ).delete()
        row = IdempotencyKey.objects.create(account=account, key=key, request_hash=fingerprint)
        made = make()
        row.status_code = made.status_code
        row.answer = made.content
        row.save(update_fields=["status_code", "answer"])
    return made


def _fingerprint(request: Request) -> str:
    """Of what is asked, not of how it is written: neither spaces nor the order of keys count."""
    data: Any = request.data
    asked = {k: v for k, v in data.items() if k != "apiKey"} if isinstance(data, dict) else data
    text = f"{request.path} {json.dumps(asked, sort_keys=True)}"
    return hashlib.sha256(text.encode()).hexdigest()
