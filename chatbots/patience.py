"""A connection to PostgreSQL that is not waited for without end.

A server that stands still, or a network that drops what passes, says nothing: by itself a client
waits for ever, and TCP notices it after two hours, or never where something between acknowledges
what it does not pass on. Here a statement that takes too long is ended by the server; and where the
server does not say even that, the connection is given up, and the next one is made anew.
"""

from __future__ import annotations

from typing import Final, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.rows import TupleRow

Result = TypeVar("Result")

# For a request or a task. The server comes first: it knows why.
STATEMENT_SECONDS: Final = 20
SILENCE_SECONDS: Final = 25.0
# A transaction that is left open by a process that stands still would hold its rows as long.
IDLE_IN_TRANSACTION_SECONDS: Final = 15

LIMITS: Final = """
SELECT set_config('statement_timeout', %s, false),
       set_config('idle_in_transaction_session_timeout', %s, false)
"""


class PatientConnection(psycopg.Connection[TupleRow]):
    """It waits for an answer for `silence_seconds` and no longer."""

    silence_seconds: float = SILENCE_SECONDS

    def wait(
        self, gen: PQGen[Result], interval: float = 0.1, timeout: float | None = None
    ) -> Result:
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.silence_seconds)
        except psycopg.errors._WaitTimeout:
            # Whatever comes now would be taken for the answer to another statement.
            self.pgconn.finish()
            raise psycopg.OperationalError(
                f"no answer within {self.silence_seconds:.0f} s"
            ) from None


def limit(connection: psycopg.Connection[TupleRow]) -> None:
    """Have the server end what takes too long."""
    connection.execute(
        LIMITS, [f"{STATEMENT_SECONDS}s", f"{IDLE_IN_TRANSACTION_SECONDS}s"], prepare=False
    )
