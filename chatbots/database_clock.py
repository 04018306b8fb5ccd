"""The database's clock: the one clock that all web servers and workers share.

When something is due, or over, is decided by it, so that a process whose own clock is wrong does no
harm. In a query use django's `Now()`; here is the moment itself, for what is shown or returned.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection


def now() -> datetime:
    """What the database's clock says, in UTC. One round trip on PostgreSQL."""
    if connection.vendor != "postgresql":
        # SQLite's is this machine's, which it would tell to the millisecond only.
        return datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment
