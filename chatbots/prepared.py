"""Statements that PostgreSQL plans once per connection.

Django writes each statement out with its values and has it planned anew, which for a short
statement costs more than running it; where a statement runs with every request, that is most of
what the database does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connection


def run(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run a statement on the present connection, prepared and bound on the server; its rows.

    `%b` sends a value in binary. Errors are Django's, as everywhere.
    """
    connection.ensure_connection()
    raw = connection.connection
    before = raw.prepare_threshold
    # Django turns it off for all statements; it is for these alone.
    raw.prepare_threshold = 0
    try:
        with connection.wrap_database_errors, psycopg.Cursor(raw) as cursor:
            rows = cursor.execute(sql.encode(), parameters).fetchall()
    finally:
        raw.prepare_threshold = before
    if connection.queries_logged:
        connection.queries_log.append({"sql": sql.strip(), "time": ""})
    return rows
