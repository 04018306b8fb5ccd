"""What the transport sends is what it says it sent, on connections it keeps."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator

import pytest

from tests.ports import free_port
from tests.webhooks.dns_server import DnsServer, Says
from tests.webhooks.raw_server import OK, Connection, RawServer, answer, answer_and_close
from tests.webhooks.sender import HEADERS, Sender, request_to


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    with DnsServer() as server:
        yield server


@pytest.fixture
def sender(dns: DnsServer) -> Iterator[Sender]:
    with Sender(dns=dns.server) as made:
        yield made


@pytest.fixture
def server() -> Iterator[RawServer]:
    with RawServer(answer()) as made:
        yield made


# ---------------------------------------------------------------- the bytes


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/hook",
        "?a=b",
        "/hook?a=b&c=%20d&&e=?",
        "/a/../b/./c//d",
        "/%2e%2e/%zz/%?%2e=%c3%a9%",
        "/Zoë/🎉?q=مرحبا",
        "/'(*)!;,:@&=+$~-_.|^`{}\"<>[]",
        "/hook?" + "x" * 1900,
    ],
)
def test_the_recorded_request_is_byte_for_byte_what_arrived(
    sender: Sender, server: RawServer, path: str
) -> None:
    headers = (*HEADERS, ("X-Wonderchat-Signature", "ab" * 32), ("webhook-id", "evt_1"))
    request = request_to(server.origin + path, body='{"a":"Zoë"}'.encode(), headers=headers)
    [outcome] = sender.send([request])
    assert outcome.succeeded, outcome.error
    assert server.requests == [request.head() + request.body]


@pytest.mark.parametrize("size", [0, 1, 1023, 1024, 65536, 1024 * 1024 + 1, 2 * 1024 * 1024])
def test_a_body_of_any_size_goes_at_once_without_asking(
    sender: Sender, server: RawServer, size: int
) -> None:
    request = request_to(server.url(), body=b"x" * size)
    [outcome] = sender.send([request])
    assert outcome.succeeded, outcome.error
    assert server.requests == [request.head() + request.body]
    assert b"expect" not in server.requests[0].lower()


def test_what_comes_too_late_to_leave_is_not_begun(sender: Sender, server: RawServer) -> None:
    late, timely = request_to(server.url()), request_to(server.url())
    late.leave_by, timely.leave_by = time.monotonic() - 0.001, time.monotonic() + 60
    outcomes = sender.send([late, timely])
    assert [outcome.is_late for outcome in outcomes] == [True, False]
    assert server.requests == [timely.head() + timely.body]


def test_an_ipv6_host_header_has_its_brackets(sender: Sender) -> None:
    with RawServer(answer(), host="::1") as server:
        request = request_to(server.url("/hook"))
        [outcome] = sender.send([request])
        assert outcome.succeeded, outcome.error
        assert outcome.remote_address == "::1"
        assert server.requests == [request.head() + request.body]
        assert f"\r\nHost: [::1]:{server.port}\r\n".encode() in server.requests[0]


def test_a_name_is_looked_up_and_stays_the_host(
    sender: Sender, server: RawServer, dns: DnsServer
) -> None:
    dns.tell("hooks.example.com", ["127.0.0.1"])
    request = request_to(f"http://HOOKS.example.com:{server.port}/")
    [outcome] = sender.send([request])
    assert outcome.succeeded, outcome.error
    assert outcome.remote_address == "127.0.0.1"
    assert server.requests == [request.head() + request.body]
    assert f"\r\nHost: hooks.example.com:{server.port}\r\n".encode() in server.requests[0]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://hooks.example.com:80/", b"hooks.example.com"),
        ("https://hooks.example.com:443/", b"hooks.example.com"),
        ("https://hooks.example.com:80/", b"hooks.example.com:80"),
        ("http://münchen.example/", b"xn--mnchen-3ya.example"),
        ("http://[2606:4700:0:0::1111]/", b"[2606:4700::1111]"),
    ],
)
def test_a_host_header_leaves_out_the_default_port(url: str, host: bytes) -> None:
    assert request_to(url).head().split(b"\r\n")[1] == b"Host: " + host


def test_what_the_endpoint_answered_is_kept_as_it_came(sender: Sender) -> None:
    head = (
        b"HTTP/1.1 202 Acc\xe9pted\r\nx-B: 1\r\nX-a:  two \r\nx-b: 3\r\nContent-Length: 4\r\n\r\n"
    )
    with RawServer(answer(head + b"\x00\xff\r\n")) as server:
        outcome = sender.post(server.url())
    assert outcome.succeeded
    assert outcome.status_code == 202
    assert outcome.response_head == head
    assert outcome.response_body == b"\x00\xff\r\n"
    assert not outcome.response_truncated
    assert 0 <= outcome.duration_ms < 5000


def test_an_informational_answer_is_not_the_answer(sender: Sender) -> None:
    final = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    with RawServer(answer(hints + final)) as server:
        outcome = sender.post(server.url())
    assert outcome.status_code == 201
    assert outcome.response_head == final


@pytest.mark.parametrize("newline", [b"\r\n", b"\n"])
def test_retry_after_and_location_are_read(sender: Sender, newline: bytes) -> None:
    lines = [b"HTTP/1.1 503 Busy", b"retry-AFTER:  17 ", b"Content-Length: 0", b"", b""]
    with RawServer(answer(newline.join(lines))) as server:
        outcome = sender.post(server.url())
    assert outcome.retry_after == "17"
    lines[:2] = [b"HTTP/1.1 307 Moved", b"Location: https://example.com/new"]
    with RawServer(answer(newline.join(lines))) as server:
        outcome = sender.post(server.url())
    assert outcome.error_kind == "redirect"
    assert "https://example.com/new." in outcome.error


def test_bodies_in_chunks_are_put_together(sender: Sender) -> None:
    raw = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n3;x=y\r\nay!\r\n0\r\n\r\n"
    )
    with RawServer(answer(raw)) as server:
        outcome = sender.post(server.url())
    assert outcome.succeeded
    assert outcome.response_body == b"okay!"


@pytest.mark.parametrize(
    ("raw", "status", "body"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", 200, b"until the end"),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", 200, b"until the end"),
        (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, b""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", 204, b""),
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 200, b"ok"),
    ],
)
def test_simple_servers_are_understood(
    sender: Sender, raw: bytes, status: int, body: bytes
) -> None:
    with RawServer(answer_and_close(raw)) as server:
        outcome = sender.post(server.url())
    assert (outcome.status_code, outcome.response_body) == (status, body)
    assert outcome.succeeded, outcome.error


# ---------------------------------------------------------------- connections


def test_a_connection_is_used_again(sender: Sender, server: RawServer) -> None:
    for _ in range(5):
        assert sender.post(server.url()).succeeded
    assert server.connections == 1


def test_a_connection_to_a_name_is_used_again(
    sender: Sender, server: RawServer, dns: DnsServer
) -> None:
    dns.tell("hooks.example.com", ["127.0.0.1"])
    for _ in range(3):
        assert sender.post(f"http://hooks.example.com:{server.port}/").succeeded
    assert server.connections == 1
    assert dns.asked["hooks.example.com"] == 1


def test_a_kept_connection_that_the_endpoint_closed_is_no_failure(sender: Sender) -> None:
    with RawServer(answer_and_close(OK)) as server:
        for _ in range(5):
            assert sender.post(server.url()).succeeded
        assert len(server.requests) == 5


def test_a_kept_connection_that_breaks_is_tried_once_more_on_a_new_one(sender: Sender) -> None:
    """libcurl's own doing: a server that closes idle connections must not cost an attempt."""

    def once_each(connection: Connection) -> None:
        connection.read_request()
        connection.send(OK)
        connection.read_request()

    with RawServer(once_each) as server:
        assert sender.post(server.url()).succeeded
        assert sender.post(server.url()).succeeded
        assert server.connections == 2


def test_many_at_once_all_arrive(sender: Sender, server: RawServer) -> None:
    requests = [request_to(server.url(f"/{number}")) for number in range(300)]
    assert all(outcome.succeeded for outcome in sender.send(requests))
    paths = {request.split(b" ", 2)[1] for request in server.requests}
    assert len(paths) == 300


def test_requests_of_two_names_on_one_address_do_not_share_a_connection(
    sender: Sender, server: RawServer, dns: DnsServer
) -> None:
    dns.tell("a.example.com", ["127.0.0.1"])
    dns.tell("b.example.com", ["127.0.0.1"])
    for name in ("a", "b"):
        assert sender.post(f"http://{name}.example.com:{server.port}/").succeeded
    assert server.connections == 2


def test_proxies_of_the_environment_are_ignored(
    dns: DnsServer, server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(answer(b"HTTP/1.1 502 Proxy\r\nContent-Length: 0\r\n\r\n")) as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.origin)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        with Sender(dns=dns.server) as sender:
            assert sender.post(server.url()).succeeded
            assert sender.post(f"https://127.0.0.1:{free_port()}/").error_kind == "connect"
        assert proxy.connections == 0


def test_a_look_up_that_ends_after_closing_is_dropped(dns: DnsServer) -> None:
    dns.tell("hangs.example.com", Says.HANG)
    sender = Sender(dns=dns.server)
    sender.transport.submit([request_to("http://hangs.example.com/")])
    dns.wait_for("hangs.example.com")
    sender.transport.close()  # Ends the look-up; an error on its thread would fail the test.


def test_closing_drops_what_is_under_way_at_once(dns: DnsServer) -> None:
    begun = threading.Event()

    def hang(connection: Connection) -> None:
        connection.read_request()
        begun.set()
        connection.hang()

    dns.tell("hangs.example.com", Says.HANG)
    with RawServer(hang) as server:
        sender = Sender(dns=dns.server)
        names = [request_to(f"http://{n}.hangs.example.com/") for n in range(50)]
        sender.transport.submit([request_to(server.url()), *names])
        assert begun.wait(5)
        closing = threading.Thread(target=sender.transport.close)
        closing.start()
        closing.join(3)
        assert not closing.is_alive()


def test_a_head_names_its_length_once(sender: Sender, server: RawServer) -> None:
    assert sender.post(server.url(), body=b"12345").succeeded
    assert re.findall(rb"(?i)content-length: (\d+)", server.requests[0]) == [b"5"]
    assert b"transfer-encoding" not in server.requests[0].lower()
