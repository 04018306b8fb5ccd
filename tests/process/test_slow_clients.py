"""Clients that send slowly, do not read, or go away: they cost nobody else anything."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from emitter.front_door.body import SILENT_SECONDS
from emitter.web_server import HEAD_SECONDS
from tests.process.counter import Counter
from tests.process.stack import Stack, percentile, wait_until

pytestmark = [pytest.mark.process]

SLOW = 200
EVENT = "USER_MESSAGE_SENT"


@pytest.fixture
def made(stack: Stack) -> Iterator[dict[str, Any]]:
    """A chatbot with a webhook, and its account's key."""
    with Counter() as counter:
        wait_until(stack.web_answers, "the web", 60)
        yield stack.do("prepare", url=counter.url)


@contextlib.contextmanager
def open_to(stack: Stack, count: int = 1) -> Iterator[list[socket.socket]]:
    address = urlsplit(stack.web_url)
    with contextlib.ExitStack() as opened:
        yield [
            opened.enter_context(
                socket.create_connection((address.hostname or "", address.port or 0), 30)
            )
            for _ in range(count)
        ]


def head(made: dict[str, Any], path: str = "/api/v1/events", **headers: str) -> bytes:
    """The head of a POST of JSON."""
    named = {
        "Host": "127.0.0.1",
        "Content-Type": "application/json",
        "Authorization": f"Bearer {made['apiKey']}",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def event(made: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"chatbotId": made["chatbotId"], "event": EVENT, **more}).encode()


def answer_on(connection: socket.socket, seconds: float = 20) -> bytes:
    """What comes until the server closes, or nothing has come for a second after the first."""
    connection.settimeout(seconds)
    got = b""
    with contextlib.suppress(TimeoutError, ConnectionResetError):
        while part := connection.recv(65536):
            got += part
            connection.settimeout(1)
    return got


def chat(stack: Stack, made: dict[str, Any]) -> float:
    """How long a chat, a page, an event and the probe took together."""
    began = time.monotonic()
    asked = {"chatbotId": made["chatbotId"], "question": "What do you cost?"}
    key = {"Authorization": f"Bearer {made['apiKey']}"}
    api = f"{stack.web_url}/api/v1"
    answers = [
        requests.post(f"{api}/chat", json=asked, headers=key, timeout=20),
        requests.get(f"{stack.web_url}/login/", timeout=20),
        requests.post(
            f"{api}/events",
            data=event(made),
            headers=key | {"Content-Type": "application/json"},
            timeout=20,
        ),
        requests.get(f"{stack.web_url}/health/live", timeout=20),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 202, 200]
    return time.monotonic() - began


@pytest.mark.alone
@pytest.mark.parametrize("stack", ["served"], indirect=True)
def test_two_hundred_slow_clients_hold_up_nobody(stack: Stack, made: dict[str, Any]) -> None:
    usual = percentile([chat(stack, made) for _ in range(20)], 0.5)
    body = event(made, data={"question": "x" * 5000})
    whole = head(made, Content_Length=str(len(body))) + body
    with open_to(stack, SLOW) as slow:
        for place, one in enumerate(slow):
            # A head that does not end, a body that does not, and an answer that is not read.
            one.sendall(whole[: [20, len(whole) - 100, len(whole)][place % 3]])
        beside = []
        sent = 0
        until = time.monotonic() + 4
        while time.monotonic() < until:
            beside.append(chat(stack, made))
            for place, one in enumerate(slow):
                if place % 3 == 1 and sent < 90:
                    with contextlib.suppress(OSError):
                        one.sendall(whole[len(whole) - 100 + sent :][:1])
            sent += 1
        assert percentile(beside, 0.5) < 3 * usual


@pytest.mark.parametrize("stack", ["served"], indirect=True)
def test_a_head_that_does_not_come_ends_the_connection(stack: Stack, made: dict[str, Any]) -> None:
    with open_to(stack) as (one,):
        began = time.monotonic()
        one.sendall(head(made, Content_Length="2")[:40])
        answer_on(one)
        assert HEAD_SECONDS - 1 < time.monotonic() - began < 3 * HEAD_SECONDS


@pytest.mark.parametrize("stack", ["served"], indirect=True)
@pytest.mark.parametrize(
    ("path", "chunked"),
    [
        ("/api/v1/events", False),
        ("/login/", True),
        *(
            pytest.param(path, chunked, marks=pytest.mark.thorough)
            for path, chunked in [
                ("/api/v1/events", True),
                ("/api/v1/chat", False),
                ("/api/v1/chat", True),
                ("/login/", False),
                ("/chatbot/x/ask", False),
                ("/chatbot/x/ask", True),
            ]
        ),
    ],
)
def test_a_body_that_does_not_come_is_answered_408_and_nothing_is_done(
    stack: Stack, made: dict[str, Any], path: str, chunked: bool
) -> None:
    body = event(made)
    how = {"Transfer_Encoding": "chunked"} if chunked else {"Content_Length": str(len(body))}
    before = stack.do("state", chatbot=made["chatbotId"])
    with open_to(stack) as (one,):
        began = time.monotonic()
        part = body[:-1]
        one.sendall(
            head(made, path, **how) + (b"%x\r\n%b\r\n" % (len(part), part) if chunked else part)
        )
        got = answer_on(one)
        assert SILENT_SECONDS - 1 < time.monotonic() - began < 3 * SILENT_SECONDS
    assert got.startswith(b"HTTP/1.1 408 ")
    assert b"send the request again" in got
    if path.startswith("/api/"):
        assert json.loads(got.partition(b"\r\n\r\n")[2])["code"] == "too_slow"
    assert stack.do("state", chatbot=made["chatbotId"]) == before


@pytest.mark.parametrize("stack", ["served"], indirect=True)
def test_a_client_that_goes_away_in_the_middle_changes_nothing(
    stack: Stack, made: dict[str, Any]
) -> None:
    body = event(made)
    before = stack.do("state", chatbot=made["chatbotId"])
    with open_to(stack, 20) as connections:
        for one in connections:
            one.sendall(head(made, Content_Length=str(len(body))) + body[:-1])
    for _ in range(5):
        assert stack.web_answers()
    assert stack.do("state", chatbot=made["chatbotId"]) == before


@pytest.mark.parametrize("stack", ["served"], indirect=True)
def test_a_chunked_body_is_read_and_has_the_same_limit(stack: Stack, made: dict[str, Any]) -> None:
    def pieces(body: bytes) -> Iterator[bytes]:
        yield from (body[at : at + 1000] for at in range(0, len(body), 1000))

    def post(path: str, body: bytes) -> requests.Response:
        return requests.post(
            f"{stack.web_url}{path}",
            data=pieces(body),
            headers={
                "Authorization": f"Bearer {made['apiKey']}",
                "Content-Type": "application/json",
            },
            timeout=20,
        )

    taken = post("/api/v1/events", event(made, data={"question": "x" * 20_000}))
    assert taken.status_code == 202
    assert len(taken.json()["payload"]["data"]["question"]) == 20_000
    refused = post("/api/v1/events", event(made, data={"question": "x" * 300_000}))
    assert refused.status_code == 413
    assert refused.json()["status"] == 413
    assert post("/api/v1/webhooks", b" " * 300_000).status_code == 413
    assert post("/api/v1/events/batch", b" " * 300_000 + event(made)).status_code == 400


@pytest.mark.parametrize("stack", ["served"], indirect=True)
def test_what_says_itself_that_it_is_too_long_is_answered_before_it_is_read(
    stack: Stack, made: dict[str, Any]
) -> None:
    for path, length in [
        ("/api/v1/events", 300_000),
        ("/api/v1/events/batch", 5_000_000),
        ("/api/v1/chat", 10**12),
        ("/login/", 20_000),
    ]:
        with open_to(stack) as (one,):
            one.sendall(head(made, path, Content_Length=str(length)))
            one.settimeout(3)
            assert one.recv(65536).startswith(b"HTTP/1.1 413 "), path


@pytest.mark.parametrize("stack", ["served"], indirect=True)
def test_whoever_asks_before_sending_is_told_to_go_on_or_not_to(
    stack: Stack, made: dict[str, Any]
) -> None:
    body = event(made)
    with open_to(stack) as (one,):
        one.sendall(head(made, Content_Length=str(len(body)), Expect="100-continue"))
        one.settimeout(3)
        assert one.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        one.sendall(body)
        assert one.recv(65536).startswith(b"HTTP/1.1 202 ")
    with open_to(stack) as (one,):
        one.sendall(head(made, Content_Length="300000", Expect="100-continue"))
        one.settimeout(3)
        assert one.recv(65536).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("stack", ["served"], indirect=True)
def test_many_at_once_on_every_way_are_all_answered(stack: Stack, made: dict[str, Any]) -> None:
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda _: chat(stack, made), range(64)))
