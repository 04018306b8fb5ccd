"""A PostgreSQL server of the test's own, which may be restarted as a test likes."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, LiteralString, Self

import psycopg

from tests.ports import free_port

# Claims do not wait for the disk, and here nobody takes them there soon: a crash undoes them.
SETTINGS = (
    "-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c wal_writer_delay=10s"
)


@cache
def pg_ctl() -> str:
    """The newest pg_ctl of this machine; empty where there is none."""
    found = Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")
    newest = sorted(found, key=lambda path: int(path.parts[-3]))[-1:]
    return str(newest[0]) if newest else shutil.which("pg_ctl") or ""


class Cluster:
    """`with Cluster() as cluster:` makes and starts it, with an empty database at `url`."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="emitter-postgresql-"))
        self._port = free_port()
        self.url = f"postgres://postgres@127.0.0.1:{self._port}/emitter"

    def __enter__(self) -> Self:
        if os.geteuid() == 0:
            shutil.chown(self._folder, "postgres")
        self._ctl("init", "-o", "--auth=trust --username=postgres --encoding=UTF8 --locale=C.UTF-8")
        self.start()
        server = self.url.removesuffix("/emitter")
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE emitter")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.crash()
        shutil.rmtree(self._folder)

    def restart(self, mode: Literal["fast", "immediate"]) -> None:
        """`fast` cuts all connections and shuts down in order; `immediate` is a crash."""
        self._ctl("restart", "-w", "-m", mode, "-l", str(self._folder / "log"))

    def ask(self, question: LiteralString) -> tuple[Any, ...]:
        """The one row that answers an SQL question."""
        with psycopg.connect(self.url) as connection:
            [row] = connection.execute(question)
        return row

    def answers(self) -> bool:
        try:
            return self.ask("SELECT 1") == (1,)
        except psycopg.OperationalError:
            return False

    def start(self) -> None:
        options = f"-p {self._port} {SETTINGS}"
        self._ctl("start", "-w", "-l", str(self._folder / "log"), "-o", options)

    def crash(self) -> None:
        """Stop at once, without writing down what is not on the disk yet."""
        self._ctl("stop", "-m", "immediate")

    def _ctl(self, *arguments: str) -> None:
        # PostgreSQL does not run as root.
        user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        subprocess.run(
            [*user, pg_ctl(), "-s", "-D", str(self._folder / "data"), *arguments],
            cwd="/",
            stdout=subprocess.DEVNULL,
            check=True,
        )
