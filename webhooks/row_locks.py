"""Rows that somebody else may hold: a worker that stands still, a person with a transaction open.

Who works for everybody waits for none of them: it goes on with the others, and comes back.
"""

from __future__ import annotations

from typing import TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


class RowHeld(Exception):
    """Somebody else holds the row."""


def unheld(rows: QuerySet[Row]) -> QuerySet[Row]:
    """Of `rows`, those that nobody else holds; locked, so call it in a transaction."""
    # SQLite has one writer at a time, and no locks of rows.
    return rows.select_for_update(skip_locked=connection.vendor == "postgresql")
