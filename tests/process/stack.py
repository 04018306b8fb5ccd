"""Real worker, beat and web processes on a database and a broker of their own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redis

from tests.emitter.group import ROOT, environment, free_port


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
        self.web_url = ""
        self._workload = self._start("-m", "tests.process.workload", talks=True)

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

    def _start(self, *arguments: str, talks: bool = False) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
            stdout=subprocess.PIPE if talks else self.log,
            stderr=self.log,
        )
        self.running.append(process)
        return process

    def do(self, name: str, **given: Any) -> Any:
        """Have the workload process do something (workload.py) and return what it says."""
        assert self._workload.stdin is not None
        assert self._workload.stdout is not None
        self._workload.stdin.write(json.dumps({"do": name, **given}).encode() + b"\n")
        self._workload.stdin.flush()
        line = self._workload.stdout.readline()
        assert line, self.said()
        return json.loads(line)

    def said(self) -> str:
        """The last of what the processes said."""
        self.log.flush()
        return (self.var / "processes.log").read_text(errors="replace")[-5000:]

    def start_worker(self) -> None:
        celery = ["-m", "emitter.lifeline", "celery", "--quiet", "--app=emitter"]
        alone = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        self.worker = self._start(*celery, "worker", *alone, "--loglevel=WARNING")

    def start_beat(self) -> None:
        celery = ["-m", "emitter.lifeline", "celery", "--quiet", "--app=emitter"]
        self._start(*celery, "beat", "--pidfile=", "--loglevel=WARNING")

    def start_web(self) -> None:
        port = free_port()
        self.web_url = f"http://127.0.0.1:{port}"
        self._start(
            *("-m", "emitter.lifeline", "granian", "--interface=wsgi", "--host=127.0.0.1"),
            *(f"--port={port}", "--workers=1", "--blocking-threads=8", "--factory"),
            "emitter.lifeline:application",
        )

    def signal_worker(self, number: signal.Signals) -> None:
        """Signal the worker and wait for its end."""
        assert self.worker is not None
        self.worker.send_signal(number)
        self.worker.wait(20)

    def state(self, chatbot: str) -> Any:
        return self.do("state", chatbot=chatbot)


@contextlib.contextmanager
def own_redis(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Redis server of the test's own: its URL, and its process to freeze."""
    server = shutil.which("redis-server")
    assert server is not None
    port = free_port()
    process = subprocess.Popen(
        [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
    )
    url = f"redis://127.0.0.1:{port}/0"

    def answers() -> bool:
        with redis.Redis.from_url(url) as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False

    try:
        wait_until(answers, "the Redis server")
        yield url, process
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()
