"""The sandbox answers to this machine's own names: a web page elsewhere cannot lead into it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.emitter.group import ROOT, Up, environment
from tests.emitter.web import served
from tests.ports import free_port

pytestmark = pytest.mark.thorough

PATHS = [
    "/",
    "/login/",
    "/static/emitter/dashboard.css",
    "/api/v1/docs",
    "/api/v1/chat",
    "/inbox/x",
    "/health/live",
    "/health/ready",
    "/metrics",
    "/scripts/wonderchat.js",
    "/demo/shop",
]

STRANGE = [
    *("rebound.example", "127.0.0.1.nip.io", "localhost.evil.example", "10.0.0.7", "x", "0.0.0.0"),
    *("0", "127.1", "2130706433", "0x7f000001", "[::1%25lo]", "[::ffff:127.0.0.1]", "[::]"),
    *("localhost@evil.example", "evil.example@localhost", "localhost,evil.example", "a.localhost"),
    *("localhost..", "localhost:", "localhost:x", "localhost:1:1", "localhost/", "localhost#", "*"),
]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    var = tmp_path_factory.mktemp("web")
    with served(var, SANDBOX="1", ALLOWED_HOSTS="box.local") as number:
        yield number


def status(port: int, host: str, path: str) -> int:
    answer = requests.get(
        f"http://127.0.0.1:{port}{path}", headers={"Host": host}, timeout=20, allow_redirects=False
    )
    return answer.status_code


@pytest.mark.parametrize("path", PATHS)
def test_a_strange_name_is_refused_everywhere(port: int, path: str) -> None:
    for host in STRANGE:
        assert status(port, host, path) == 400, host


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST", "box.local", "localhost:{port}"]
)
def test_its_own_names_are_answered(port: int, host: str) -> None:
    assert status(port, host.format(port=port), "/static/emitter/dashboard.css") == 200


def test_the_refusal_says_what_to_do(port: int) -> None:
    answer = requests.get(
        f"http://127.0.0.1:{port}/login/", headers={"Host": "rebound.example"}, timeout=20
    )
    assert "ALLOWED_HOSTS" in answer.text
    assert "rebound" not in answer.text


@pytest.mark.process
def test_what_host_names_is_listened_on_and_answered_to(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "manage.py", "up", "--host", "127.0.0.2"]
    up = Up(tmp_path / "var", command=command, PORT=str(port))
    try:
        up.wait_until_ready()
        assert up.sandbox["url"] == f"http://127.0.0.2:{port}"
        for name in ("127.0.0.2", "localhost"):
            page = requests.get(
                up.sandbox["inboxUrl"], headers={"Host": f"{name}:{port}"}, timeout=20
            )
            assert page.status_code == 200
        assert (
            requests.get(up.sandbox["url"], headers={"Host": "x.example"}, timeout=20).status_code
            == 400
        )
    finally:
        up.stop()


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("192.0.2.1", "not an address of this machine"),
        ("https://x", "--host must be"),
        ("*", "--host must"),
    ],
)
def test_a_host_that_is_none_is_refused(tmp_path: Path, host: str, named: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "up", "--host", host],
        cwd=ROOT,
        env=environment(tmp_path, SANDBOX="1", PORT=str(free_port())),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert named in done.stderr
