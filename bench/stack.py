"""The emitter under measure: real web, worker and beat processes on a database and a broker."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.ground import Ground
from bench.proc import cpu_seconds, family, peak_mb
from bench.product import Inside, environment
from bench.receiver import free_port

PATIENCE_SECONDS = 900
START_SECONDS = 60


class Stack:
    """One emitter; its processes and its folder end with the `with` block, or with the bench.

    Without `url`, the embedded parts: SQLite and the folder broker.
    """

    def __init__(self, ground: Ground, url: str = "") -> None:
        self._ground = ground
        self._url = url
        self._folder = tempfile.TemporaryDirectory(prefix="stack-", dir=ground.folder)
        self.var = Path(self._folder.name)
        if not url:
            ground.sqlite_file(self.var)
        self.environment = environment(
            self.var, ground.secrets, url, ground.broker_url if url.startswith("postgres") else ""
        )
        ground.empty_broker()
        self._log = (self.var / "log").open("ab")
        self.workers: list[subprocess.Popen[bytes]] = []
        self.web: subprocess.Popen[bytes] | None = None
        self.web_url = ""
        # Seconds of CPU, by process, that the last `drain` took.
        self.drain_cpu: dict[str, float] = {}
        self._running: list[subprocess.Popen[bytes]] = []
        if url.startswith("postgres"):
            self._inside = ground.inside(url)
            self._inside.do("use", database=url.rpartition("/")[2])
        else:
            self._inside = Inside(self.environment)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A worker that is told to stop waits for a hanging receiver; nobody waits for that here.
        for process in self._running:
            for pid in family(process.pid) if process.poll() is None else ():
                os.kill(pid, 9)
            process.wait()
        if kind is not None or not self._url.startswith("postgres"):
            # It may be in the middle of something.
            self._inside.close()
        elif not self._inside.ended:
            # A database that is connected to cannot be copied.
            self._inside.do("leave")
        self._log.close()
        self._folder.cleanup()
        self._ground.empty_broker()

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            # Ctrl-C is the bench's own to handle.
            start_new_session=True,
        )
        self._running.append(process)
        return process

    def _give_up(self, sentence: str) -> None:
        said = (self.var / "log").read_text(errors="replace")[-3000:]
        raise RuntimeError(f"{sentence}\n{said}")

    def do(self, name: str, **given: Any) -> Any:
        """Have the process inside the product do something (inside.py); gives its answer."""
        return self._inside.do(name, **given)

    def _celery(self, app: str, *arguments: str) -> subprocess.Popen[bytes]:
        return self._start(
            *("-m", "emitter.lifeline", "celery", "--quiet", f"--app={app}", *arguments),
            "--loglevel=ERROR",
        )

    def start_workers(self, count: int = 1, app: str = "emitter") -> None:
        """Workers as `make up` starts them."""
        for _ in range(count):
            name = f"--hostname=bench{len(self.workers)}-{os.getpid()}@localhost"
            alone = ("--without-gossip", "--without-mingle", "--without-heartbeat")
            self.workers.append(self._celery(app, "worker", name, *alone))

    def start_beat(self) -> None:
        self._celery("emitter", "beat", "--pidfile=")

    def start_web(self, processes: int = 1) -> None:
        """The web server as `make up` starts it; returns when it answers."""
        port = free_port()
        self.web_url = f"http://127.0.0.1:{port}"
        self.web = self._start(
            *("-m", "emitter.lifeline", "emitter.web_server"),
            *(f"--port={port}", f"--workers={processes}"),
        )
        live = f"{self.web_url}/health/live"
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with urllib.request.urlopen(live, timeout=2):  # noqa: S310 - our own address
                    return
            except (urllib.error.URLError, OSError):
                if self.web.poll() is not None or time.monotonic() > deadline:
                    self._give_up("the web server does not start:")
                time.sleep(0.05)

    def wait_drained(self, after: int = 0, webhooks: Sequence[int] | None = None) -> None:
        """Until no delivery past the id `after` (of one of `webhooks`) is pending any more."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.do("drained", after=after, webhooks=webhooks, seconds=2):
            if time.monotonic() > deadline:
                self._give_up("deliveries stand still:")
            self._look_at_workers()

    def _look_at_workers(self) -> None:
        for worker in self.workers:
            if worker.poll() is not None:
                self._give_up("a worker died:")

    def drain(self, after: int = 0, webhooks: Sequence[int] | None = None) -> float:
        """Wait until all is delivered; deliveries a second from the first request to the last."""
        self.do("wake")
        while not self.do("begun", after=after, seconds=2):
            self._look_at_workers()
        # Not what starting took.
        before = self.cpu()
        self.wait_drained(after, webhooks)
        self.drain_cpu = {name: used - before[name] for name, used in self.cpu().items()}
        span = self.do("span", after=after, webhooks=webhooks)
        if span["delivered"] != span["deliveries"] or span["attempts"] != span["deliveries"]:
            self._give_up(f"something was not delivered, or twice: {span}")
        return float(span["deliveries"]) / float(span["seconds"])

    def worker_mb(self) -> float:
        """The most memory that one worker has had."""
        return max(peak_mb(worker.pid) for worker in self.workers)

    def web_mb(self) -> float:
        """The most memory that one web process has had."""
        assert self.web is not None
        return max(peak_mb(pid) for pid in family(self.web.pid))

    def cpu(self) -> dict[str, float]:
        """Seconds of CPU so far of the workers, the web processes and PostgreSQL's backends."""
        used = {"worker": sum(cpu_seconds(worker.pid) for worker in self.workers)}
        if self.web is not None:
            used["web"] = sum(cpu_seconds(pid) for pid in family(self.web.pid))
        if self._ground.postgresql is not None and self._url.startswith("postgres"):
            backends = self._ground.postgresql.backends(self._url)
            used["PostgreSQL"] = sum(cpu_seconds(pid) for pid in backends)
        return used
