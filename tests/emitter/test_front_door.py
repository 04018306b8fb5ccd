"""What production refuses before any view sees it: a wrong Host, and the API without TLS."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.emitter.test_settings import production
from tests.emitter.web import served

CALLS = [("POST", "/api/v1/chat"), ("POST", "/api/v1/events"), ("GET", "/api/v1/webhooks")]
OUR_NAME = "emitter.example"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def problem(self) -> dict[str, Any]:
        assert self.headers["content-type"] == "application/problem+json"
        found: dict[str, Any] = json.loads(self.body)
        assert found["status"] == self.status
        assert found["type"] == "about:blank"
        return found


class Door:
    """Calls the web process as a proxy would that ended TLS, or saw none."""

    def __init__(self, port: int) -> None:
        self._port = port

    def __call__(self, method: str, path: str, *, host: str = OUR_NAME, tls: bool = True) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        connection.request(
            method,
            path,
            b'{"apiKey":"wc_in_clear"}' if method == "POST" else None,
            {
                "Host": host,
                "Content-Type": "application/json",
                "Authorization": "Bearer wc_in_clear",
                "X-Forwarded-Proto": "https" if tls else "http",
            },
        )
        got = connection.getresponse()
        headers = {name.lower(): value for name, value in got.getheaders()}
        answer = Answer(got.status, headers, got.read())
        connection.close()
        return answer


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    var = tmp_path_factory.mktemp("web")
    database = f"sqlite:///{var / 'emitter.sqlite3'}"
    with served(var, **production(DATABASE_URL=database, BROKER_URL="filesystem://")) as port:
        yield Door(port)


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize("tls", [True, False])
@pytest.mark.parametrize("host", ["evil.example", "a b", "127.0.0.1", f"{OUR_NAME}:port"])
def test_a_call_with_a_wrong_host_gets_a_problem(
    door: Door, method: str, path: str, tls: bool, host: str
) -> None:
    answer = door(method, path, host=host, tls=tls)
    assert answer.status == 400
    assert "ALLOWED_HOSTS" in answer.problem()["detail"]
    assert host.encode() not in answer.body


def test_a_page_with_a_wrong_host_gets_a_page(door: Door) -> None:
    answer = door("GET", "/login/", host="evil.example")
    assert answer.status == 400
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(("method", "path"), [*CALLS, ("GET", "/api/v1/nope"), ("GET", "/api/")])
def test_a_call_without_tls_is_refused_and_not_redirected(
    door: Door, method: str, path: str
) -> None:
    answer = door(method, path, tls=False)
    assert answer.status == 403
    assert "location" not in answer.headers
    assert "https://" in answer.problem()["detail"]
    assert "revoke" in answer.problem()["detail"]
    assert b"wc_in_clear" not in answer.body


@pytest.mark.parametrize("path", ["/", "/login/", "/api/v1/docs", "/api/v1/schema"])
def test_a_page_without_tls_is_redirected(door: Door, path: str) -> None:
    answer = door("GET", path, tls=False)
    assert answer.status == 301
    assert answer.headers["location"] == f"https://{OUR_NAME}{path}"


def test_with_tls_the_door_is_open(door: Door) -> None:
    assert door("GET", "/api/v1/schema").status == 200
    # Nothing but the key is wrong; there is no database to look it up in.
    assert door("GET", "/api/v1/nope").status == 404
