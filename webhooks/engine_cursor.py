"""The engine's cursor on PostgreSQL: its statements are prepared, and planned as look-ups by key.

For its connection alone; what a request or a task shares with it is planned so for one transaction
(by_key). The web's statements that are planned once: chatbots/prepared.py.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.db import connection
from psycopg.rows import TupleRow

from chatbots.patience import PatientConnection
from webhooks import binary_arrays

# How the engine's statements are planned, on its connection alone: each row that they touch is
# looked up by its key, however few PostgreSQL expects in a table at that moment. Otherwise it
# would, now and then, read all of it instead. A plan does not depend on what a statement is given:
# planning for each claim and each recording would cost a good part of them. Nothing is compiled:
# where a table has no other way than reading all of it, its price is a penalty of ten billion, for
# which PostgreSQL would spend 35 ms on compiling a statement of one.
# And for how long they may take: each is a matter of milliseconds, and while one waits, nothing
# else is claimed or recorded. What may meet a row that somebody holds waits less, or not at all.
PLANNING = """
SELECT set_config('statement_timeout', '8s', false), set_config('lock_timeout', '2s', false),
       set_config('idle_in_transaction_session_timeout', '8s', false),
       set_config('plan_cache_mode', 'force_generic_plan', false), set_config('jit', 'off', false),
       set_config('enable_seqscan', 'off', false), set_config('enable_hashjoin', 'off', false),
       set_config('enable_mergejoin', 'off', false), set_config('random_page_cost', '0.1', false)
"""
# The same for one transaction on somebody else's connection: what it waits for is its own affair.
BY_KEY = """
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
       set_config('enable_mergejoin', 'off', true), set_config('random_page_cost', '0.1', true)
"""
# An answer that takes longer does not come: in time for what is in flight to be recorded within its
# lease, on another connection.
SILENCE_SECONDS = 10.0
# A plan is made for the tables as they are, empty perhaps: where statistics are not made anew, it
# would be kept while 100,000 rows come. Sooner where they do come, which is where it costs little.
PLANNED_SECONDS = 10.0
PLANNED_SECONDS_BUSY = 1.0
BUSY_ROWS = 64
# By connection that was told so, when (monotonic) its plans were made.
_planned_at: WeakKeyDictionary[psycopg.Connection[Any], float] = WeakKeyDictionary()


@contextlib.contextmanager
def engine_cursor(rows: int = 1) -> Iterator[psycopg.Cursor[TupleRow]]:
    """A cursor that binds on the server, in binary where asked; Django's own makes text of all.

    Its errors are Django's, as everywhere. `rows`: how many its statement is about.
    """
    kept = PLANNED_SECONDS if rows < BUSY_ROWS else PLANNED_SECONDS_BUSY
    connection.ensure_connection()
    raw = connection.connection
    planned_at, now = _planned_at.get(raw), time.monotonic()
    if planned_at is None:
        binary_arrays.register(raw.adapters)  # Before the cursor, which keeps what there is then.
    with connection.wrap_database_errors, psycopg.Cursor(raw) as cursor:
        if planned_at is None:
            cursor.execute(PLANNING)
            # Django turns all preparing off, also where it is asked for.
            raw.prepare_threshold = sys.maxsize
            if isinstance(raw, PatientConnection):
                raw.silence_seconds = SILENCE_SECONDS
            if not connection.in_atomic_block:  # A rollback would take it back.
                _planned_at[raw] = now
        elif planned_at < now - kept:
            cursor.execute("DISCARD PLANS")
            _planned_at[raw] = now
        yield cursor


@contextlib.contextmanager
def by_key() -> Iterator[psycopg.Cursor[TupleRow]]:
    """A cursor like that for a transaction of a request or a task, whose connection goes back to
    its own ways with the transaction's end."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(BY_KEY)
        yield cursor
