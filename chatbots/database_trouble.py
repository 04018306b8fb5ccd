"""What to tell a person or a program whose request the database could not serve."""

from __future__ import annotations

import sqlite3

from django.db.utils import Error

PG_DISK_FULL = "53100"


def sentence(error: Error) -> str:
    """What is wrong, for whoever asked, and what to do; nothing of the database's own words."""
    if _is_full(error):
        return (
            "Nothing was saved: the disk of the database is full. It goes on by itself once there "
            "is space; try again then."
        )
    return "The database is not answering. Try again in a moment."


def retry_after_seconds(error: Error) -> int:
    """How long to wait before asking again, for the Retry-After header."""
    return 10 if _is_full(error) else 1


def _is_full(error: Error) -> bool:
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return getattr(cause, "sqlstate", "") == PG_DISK_FULL
