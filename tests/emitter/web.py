"""A web process as it is served, with nothing behind it but an empty folder."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import requests

from tests.emitter.group import ROOT, environment, wait_until
from tests.ports import free_port


@contextlib.contextmanager
def served(var: Path, **variables: str) -> Iterator[int]:
    """Serve with these variables of the environment. Gives the port."""
    port = free_port()
    with (var / "web.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "emitter.web_server", f"--port={port}"],
            cwd=ROOT,
            env=environment(var, **variables),
            stdout=log,
            stderr=log,
        )

    def serves() -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{port}/health/live", timeout=1).ok
        except requests.ConnectionError:
            return False

    try:
        wait_until(serves, "the web process")
        yield port
    finally:
        server.terminate()
        server.wait(20)
