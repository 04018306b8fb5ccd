"""The queue on PostgreSQL: a statement each to look, to claim and to record."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, LiteralString

import psycopg
from django.db import OperationalError, transaction
from psycopg.rows import TupleRow

from webhooks.binary_arrays import bigints, doubles, integers
from webhooks.engine_cursor import BUSY_ROWS, by_key, engine_cursor
from webhooks.limits import MOST_BYTES
from webhooks.queue import (
    CLAIMED_COLUMNS,
    INTERRUPTED_SENTENCE,
    LEASE_SECONDS,
    MOST_RIPE,
    Claimed,
    ClaimedRow,
    Due,
    Finished,
    Limited,
    Look,
    Offer,
    Over,
    Recorded,
    Ripe,
    Success,
    Taken,
    asked_to_wait,
    failures_of,
    free,
    over_in_order,
    over_of,
    sort_taken,
    spent,
    within,
)
from webhooks.queue_postgresql_claim import (
    CLAIM,
    CLAIM_AGAIN,
    FOLLOW,
    GIVE_BACK,
    LIFE,
    LIMITED,
    LOCK_LIMITED,
    LOCK_NEXT,
    PUT_ASIDE,
    RENEW,
    claim_values,
)
from webhooks.queue_postgresql_look import (
    LONG_AGO,
    LOOK,
    RIPEN_LEASED,
    RIPEN_WAITING,
    due_of,
    look_values,
)
from webhooks.queue_postgresql_record import (
    ASKED_TO_WAIT,
    FAILED,
    LOCK_FREE,
    LOCK_FREE_WEBHOOKS,
    LOCK_WEBHOOKS,
    RECORD,
    SUCCEEDED,
    THERE,
    THERE_WEBHOOKS,
    columns,
)


class PostgresqlQueue:
    def look(self, look: Look) -> Due:
        with engine_cursor() as cursor:
            cursor.execute(LOOK, look_values(look), prepare=True)
            return due_of(cursor.fetchall())

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
            allowed = within(free(offers, rates), rates)
            found = self._take(cursor, allowed, limit, most_bytes)
            aside = [row for row in found if row.is_astray]
            taken = Counter(row.claimed.webhook_id for row in found if row.is_taken)
            for next_at, webhook_id in spent(rates, taken):
                cursor.execute(LIMITED, [next_at, webhook_id])
        if aside:
            with transaction.atomic(), engine_cursor() as cursor:
                # In a transaction of its own: whoever disables locks the webhook first and its
                # deliveries second, as this does.
                claims = [(row.claimed.delivery_id, row.claimed.number) for row in aside]
                held_up = _held_up(cursor, over_of(aside, {id for id, _ in claims}))
                # By number: another worker's claim, made since, stands.
                free_claims = [claim for claim in claims if claim[0] not in held_up]
                cursor.execute(
                    PUT_ASIDE,
                    {
                        "webhooks": [row.claimed.webhook_id for row in aside],
                        "ids": [id for id, _ in free_claims],
                        "numbers": [number for _, number in free_claims],
                    },
                )
                done = {id for (id,) in cursor.fetchall()}
                self._go_on_after(cursor, over_of(aside, done))
                if held := [claim for claim in claims if claim[0] not in done]:
                    _give_back(cursor, held, seconds=1)
        return sort_taken(found, offers, allowed)

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

    def renew(self, claimed: Collection[Claimed]) -> None:
        with engine_cursor() as cursor:
            _renew(cursor, claimed)

    def life(self) -> tuple[str, float]:
        with engine_cursor() as cursor:
            cursor.execute(LIFE)
            name, seconds = cursor.fetchall()[0]
            return name, seconds

    def record(self, finished: Sequence[Finished], *, were_held: bool = False) -> Recorded:
        if finished and not were_held:
            try:
                return Recorded([], self._record(finished))
            except OperationalError as error:
                if not _is_locked(error):
                    raise
        return self._record_free(finished) if finished else Recorded([], {})

    def _record_free(self, finished: Sequence[Finished]) -> Recorded:
        """Record those that nobody else holds; the others are left, in this worker's hand still."""
        followed: dict[int, int] = {}
        was_free = True
        with transaction.atomic(), engine_cursor() as cursor:
            held = _held(cursor, finished)
            left = [one for one in finished if one.claimed.delivery_id in held]
            ready = [one for one in finished if one.claimed.delivery_id not in held]
            try:
                with transaction.atomic():
                    if ready:
                        followed = self._record(ready)
            except OperationalError as error:
                if not _is_locked(error):
                    raise
                # Somebody took hold of something at this moment.
                was_free, left = False, list(finished)
            _renew(cursor, [one.claimed for one in left])
        if was_free or len(finished) == 1:
            return Recorded(left, followed)
        half = len(finished) // 2
        both = [self._record_free(finished[:half]), self._record_free(finished[half:])]
        return Recorded(
            [one for part in both for one in part.left], {**both[0].ready, **both[1].ready}
        )

    def _record(self, finished: Sequence[Finished]) -> dict[int, int]:
        """Record these; returns the webhooks of which something is ready after them."""
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
            cursor.execute(RECORD, columns(finished, states), prepare=True)
            followed = self._go_on_after(cursor, over_in_order(finished, states))
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
        return followed

    def held_up(self, over: Sequence[Over]) -> set[int]:
        with by_key() as cursor:
            return _held_up(cursor, over)

    def go_on_after(self, over: Sequence[Over]) -> None:
        with by_key() as cursor:
            self._go_on_after(cursor, over)

    def _go_on_after(
        self, cursor: psycopg.Cursor[TupleRow], over: Sequence[Over]
    ) -> dict[int, int]:
        if not over:
            return {}
        cursor.execute(FOLLOW, _over_values(over), prepare=True)
        return dict(cursor.fetchall())

    def tell(self, successes: Sequence[Success]) -> Collection[int]:
        ordered = sorted(successes)
        with engine_cursor() as cursor:
            cursor.execute(
                SUCCEEDED,
                {
                    "ids": bigints([one.webhook_id for one in ordered]),
                    "seconds": doubles([one.seconds_ago for one in ordered]),
                    "generations": integers([one.generation for one in ordered]),
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


def _renew(cursor: psycopg.Cursor[TupleRow], claimed: Collection[Claimed]) -> None:
    if claimed:
        ids, numbers = [one.delivery_id for one in claimed], [one.number for one in claimed]
        cursor.execute(RENEW, {"ids": ids, "numbers": numbers, "lease": LEASE_SECONDS})


def _over_values(over: Sequence[Over]) -> dict[str, list[Any]]:
    return {
        "ids": [one.delivery_id for one in over],
        "webhooks": [one.webhook_id for one in over],
        "conversations": [one.conversation for one in over],
    }


def _held_up(cursor: psycopg.Cursor[TupleRow], over: Sequence[Over]) -> set[int]:
    if not over:
        return set()
    cursor.execute(LOCK_NEXT, _over_values(over))
    return {id for (id,) in cursor.fetchall()}


def _held(cursor: psycopg.Cursor[TupleRow], finished: Sequence[Finished]) -> set[int]:
    """The deliveries of `finished` that somebody else holds, or something that goes with them: the
    webhook that is asked to wait, or the next one of the conversation. The others are locked, and
    what goes with them."""
    deliveries = [one.claimed.delivery_id for one in finished]
    asking = {
        one.claimed.delivery_id: one.claimed.webhook_id for one in finished if one.asked_seconds > 0
    }
    webhooks = _held_of(cursor, LOCK_FREE_WEBHOOKS, THERE_WEBHOOKS, list(set(asking.values())))
    held = _held_of(cursor, LOCK_FREE, THERE, deliveries)
    held |= {delivery for delivery, webhook in asking.items() if webhook in webhooks}
    return held | _held_up(cursor, over_in_order(finished, {}))


def _held_of(
    cursor: psycopg.Cursor[TupleRow], lock: LiteralString, there: LiteralString, ids: Sequence[int]
) -> set[int]:
    """Those of the rows that somebody else holds; the others are locked."""
    if not ids:
        return set()
    cursor.execute(lock, [ids])
    mine = {id for (id,) in cursor.fetchall()}
    cursor.execute(there, [ids])
    return {id for (id,) in cursor.fetchall()} - mine


def _is_locked(error: OperationalError) -> bool:
    """Whether a statement waited in vain for a row that somebody else holds."""
    # 55P03: lock_not_available.
    return getattr(error.__cause__, "sqlstate", "") == "55P03"
