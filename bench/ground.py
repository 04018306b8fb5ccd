"""What there is on this machine to measure with, and a folder for the time of the run."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import redis
from cryptography.fernet import Fernet

from bench.postgresql import NotUsable, Pgbench, Server
from bench.product import Inside, environment

DATABASE_URL = "postgres://postgres@127.0.0.1:5432/emitter_bench"
# A database number of the bench's own: its queues are emptied.
BROKER_URL = "redis://127.0.0.1:6379/13"
QUEUES = ("emitter", "bench", "unacked", "unacked_index")


def say(sentence: str) -> None:
    """One line on what goes on, for whoever waits for the figures."""
    print(f"  {sentence}", file=sys.stderr, flush=True)


def find_nginx() -> str | None:
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


@dataclass
class Ground:
    """Leaving it drops all databases and files that were made."""

    quick: bool = False
    postgresql: Server | None = None
    broker_url: str = ""
    # One line for each thing that is not here.
    missing: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    # What runs on copies of one database must read the same secrets.
    secrets: dict[str, str] = field(default_factory=dict)
    _open: ExitStack = field(default_factory=ExitStack)
    _pgbench: Pgbench | None = None
    _inside: Inside | None = None
    _migrated_url: str = ""
    _migrated_file: Path | None = None

    def __enter__(self) -> Self:
        self.folder = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        self.secrets = {"SECRET_KEY": "b" * 25 + "-ench" * 6}
        self.secrets["ENCRYPTION_KEYS"] = Fernet.generate_key().decode()
        self.versions = {"Python": platform.python_version()}
        self._find_servers()
        nginx = find_nginx()
        if nginx is None:
            self.missing["nginx"] = "nginx is not installed (Debian: apt install nginx-light)"
        else:
            said = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=False).stderr
            self.versions["nginx"] = said.strip().rpartition("/")[2]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.empty_broker()
        self._open.close()

    def _find_servers(self) -> None:
        try:
            server = Server(os.environ.get("BENCH_DATABASE_URL", DATABASE_URL))
        except NotUsable as problem:
            self.missing["PostgreSQL"] = str(problem)
        else:
            self.versions["PostgreSQL"] = server.version.split()[0]
            self.postgresql = server
            self._open.callback(server.close)
            if shutil.which("pgbench") is None:
                self.missing["pgbench"] = "pgbench is not installed (it comes with PostgreSQL)"
        url = os.environ.get("BENCH_BROKER_URL", BROKER_URL)
        try:
            with redis.Redis.from_url(url, socket_timeout=5) as client:
                # redis-py types its answers for its asynchronous client too.
                self.versions["Redis"] = str(dict(client.info("server"))["redis_version"])
        except redis.RedisError as error:
            self.missing["Redis"] = f"Redis does not answer: {error}"
            # Without it the PostgreSQL figures would be of something that nobody runs.
            self.postgresql = None
        else:
            self.broker_url = url

    def empty_broker(self) -> None:
        if self.broker_url:
            with redis.Redis.from_url(self.broker_url, socket_timeout=5) as client:
                client.delete(*QUEUES)

    def inside(self, url: str) -> Inside:
        """The process inside the product for PostgreSQL: one for all databases, as it is slow to
        start. Its first is the one at `url`."""
        if self._inside is not None and self._inside.ended:
            self._inside = None
        if self._inside is None:
            var = self.folder / "inside"
            var.mkdir(exist_ok=True)
            variables = environment(var, self.secrets, url, self.broker_url)
            self._inside = Inside(variables)
            self._open.callback(self._inside.close)
        return self._inside

    def pgbench_tps(self) -> float | None:
        """Transactions a second of `pgbench -N -c 8`, now; None where there is none."""
        if self.postgresql is None or "pgbench" in self.missing:
            return None
        if self._pgbench is None:
            url = self._open.enter_context(self.postgresql.database("pgbench"))
            self._pgbench = Pgbench(url, seconds=2 if self.quick else 10)
        tps = self._pgbench.tps()
        say(f"pgbench -N -c 8: {tps:,.0f} tps")
        return tps

    @contextmanager
    def database(self, name: str, template: str = "") -> Iterator[str]:
        """A PostgreSQL database with the product's tables: empty, or a copy of `template`'s."""
        assert self.postgresql is not None
        with self.postgresql.database(name, template or self._migrated()) as url:
            yield url

    def _migrated(self) -> str:
        from bench.stack import Stack

        if not self._migrated_url:
            assert self.postgresql is not None
            self._migrated_url = self._open.enter_context(self.postgresql.database("migrated"))
            with Stack(self, self._migrated_url) as stack:
                stack.do("migrate")
        return self._migrated_url

    def sqlite_file(self, into: Path) -> None:
        """Put a SQLite database with the product's empty tables into the folder `into`."""
        from bench.stack import Stack

        if self._migrated_file is None:
            self._migrated_file = self.folder / "migrated.sqlite3"
            with Stack(self, f"sqlite:///{self._migrated_file}") as stack:
                stack.do("migrate")
        # Not a copy of the file: what was written last is in the log beside it.
        with contextlib.closing(sqlite3.connect(self._migrated_file)) as source:
            source.execute("VACUUM INTO ?", [str(into / "emitter.sqlite3")])
