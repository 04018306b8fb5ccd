"""Real worker, beat and web processes on a database and a broker of their own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

import redis
import requests

from tests.emitter.group import ROOT, environment
from tests.ports import free_port
from tests.process.told import Told


def wait_until(holds: Callable[[], object], what: str, seconds: float = 30) -> None:
    """Wait for the thing itself; AssertionError when it does not come."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Stack:
    """One emitter. Its processes end with the `with` block, or with the test run."""

    def __init__(self, var: Path, **urls: str) -> None:
        self.var = var
        self.environment = environment(
            var, **({"SANDBOX": "1", "EMITTER_UP_PID": str(os.getpid())} | urls)
        )
        self.log = (var / "processes.log").open("ab")
        self.running: list[subprocess.Popen[bytes]] = []
        self.worker: subprocess.Popen[bytes] | None = None
        self.web: subprocess.Popen[bytes] | None = None
        self.beat: subprocess.Popen[bytes] | None = None
        self.web_url = ""
        workload = self.start("-m", "tests.process.workload", talks=True)
        self._workload = Told(workload, self.said)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self.running:
            if process.poll() is None:
                process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()
        self.log.close()

    def start(
        self, *arguments: str, talks: bool = False, more: Mapping[str, str] = MappingProxyType({})
    ) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment | dict(more),
            stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
            stdout=subprocess.PIPE if talks else self.log,
            stderr=self.log,
        )
        self.running.append(process)
        return process

    def do(self, name: str, **given: Any) -> Any:
        """Have the workload process do something (workload.py) and return what it says."""
        return self._workload.do(name, **given)

    def said(self) -> str:
        """The last of what the processes said."""
        self.log.flush()
        return (self.var / "processes.log").read_text(errors="replace")[-5000:]

    def start_worker(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start one more worker, which is `worker` from now on."""
        celery = ["-m", "emitter.lifeline", "celery", "--quiet", "--app=emitter"]
        alone = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        name = f"--hostname=worker{len(self.running)}@%h"
        self.worker = self.start(
            *celery, "worker", name, *alone, "--loglevel=WARNING", more=environment
        )
        return self.worker

    def start_beat(self) -> None:
        celery = ["-m", "emitter.lifeline", "celery", "--quiet", "--app=emitter"]
        self.beat = self.start(*celery, "beat", "--pidfile=", "--loglevel=WARNING")

    def start_web(self, port: int = 0, **environment: str) -> None:
        port = port or free_port()
        self.web_url = f"http://127.0.0.1:{port}"
        self.web = self.start(
            *("-m", "emitter.lifeline", "emitter.web_server", f"--port={port}"),
            more=environment,
        )

    def all_run(self) -> bool:
        """Has none of worker, beat and web died?"""
        three = (self.worker, self.beat, self.web)
        return all(process is not None and process.poll() is None for process in three)

    def web_answers(self) -> bool:
        try:
            return requests.get(self.web_url + "/health/live", timeout=5).ok
        except requests.ConnectionError:
            return False

    def signal_worker(self, number: signal.Signals) -> None:
        """Signal the worker and wait for its end."""
        assert self.worker is not None
        self.worker.send_signal(number)
        self.worker.wait(20)

    def state(self, chatbot: str) -> Any:
        return self.do("state", chatbot=chatbot)

    def wait_for_all(self, chatbot: str, count: int, seconds: float = 30) -> None:
        """Wait until `count` deliveries, and no others, are there and have succeeded."""
        wait_until(
            lambda: self.do("statuses", chatbot=chatbot) == {"succeeded": count},
            f"{count} deliveries succeeded",
            seconds,
        )


class OwnRedis:
    """A Redis server of the test's own, which keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, empty."""
        server = shutil.which("redis-server")
        assert server is not None
        where = ["--port", str(self._port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        self._process = subprocess.Popen([server, *where, "--save", ""], stdout=subprocess.DEVNULL)
        wait_until(self._answers, "the Redis server")

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """It keeps its connections and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def wipe(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def is_listened_to(self) -> bool:
        """Is a worker waiting for messages here?"""
        with redis.Redis.from_url(self.url) as client:
            return any(one["cmd"] == "brpop" for one in client.client_list())

    def _answers(self) -> bool:
        with redis.Redis.from_url(self.url) as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False
