"""Endpoints that break every rule: bounded in bytes, classed, and said in words."""

from __future__ import annotations

import contextlib
import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emitter.group import ROOT
from tests.webhooks.raw_server import (
    OK,
    Behaviour,
    Connection,
    RawServer,
    answer,
    answer_and_close,
)
from tests.webhooks.sender import Sender, request_to
from webhooks.outcome import Outcome


@pytest.fixture(scope="module")
def sender() -> Iterator[Sender]:
    with Sender() as made:
        yield made


def meet(sender: Sender, behave: Behaviour, *, body: bytes = b'{"a":1}') -> Outcome:
    """What becomes of one POST to a server that behaves so. The next sender finds us well."""
    with RawServer(behave) as server:
        outcome = sender.post(server.url("/hook"), body=body)
    with RawServer(answer()) as server:
        assert sender.post(server.url()).succeeded
    assert bool(outcome.error) == bool(outcome.error_kind)
    assert not outcome.error or outcome.error[-1] == ".", outcome.error
    assert outcome.duration_ms < 9000
    return outcome


# ---------------------------------------------------------------- too much


def endless(head: bytes, piece: bytes, sent: list[int]) -> Behaviour:
    def behave(connection: Connection) -> None:
        connection.read_request()
        connection.send(head)
        while True:
            connection.send(piece)
            sent.append(len(piece))

    return behave


@pytest.mark.parametrize(
    "framing", [b"", b"Content-Length: 10737418240\r\n", b"Transfer-Encoding: chunked\r\n"]
)
def test_an_endless_body_is_cut_and_its_status_counts(sender: Sender, framing: bytes) -> None:
    piece = b"x" * 65536
    if b"chunked" in framing:
        piece = b"10000\r\n" + piece + b"\r\n"
    sent: list[int] = []
    outcome = meet(sender, endless(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n", piece, sent))
    assert outcome.succeeded
    assert outcome.status_code == 200
    assert outcome.response_body == b"x" * 65536
    assert outcome.response_truncated
    # One MiB was read; the rest is what fits into the sockets' buffers on the way.
    assert sum(sent) < 32 * 1024 * 1024


def test_an_endless_body_of_a_failure_is_that_failure(sender: Sender) -> None:
    head = b"HTTP/1.1 500 Oops\r\nRetry-After: 3\r\n\r\n"
    outcome = meet(sender, endless(head, b"trace " * 1000, []))
    assert (outcome.error_kind, outcome.status_code) == ("http_status", 500)
    assert outcome.response_truncated


@pytest.mark.parametrize("size", [65535, 65536, 65537, 1024 * 1024])
def test_a_body_within_a_mebibyte_is_read_to_its_end(sender: Sender, size: int) -> None:
    with RawServer(
        answer(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"y" * size)
    ) as (server):
        outcomes = [sender.post(server.url()) for _ in range(2)]
        assert server.connections == 1
    for outcome in outcomes:
        assert outcome.succeeded
        assert len(outcome.response_body) == min(size, 65536)
        assert outcome.response_truncated is (size > 65536)


def test_nobody_is_asked_to_compress(sender: Sender) -> None:
    with RawServer(answer()) as server:
        sender.post(server.url())
        [request] = server.requests
    assert b"accept-encoding" not in request.lower()


@pytest.mark.parametrize("coding", [b"Content-Encoding: gzip", b"Content-Encoding: br, gzip"])
def test_a_compressed_bomb_is_not_unpacked(sender: Sender, coding: bytes) -> None:
    bomb = gzip.compress(bytes(10 * 1024 * 1024))
    head = b"HTTP/1.1 200 OK\r\n%s\r\nContent-Length: %d\r\n\r\n" % (coding, len(bomb))
    outcome = meet(sender, answer_and_close(head + bomb))
    assert outcome.succeeded
    assert outcome.response_body == bomb


def test_a_hundred_thousand_headers_are_too_many(sender: Sender) -> None:
    lines = b"".join(b"X-%d: %d\r\n" % (number, number) for number in range(100_000))
    outcome = meet(sender, answer_and_close(b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n"))
    assert outcome.error_kind == "too_large"
    assert "header" in outcome.error
    assert len(outcome.response_head) <= 16 * 1024


def test_one_header_of_ten_megabytes_is_too_long(sender: Sender) -> None:
    line = b"X-Long: " + b"x" * 10_000_000
    outcome = meet(sender, answer_and_close(b"HTTP/1.1 200 OK\r\n" + line + b"\r\n\r\n"))
    assert outcome.error_kind == "too_large"
    assert "header" in outcome.error
    assert len(outcome.response_head) <= 16 * 1024


def test_long_headers_are_kept_in_part(sender: Sender) -> None:
    lines = b"X-Long: " + b"x" * 30_000 + b"\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n"
    outcome = meet(sender, answer_and_close(b"HTTP/1.1 200 OK\r\n" + lines))
    assert outcome.succeeded
    assert len(outcome.response_head) == 16 * 1024


@pytest.mark.parametrize(
    "informational",
    [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"],
)
def test_a_flood_of_informational_answers_is_no_answer(
    sender: Sender, informational: bytes
) -> None:
    outcome = meet(sender, endless(b"", informational * 1000, []))
    assert outcome.error_kind == "too_large"
    assert outcome.status_code is None


def test_an_early_hint_before_the_answer_is_no_answer_however_long_it_is(sender: Sender) -> None:
    hint = b"HTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\nLink: " + b"x" * 60_000 + b"\r\n\r\n"
    reply = b"HTTP/1.1 503 Later\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"
    outcome = meet(sender, answer_and_close(hint * 3 + reply))
    assert (outcome.error_kind, outcome.status_code) == ("http_status", 503)
    assert outcome.retry_after == "7"
    assert outcome.response_head == reply


# ---------------------------------------------------------------- not HTTP


@pytest.mark.parametrize(
    "reply",
    [
        b"HELLO WORLD\r\n\r\n",
        b"<html>HTTP/0.9 has no head</html>",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"220 mail.example.com ESMTP\r\n",
        b"-ERR unknown command 'POST'\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 99 Low\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/7.7 200 OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"\0\0\0\0\0\0\0\0",
        b"\x15\x03\x03\x00\x02\x02\x28",
        b"HTTP/1.1 200 OK\r\nX-Nul: a\0b\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot-hex\r\n",
    ],
)
def test_what_is_not_http_is_said_so(sender: Sender, reply: bytes) -> None:
    outcome = meet(sender, answer_and_close(reply))
    assert outcome.error_kind == "protocol", outcome.error
    assert "not HTTP/1.1" in outcome.error
    assert "\0" not in outcome.error


def test_a_content_length_past_all_numbers_is_cut_like_any_body(sender: Sender) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 40 + b"\r\n\r\n"
    outcome = meet(sender, endless(head, b"x" * 65536, []))
    assert (outcome.error_kind, outcome.status_code) == ("", 200)
    assert outcome.response_truncated
    assert len(outcome.response_body) <= 65536


# ---------------------------------------------------------------- broken off


def close_at_once(connection: Connection) -> None:
    """Neither read nor answer."""


def read_and_close(connection: Connection) -> None:
    connection.read_request()


def reset_at_once(connection: Connection) -> None:
    connection.socket.recv(1)  # Or the RST overtakes the end of connect().
    connection.reset()


def read_and_reset(connection: Connection) -> None:
    connection.read_request()
    connection.reset()


@pytest.mark.parametrize("body", [b"{}", b"x" * 2_000_000], ids=["small", "large"])
@pytest.mark.parametrize("behave", [close_at_once, read_and_close, reset_at_once, read_and_reset])
def test_a_connection_closed_without_an_answer_is_said_so(
    sender: Sender, behave: Behaviour, body: bytes
) -> None:
    outcome = meet(sender, behave, body=body)
    assert outcome.error_kind == "closed", outcome.error
    assert "without an answer" in outcome.error
    assert outcome.status_code is None


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\npa",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n",
    ],
)
@pytest.mark.parametrize("how", ["close", "reset"])
def test_an_answer_broken_off_in_the_middle_is_said_so(
    sender: Sender, reply: bytes, how: str
) -> None:
    def behave(connection: Connection) -> None:
        connection.read_request()
        connection.send(reply)
        if how == "reset":
            connection.hang(0.1)  # So that the bytes come before the RST, which discards them.
            connection.reset()

    outcome = meet(sender, behave)
    assert outcome.error_kind == "closed"
    assert "middle of its answer" in outcome.error
    assert outcome.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 100\r\n\r\npart",
        b"Transfer-Encoding: chunked\r\n\r\n4\r\npart\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n",
    ],
)
def test_what_a_whole_head_asks_for_is_heard_whatever_becomes_of_the_body(
    sender: Sender, body: bytes
) -> None:
    slow = meet(sender, answer_and_close(b"HTTP/1.1 429 Slow\r\nRetry-After: 60\r\n" + body))
    assert slow.error_kind in ("closed", "protocol")
    assert slow.retry_after == "60"
    assert meet(sender, answer_and_close(b"HTTP/1.1 410 Gone\r\n" + body)).says_gone


@pytest.mark.parametrize("end", [b"", b"X: 1\r\n", b"X: \0\r\n\r\n", b"no colon\r\n\r\n"])
def test_a_head_that_is_not_whole_asks_for_nothing(sender: Sender, end: bytes) -> None:
    slow = meet(sender, answer_and_close(b"HTTP/1.1 429 Slow\r\nRetry-After: 60\r\n" + end))
    assert slow.retry_after == ""
    gone = meet(sender, answer_and_close(b"HTTP/1.1 410 Gone\r\n" + end))
    assert gone.status_code == 410
    assert not gone.says_gone


def test_a_head_broken_off_is_no_answer(sender: Sender) -> None:
    outcome = meet(sender, answer_and_close(b"HTTP/1.1 200 OK\r\nContent-Le"))
    assert outcome.error_kind == "closed"
    assert "middle of its answer" in outcome.error


def test_a_trailer_is_not_taken_for_a_head(sender: Sender) -> None:
    reply = b"HTTP/1.1 201 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n"
    outcome = meet(sender, answer_and_close(reply + b"HTTP/1.1: 500\r\nRetry-After: 9\r\n\r\n"))
    assert (outcome.status_code, outcome.response_body) == (201, b"ok")
    assert outcome.response_head == b"HTTP/1.1 201 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert outcome.retry_after == ""


# ---------------------------------------------------------------- out of turn


def test_an_answer_before_the_request_was_read_counts(sender: Sender) -> None:
    def behave(connection: Connection) -> None:
        connection.send(OK)
        connection.hang(0.5)

    assert meet(sender, behave).succeeded


def test_a_refusal_in_the_middle_of_a_large_request_is_that_refusal(sender: Sender) -> None:
    def behave(connection: Connection) -> None:
        connection.socket.recv(1000)
        connection.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        while connection.socket.recv(65536):
            pass

    outcome = meet(sender, behave, body=b"x" * 2_000_000)
    assert (outcome.error_kind, outcome.status_code) == ("http_status", 413)


def test_a_second_answer_behind_the_first_is_not_taken_for_the_next(sender: Sender) -> None:
    """Response splitting: the next request on this connection would get the stowaway."""
    stowaway = b"HTTP/1.1 500 Stowaway\r\nContent-Length: 0\r\n\r\n"
    with RawServer(answer(OK + stowaway)) as server:
        for _ in range(5):
            assert sender.post(server.url()).status_code == 200


def test_a_switch_of_protocols_is_no_success(sender: Sender) -> None:
    reply = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    outcome = meet(sender, answer_and_close(reply))
    assert (outcome.error_kind, outcome.status_code) == ("closed", 101)


CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@pytest.mark.parametrize(
    ("reply", "kind", "status"),
    [
        (CONTINUE, "closed", None),
        (CONTINUE * 3 + OK, "", 200),
        (CONTINUE + b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "http_status", 500),
        (b"HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello" + OK, "protocol", None),
        (b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n", "http_status", 417),
    ],
    ids=["and no more", "and a success", "and a failure", "with a body", "never expected"],
)
def test_100_continue_that_nobody_asked_for_is_no_answer(
    sender: Sender, reply: bytes, kind: str, status: int | None
) -> None:
    outcome = meet(sender, answer_and_close(reply))
    assert (outcome.error_kind, outcome.status_code) == (kind, status), outcome.error


# ---------------------------------------------------------------- elsewhere


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location", ["http://169.254.169.254/latest/", "file:///etc/passwd", "//127.0.0.1/", "/again"]
)
def test_a_redirect_is_not_followed(sender: Sender, status: int, location: str) -> None:
    reply = f"HTTP/1.1 {status} Go\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
    with RawServer(answer(reply)) as server:
        outcome = sender.post(server.url())
        assert len(server.requests) == 1
    assert (outcome.error_kind, outcome.status_code) == ("redirect", status)
    assert location in outcome.error
    assert "not followed" in outcome.error


def test_what_an_endpoint_sets_is_not_brought_back(sender: Sender) -> None:
    reply = (
        b"HTTP/1.1 401 No\r\nSet-Cookie: a=b; Path=/\r\nWWW-Authenticate: Basic realm=x\r\n"
        b'Alt-Svc: h2=":1"; ma=86400\r\nStrict-Transport-Security: max-age=1000\r\n'
        b"Refresh: 0; url=/x\r\nContent-Length: 0\r\n\r\n"
    )
    with RawServer(answer(reply)) as server:
        for _ in range(2):
            outcome = sender.post(server.url())
            assert (outcome.error_kind, outcome.status_code) == ("http_status", 401)
        first, second = server.requests
    assert first == second
    assert b"cookie" not in second.lower()


# ---------------------------------------------------------------- many of them


def test_a_hundred_bad_ones_do_not_harm_a_good_one(sender: Sender) -> None:
    turn = iter(range(1000))
    lock = threading.Lock()
    bad = [close_at_once, read_and_reset, answer_and_close(b"\0"), read_and_close]

    def behave(connection: Connection) -> None:
        with lock:
            number = next(turn)
        bad[number % len(bad)](connection)

    with RawServer(behave) as hostile, RawServer(answer()) as good:
        requests = [request_to((hostile if n % 2 else good).url(f"/{n}")) for n in range(200)]
        outcomes = sender.send(requests)
    assert [outcome.succeeded for outcome in outcomes] == [n % 2 == 0 for n in range(200)]


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs Linux' /proc")
def test_a_hundred_and_fifty_that_send_too_much_take_little_memory() -> None:
    """Half a megabyte for each that is open, of the ten megabytes and more that each sends."""
    hint = b"HTTP/1.1 103 Early Hints\r\nLink: " + b"x" * 90_000 + b"\r\n\r\n"
    lines = b"".join(b"X-%d: %d\r\n" % (number, number) for number in range(100_000))
    too_much = [
        endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536, []),
        endless(b"", hint, []),
        endless(b"HTTP/1.1 200 OK\r\n", b"X-Long: " + b"x" * 10_000_000, []),
        endless(b"HTTP/1.1 200 OK\r\n", lines, []),
        endless(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x" * 65536, []),
    ]
    with contextlib.ExitStack() as stack:
        good = stack.enter_context(RawServer(answer()))
        hostile = [stack.enter_context(RawServer(behave)).url() for behave in too_much]
        times = 30
        told = subprocess.run(
            [sys.executable, "-m", "tests.webhooks.peak_memory", good.url(), str(times), *hostile],
            cwd=ROOT,
            capture_output=True,
            check=True,
            timeout=60,
        )
    found = json.loads(told.stdout)
    assert found["kinds"] == ["", "too_large"]
    assert found["grown"] < 0.5 * 2**20 * times * len(too_much)
