"""Requests as no well-meant program writes them, over raw sockets."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

from tests.emitter.web import served

HOST = b"Host: 127.0.0.1\r\n"
POST = b"POST /api/v1/chat HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with served(tmp_path_factory.mktemp("web"), SANDBOX="1") as number:
        yield number


def statuses(port: int, sent: bytes) -> list[int]:
    """Of all that is answered to these bytes until nothing comes for half a second."""
    with contextlib.closing(socket.create_connection(("127.0.0.1", port), 10)) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(sent)
        got = b""
        with contextlib.suppress(TimeoutError, ConnectionError):
            while part := connection.recv(65536):
                got += part
                connection.settimeout(0.5)
    answers = got.replace(b"HTTP/1.0 ", b"HTTP/1.1 ").split(b"HTTP/1.1 ")
    return [int(answer[:3]) for answer in answers[1:]]


def get(target: bytes, *headers: bytes) -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"".join(headers) + b"\r\n"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /health/live HTTP/1.1\r\n\r\n", 400),
        (b"GET /api/v1/events HTTP/1.1\r\n\r\n", 400),
        (b"GET /health/live HTTP/1.0\r\n\r\n", 400),
        (get(b"/api/v1/events", b"Host: evil.example\r\n"), 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 3, 400),
        (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", 404),
        (b"CONNECT evil.example:443 HTTP/1.1\r\n" + HOST + b"\r\n", 403),
        (b"BREW /api/v1/events HTTP/1.1\r\n" + HOST + b"\r\n", 401),
        (b"POST /health/live HTTP/1.1\r\n" + HOST + b"Content-Length: 0\r\n\r\n", 405),
        (b"HEAD /health/live HTTP/1.1\r\n" + HOST + b"\r\n", 200),
        (POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
        (POST + b"Content-Length: -3\r\n\r\n", 400),
        (POST + b"Content-Length: +3\r\n\r\nabc", 400),
        (POST + b"Transfer-Encoding: x\r\n\r\n", 400),
        (CHUNKED + b"\r\nzz\r\n", 400),
        (CHUNKED + b"\r\n2\r\n{}garbage", 400),
        (CHUNKED + b"\r\nfffffffffffffffff\r\n", 400),
        (get(b"/login/", *(b"X-%d: a\r\n" % number for number in range(300))), 431),
        (get(b"/login/", b"X: " + b"a" * 1_000_000), 431),
        (get(b"/" + b"a" * 70_000), 414),
        (get(b"/login/%00"), 404),
        (get(b"/chatbot/%ff%fe/"), 404),
        (get(b"/chatbot/\xff\xfe/"), 400),
        (get(b"/%zz/%"), 404),
        (get(b"/static/../../etc/passwd"), 404),
        (get(b"//evil.example/"), 404),
        (get(b"/login/?a=%ff&b=%"), 200),
        (get(b"/login/", b"Cookie: a=\xff\xfe; emitter_session=\xe9\r\n"), 200),
        (get(b"/login/", b"Connection: Upgrade\r\nUpgrade: websocket\r\n"), 200),
    ],
)
def test_each_is_answered_and_none_with_500(port: int, sent: bytes, status: int) -> None:
    assert statuses(port, sent) == [status]


def test_what_is_behind_a_chunked_body_with_a_length_is_no_second_request(port: int) -> None:
    smuggled = get(b"/health/live")
    both = CHUNKED + b"Content-Length: 3\r\n\r\n0\r\n\r\n" + smuggled
    assert statuses(port, both)[0] == 401
    assert len(statuses(port, both)) <= 1


def test_requests_that_come_together_are_answered_in_their_order(port: int) -> None:
    sent = get(b"/health/live") + get(b"/nowhere") + get(b"/health/live") + get(b"/login/")
    assert statuses(port, sent) == [200, 404, 200, 200]
