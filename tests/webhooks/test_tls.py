"""TLS as it has to be: a trusted, valid certificate for this very name, or nothing is sent."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.webhooks.certificates import Authority
from tests.webhooks.dns_server import DnsServer
from tests.webhooks.raw_server import Behaviour, Connection, RawServer, answer
from tests.webhooks.sender import Sender, request_to

NAME = "hooks.example.com"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    directory: Path = tmp_path_factory.mktemp("certificates")
    return Authority(directory)


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    with DnsServer() as server:
        server.tell(NAME, ["127.0.0.1"])
        yield server


@pytest.fixture
def sender(dns: DnsServer, authority: Authority) -> Iterator[Sender]:
    with Sender(dns=dns.server, ca_file=str(authority.file)) as made:
        yield made


def test_a_trusted_certificate_for_the_name_is_good(sender: Sender, authority: Authority) -> None:
    asked: list[str | None] = []
    context = authority.server(NAME)
    context.sni_callback = lambda tls_socket, name, _: asked.append(name)
    with RawServer(answer(), tls=context) as server:
        request = request_to(f"https://{NAME}:{server.port}/hook")
        for _ in range(3):
            [outcome] = sender.send([request])
            assert outcome.succeeded, outcome.error
        assert server.requests == [request.head() + request.body] * 3
        assert server.connections == 1
    assert asked == [NAME]


def test_a_trusted_certificate_for_the_address_is_good(
    sender: Sender, authority: Authority
) -> None:
    with RawServer(answer(), tls=authority.server("127.0.0.1")) as server:
        assert sender.post(server.url()).succeeded


def test_an_unknown_authority_is_refused_by_default(dns: DnsServer, authority: Authority) -> None:
    with (
        RawServer(answer(), tls=authority.server(NAME)) as server,
        Sender(dns=dns.server) as default,
    ):
        outcome = default.post(f"https://{NAME}:{server.port}/")
        assert outcome.error_kind == "tls"
        assert server.requests == []


@pytest.mark.parametrize(
    ("names", "days", "self_signed", "word"),
    [
        ((NAME,), 1, True, "self-signed"),
        ((NAME,), -1, False, "expired"),
        (("other.example.com",), 1, False, NAME),
        (("*.hooks.example.com",), 1, False, NAME),
        (("127.0.0.1",), 1, False, NAME),
    ],
)
def test_a_bad_certificate_ends_it_before_anything_is_sent(
    sender: Sender,
    authority: Authority,
    names: tuple[str, ...],
    days: int,
    self_signed: bool,
    word: str,
) -> None:
    context = authority.server(*names, days=days, self_signed=self_signed)
    with RawServer(answer(), tls=context) as server:
        outcome = sender.post(f"https://{NAME}:{server.port}/")
        assert server.requests == []
    assert outcome.error_kind == "tls"
    assert word in outcome.error.replace("self signed", "self-signed")
    assert "certificate" in outcome.error
    assert outcome.status_code is None
    assert outcome.response_head == b""


def say(data: bytes) -> Behaviour:
    def behave(connection: Connection) -> None:
        connection.socket.recv(65536)
        connection.send(data)

    return behave


def reset(connection: Connection) -> None:
    connection.socket.recv(65536)
    connection.reset()


@pytest.mark.parametrize(
    ("behave", "said"),
    [
        (say(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"), "does not speak TLS"),
        (say(b"SSH-2.0-OpenSSH_9.6\r\n"), "does not speak TLS"),
        (say(b"\x15\x03\x01\x00\x02\x02\x28"), f"TLS connection to {NAME} failed"),
        (say(b""), f"TLS connection to {NAME} failed"),
        (reset, f"TLS connection to {NAME} failed"),
    ],
    ids=["plain HTTP", "SSH", "alert", "close", "reset"],
)
def test_a_server_that_does_not_speak_tls_is_said_so(
    sender: Sender, behave: Behaviour, said: str
) -> None:
    with RawServer(behave) as server:
        outcome = sender.post(f"https://{NAME}:{server.port}/")
    assert outcome.error_kind == "tls", outcome.error
    assert said in outcome.error
    assert NAME in outcome.error


def test_plain_http_to_a_tls_port_is_a_failure(sender: Sender, authority: Authority) -> None:
    with RawServer(answer(), tls=authority.server(NAME)) as server:
        outcome = sender.post(f"http://{NAME}:{server.port}/")
    assert outcome.error_kind in ("protocol", "closed")


def test_versions_before_tls_1_2_are_refused(sender: Sender, authority: Authority) -> None:
    context = authority.server(NAME)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with RawServer(answer(), tls=context) as server:
        outcome = sender.post(f"https://{NAME}:{server.port}/")
    assert outcome.error_kind == "tls"


def test_http_1_1_is_what_is_offered(sender: Sender, authority: Authority) -> None:
    context = authority.server(NAME)
    context.set_alpn_protocols(["h2", "http/1.1"])
    chosen: list[str | None] = []

    def behave(connection: Connection) -> None:
        assert isinstance(connection.socket, ssl.SSLSocket)
        chosen.append(connection.socket.selected_alpn_protocol())
        answer()(connection)

    with RawServer(behave, tls=context) as server:
        assert sender.post(f"https://{NAME}:{server.port}/").succeeded
    assert chosen == ["http/1.1"]
