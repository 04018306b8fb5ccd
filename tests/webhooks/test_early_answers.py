"""An answer counts whenever it comes: before the request was read, or its last byte sent, too."""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.webhooks.certificates import Authority
from tests.webhooks.dns_server import DnsServer
from tests.webhooks.raw_server import OK, Behaviour, Connection, RawServer
from tests.webhooks.sender import Sender

NAME = "hooks.example.com"
TIMES = 25
# As large as an event may be, and a small one.
SIZES = [200, 20_000, 262_144]


def refusal(status: int) -> bytes:
    return b"HTTP/1.1 %d No\r\nContent-Length: 4\r\nConnection: close\r\n\r\nno.\n" % status


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    directory: Path = tmp_path_factory.mktemp("certificates")
    return Authority(directory)


@pytest.fixture
def sender(authority: Authority) -> Iterator[Sender]:
    with DnsServer() as dns:
        dns.tell(NAME, ["127.0.0.1"])
        with Sender(dns=dns.server, ca_file=str(authority.file)) as made:
            yield made


@pytest.fixture(params=["plain", "tls"])
def context(request: pytest.FixtureRequest, authority: Authority) -> ssl.SSLContext | None:
    return authority.server(NAME) if request.param == "tls" else None


def url(server: RawServer) -> str:
    scheme = server.origin.partition(":")[0]
    return f"{scheme}://{NAME}:{server.port}/hook"


def read_head(connection: Connection) -> None:
    read = b""
    while b"\r\n\r\n" not in read:
        read += connection.socket.recv(1000)


def at_once(status: int) -> Behaviour:
    """The head is read, the rest never; the answer, and the end."""

    def behave(connection: Connection) -> None:
        read_head(connection)
        connection.send(refusal(status))

    return behave


def after_a_part(status: int) -> Behaviour:
    def behave(connection: Connection) -> None:
        read_head(connection)
        for _ in range(3):
            connection.socket.recv(16_384)
        connection.send(refusal(status))

    return behave


def a_moment_later(status: int) -> Behaviour:
    def behave(connection: Connection) -> None:
        read_head(connection)
        connection.hang(0.005)
        connection.send(refusal(status))

    return behave


def and_a_cut(status: int) -> Behaviour:
    """The answer comes through; then the connection is reset, not closed."""

    def behave(connection: Connection) -> None:
        read_head(connection)
        connection.send(refusal(status))
        connection.hang(0.05)
        connection.reset()

    return behave


def in_two_pieces(status: int) -> Behaviour:
    def behave(connection: Connection) -> None:
        read_head(connection)
        head, _, body = refusal(status).partition(b"\r\n\r\n")
        connection.send(head + b"\r\n\r\n")
        connection.hang(0.005)
        connection.send(body)

    return behave


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "behaviour", [at_once, after_a_part, a_moment_later, and_a_cut, in_two_pieces]
)
def test_a_refusal_before_the_request_is_whole_is_that_refusal_each_time(
    sender: Sender,
    context: ssl.SSLContext | None,
    behaviour: Callable[[int], Behaviour],
    size: int,
) -> None:
    if size < SIZES[-1] and behaviour is after_a_part:
        pytest.skip("there is no part that would be waited for")
    found: Counter[tuple[str, int | None, bytes]] = Counter()
    for status in (413, 401, 500):
        with RawServer(behaviour(status), tls=context) as server:
            for _ in range(TIMES):
                outcome = sender.post(url(server), body=b"x" * size)
                found[outcome.error_kind, outcome.status_code, outcome.response_body] += 1
    assert found == {("http_status", status, b"no.\n"): TIMES for status in (413, 401, 500)}


def test_a_redirect_and_a_success_that_come_early_are_what_they_are(
    sender: Sender, context: ssl.SSLContext | None
) -> None:
    for status, kind in ((302, "redirect"), (200, "")):
        with RawServer(at_once(status), tls=context) as server:
            for _ in range(TIMES):
                outcome = sender.post(url(server), body=b"x" * SIZES[-1])
                assert (outcome.error_kind, outcome.status_code) == (kind, status), outcome.error


def test_a_refusal_on_a_kept_connection_is_that_refusal(
    sender: Sender, context: ssl.SSLContext | None
) -> None:
    def behave(connection: Connection) -> None:
        connection.read_request()
        connection.send(OK)
        at_once(413)(connection)

    with RawServer(behave, tls=context) as server:
        for _ in range(TIMES):
            assert sender.post(url(server), body=b"small").succeeded
            outcome = sender.post(url(server), body=b"x" * SIZES[-1])
            assert (outcome.error_kind, outcome.status_code) == ("http_status", 413)
        assert server.connections == TIMES


def test_large_requests_arrive_whole_and_their_connection_is_kept(
    sender: Sender, context: ssl.SSLContext | None
) -> None:
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + b"y" * 300_000

    def behave(connection: Connection) -> None:
        while connection.read_request():
            connection.send(reply)

    with RawServer(behave, tls=context) as server:
        for size in (200, 262_144, 2_000_000, 12_289, 200):
            outcome = sender.post(url(server), body=bytes([size % 251]) * size)
            assert outcome.succeeded, outcome.error
            assert outcome.response_truncated
            assert server.requests[-1].endswith(b"\r\n\r\n" + bytes([size % 251]) * size)
        assert server.connections == 1


def test_a_large_request_without_an_answer_is_said_so(
    sender: Sender, context: ssl.SSLContext | None
) -> None:
    with RawServer(read_head, tls=context) as server:
        outcome = sender.post(url(server), body=b"x" * SIZES[-1])
    assert outcome.error_kind == "closed"
    assert "without an answer" in outcome.error
