"""How many requests of one kind there may be in a while, counted over all web processes.

The count is a row, which each process adds to in one statement. Where much is allowed a process
takes several at a time and gives them out by itself, so that a busy caller costs one statement for
a hundred requests. There are never more than are allowed; what a process took and does not need is
lost to the others, a twentieth at most for each process, and nothing where less than forty are
allowed. The database's clock says when a while is over.

A count that cannot be written stops nobody: the request will meet the same database soon enough.
Then nothing is counted for a moment.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db import connection
from django.db.utils import Error as DatabaseError

from chatbots import database_clock
from chatbots.request_count import RequestCount

# A process takes this part of what is allowed at a time.
PART: Final = 20
BLIND_SECONDS: Final = 5.0
# A write elsewhere may keep SQLite's lock; a request that only reads would not wait for it.
SQLITE_WAIT_MILLISECONDS: Final = 100
# Names held at a time; then those whose while is over are forgotten, or all.
MOST_HELD: Final = 10_000

NOW: Final = {
    "postgresql": "extract(epoch FROM statement_timestamp())::float8",
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
}
# An end that lies further off than a whole while was noted by a clock that was wrong.
TAKE: Final = """
    INSERT INTO chatbots_requestcount AS counted (name, taken, ends_at)
    VALUES (%s, %s, {now} + %s)
    ON CONFLICT (name) DO UPDATE SET
        taken = excluded.taken + CASE
            WHEN counted.ends_at > {now} AND counted.ends_at <= excluded.ends_at
            THEN counted.taken ELSE 0 END,
        ends_at = CASE
            WHEN counted.ends_at > {now} AND counted.ends_at <= excluded.ends_at
            THEN counted.ends_at ELSE excluded.ends_at END
    RETURNING taken, ends_at - {now}
"""


@dataclass(slots=True)
class _Held:
    """What this process may give out until `ends`; with `no_more`, the row has nothing left."""

    left: int
    ends: float
    no_more: bool


_held: dict[str, _Held] = {}
_blind_until = 0.0
_lock = threading.Lock()


def seconds_to_wait(name: str, most: int, seconds: int) -> float:
    """Count a request of `name`. 0 when it is among the `most` in `seconds`, else how long to wait.

    The while begins with the first request.
    """
    now = time.monotonic()
    with _lock:
        held = _held.get(name)
        if held is not None and held.ends > now:
            if held.left:
                held.left -= 1
                return 0
            if held.no_more:
                return held.ends - now
        if now < _blind_until:
            return 0
    taken = _take(name, max(1, most // PART), most, seconds)
    if taken is None:
        return 0
    granted, left = taken
    with _lock:
        held = _held.get(name)
        if held is None or held.ends <= now:
            if len(_held) >= MOST_HELD:
                _make_room(now)
            held = _held[name] = _Held(0, now + left, no_more=False)
        held.left += max(0, granted - 1)
        held.no_more = not granted
    return 0 if granted else left


def _take(name: str, wanted: int, most: int, seconds: int) -> tuple[int, float] | None:
    """How many of `wanted` there are, and the seconds that are left; None without a database."""
    try:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute(f"PRAGMA busy_timeout = {SQLITE_WAIT_MILLISECONDS}")
            try:
                sql = TAKE.format(now=NOW[connection.vendor])
                cursor.execute(sql, [name, wanted, float(seconds)])
                taken, left = cursor.fetchone()
            finally:
                if connection.vendor == "sqlite":
                    wait = settings.DATABASES["default"]["OPTIONS"]["timeout"]
                    cursor.execute(f"PRAGMA busy_timeout = {wait * 1000}")
    except DatabaseError:
        global _blind_until
        _blind_until = time.monotonic() + BLIND_SECONDS
        # The request goes on, on a new connection if this one broke.
        connection.close_if_unusable_or_obsolete()
        return None
    return min(wanted, max(0, most - (taken - wanted))), left


def _make_room(now: float) -> None:
    for name in [name for name, held in _held.items() if held.ends <= now]:
        del _held[name]
    if len(_held) >= MOST_HELD:
        _held.clear()


def forget() -> None:
    """Be as a process that has just started."""
    global _blind_until
    with _lock:
        _held.clear()
        _blind_until = 0.0


def prune() -> int:
    """Remove the rows whose while is over; returns how many."""
    return RequestCount.objects.filter(ends_at__lt=database_clock.now().timestamp()).delete()[0]
