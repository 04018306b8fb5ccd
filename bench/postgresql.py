"""The PostgreSQL server that is measured on: databases of the bench's own, and pgbench."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

# Rows of pgbench's own: 100,000 for each unit.
PGBENCH_SCALE = "10"
MAY_CREATE = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"


class NotUsable(Exception):
    """The server cannot be measured on; the sentence says why."""


class InUse(Exception):
    """Another bench is under way; the sentence says what to do."""


class Server:
    """Everything is made in databases whose names begin with that of `url`, and dropped again."""

    def __init__(self, url: str) -> None:
        self.server, _, self.prefix = url.rpartition("/")
        if not re.fullmatch(r"[a-z0-9_]*bench[a-z0-9_]*", self.prefix):
            raise NotUsable("the name in BENCH_DATABASE_URL must contain bench: it is dropped")
        try:
            with psycopg.connect(f"{self.server}/postgres", connect_timeout=5) as connection:
                self.version = str(connection.info.parameter_status("server_version"))
                may = connection.execute(MAY_CREATE).fetchone()
        except psycopg.OperationalError as error:
            raise NotUsable(f"PostgreSQL does not answer: {str(error).splitlines()[0]}") from None
        # One bench at a time: another would drop this one's databases.
        self._lock = psycopg.connect(f"{self.server}/postgres", autocommit=True)
        taken = self._lock.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [self.prefix])
        if taken.fetchone() != (True,):
            raise InUse(
                f"another bench uses the databases {self.prefix}_… Wait for its end, or give this "
                "one names of its own with BENCH_DATABASE_URL."
            )
        if may is None or not may[0]:
            raise NotUsable("the role of BENCH_DATABASE_URL may not create databases")

    @contextmanager
    def database(self, name: str, template: str = "") -> Iterator[str]:
        """A fresh database, as a copy of the one at the URL `template` if given; gives its URL."""
        own = f"{self.prefix}_{name}"
        copied = f' TEMPLATE "{template.rpartition("/")[2]}"' if template else ""
        self._do(f'DROP DATABASE IF EXISTS "{own}" WITH (FORCE)')
        self._do(f'CREATE DATABASE "{own}"{copied}')
        try:
            yield f"{self.server}/{own}"
        finally:
            self._do(f'DROP DATABASE IF EXISTS "{own}" WITH (FORCE)')

    def _do(self, statement: str) -> None:
        with psycopg.connect(f"{self.server}/postgres", autocommit=True) as connection:
            connection.execute(statement.encode())

    def close(self) -> None:
        self._lock.close()

    def folder(self) -> Path | None:
        """Where it keeps its data, if that is here and it may be known."""
        with psycopg.connect(f"{self.server}/postgres") as connection:
            try:
                row = connection.execute("SHOW data_directory").fetchone()
            except psycopg.errors.InsufficientPrivilege:
                return None
        folder = Path(row[0]) if row else None
        return folder if folder is not None and folder.exists() else None

    def settle(self) -> None:
        """Write out what earlier work left behind, so that it does not weigh on the next."""
        # Who may not ask for it measures without.
        with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
            self._do("CHECKPOINT")

    def backends(self, url: str) -> list[int]:
        """The process ids of a database's connections."""
        with psycopg.connect(f"{self.server}/postgres") as connection:
            rows = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = %s", [url.rpartition("/")[2]]
            ).fetchall()
        return [int(pid) for (pid,) in rows]


class Pgbench:
    """`pgbench -N -c 8` in a database of its own: what the machine can do, to compare with."""

    def __init__(self, url: str, seconds: int) -> None:
        self._url, self._seconds = url, seconds
        program = shutil.which("pgbench")
        assert program is not None
        self._program = program
        subprocess.run(
            [program, "-i", "-q", "-s", PGBENCH_SCALE, url], check=True, capture_output=True
        )

    def tps(self) -> float:
        """Transactions a second, now."""
        ran = subprocess.run(
            [self._program, "-N", "-c", "8", "-T", str(self._seconds), self._url],
            check=True,
            capture_output=True,
            text=True,
        )
        found = re.search(r"tps = ([0-9.]+)", ran.stdout)
        assert found is not None, ran.stdout
        return float(found[1])
