"""`make up` as a person starts it, for tests: a real group of processes in a folder of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from tests.ports import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_SECONDS = 60.0
# The command lines of its processes.
WORKER = r" celery .* worker "
BEAT = r" celery .* beat "
WEB = r" emitter\.web_server"


def environment(var: Path, **more: str) -> dict[str, str]:
    """What a fresh shell would give: nothing of the tests' own settings."""
    ours = {"SECRET_KEY", "ENCRYPTION_KEYS", "VAR_DIR", "DATABASE_URL", "BROKER_URL", "SANDBOX"}
    ours |= {"DJANGO_SETTINGS_MODULE", "EMITTER_TEST_RUN", "EMITTER_UP_PID", "PORT"}
    ours |= {"ALLOWED_HOSTS"}
    clean = {name: text for name, text in os.environ.items() if name not in ours}
    return clean | {"VAR_DIR": str(var), "PYTHONUNBUFFERED": "1"} | more


def wait_until(holds: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def processes(var: Path) -> dict[int, str]:
    """The processes that live in the folder `var`, by id, with their command lines."""
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            variables = (folder / "environ").read_bytes().split(b"\0")
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue  # It has ended, or is another person's.
        if f"VAR_DIR={var}".encode() in variables and command:
            found[int(folder.name)] = command
    return found


class Up:
    """A running `manage.py up` (or another `command` that leads to it)."""

    def __init__(self, var: Path, command: list[str] | None = None, **more: str) -> None:
        var.mkdir(parents=True, exist_ok=True)
        self.var = var
        self.port = int(more.get("PORT") or free_port())
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = var / f"up-{self.port}.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command or [sys.executable, "manage.py", "up"],
                cwd=ROOT,
                env=environment(var, **({"SANDBOX": "1", "PORT": str(self.port)} | more)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def sandbox(self) -> dict[str, str]:
        file: dict[str, str] = json.loads((self.var / "sandbox.json").read_text())
        return file

    def wait_until_ready(self) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, self.output
            return "Ctrl-C stops" in self.output

        wait_until(ready, "the summary of make up")

    def get(self, path: str, **more: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=10, **more)

    def post(self, path: str, **more: Any) -> requests.Response:
        return requests.post(self.url + path, timeout=10, **more)

    def alive(self) -> bool:
        try:
            return self.get("/health/live").status_code == 200
        except requests.ConnectionError:
            return False

    def pids(self, command: str) -> list[int]:
        """The processes of this group whose command line matches, oldest first."""
        return sorted(pid for pid, line in processes(self.var).items() if re.search(command, line))

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Stop it if it runs, as `number` does; returns the seconds it took."""
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(20)
            finally:
                for pid in processes(self.var):
                    os.kill(pid, signal.SIGKILL)
        return time.monotonic() - began
