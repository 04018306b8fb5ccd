"""A request that is refused before its body was read leaves the connection as it should be."""

from __future__ import annotations

import contextlib
import http.client
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.emitter.group import ROOT, environment, free_port, wait_until


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a web process; there is nothing behind it but an empty folder."""
    var: Path = tmp_path_factory.mktemp("web")
    number = free_port()
    with (var / "web.log").open("wb") as log:
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "granian", "--interface=wsgi", "--host=127.0.0.1"),
                *(f"--port={number}", "--blocking-threads=2", "emitter.wsgi:application"),
            ],
            cwd=ROOT,
            env=environment(var, SANDBOX="1"),
            stdout=log,
            stderr=log,
        )

    def serves() -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{number}/health/live", timeout=1).ok
        except requests.ConnectionError:
            return False

    try:
        wait_until(serves, "the web process")
        yield number
    finally:
        server.terminate()
        server.wait(20)


@pytest.mark.parametrize("size", [2, 5_000, 100_000, 3_000_000])
def test_a_refused_request_breaks_neither_its_answer_nor_the_connection(
    port: int, size: int
) -> None:
    with contextlib.closing(
        http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    ) as connection:
        connection.connect()
        same = connection.sock
        for _ in range(5):
            connection.putrequest("POST", "/api/v1/chat")
            connection.putheader("Authorization", "Basic no-key")
            connection.putheader("Content-Type", "application/json")
            connection.putheader("Content-Length", str(size))
            connection.endheaders()
            # In pieces, as a network would bring them: the head alone is enough to refuse.
            for start in range(0, size, 50_000):
                connection.send(b" " * min(50_000, size - start))
            response = connection.getresponse()
            response.read()
            assert response.status == 401
            assert connection.sock is same
