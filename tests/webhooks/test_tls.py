"""TLS as it has to be: a trusted, valid certificate for this very name, or nothing is sent."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.webhooks.certificates import Authority
from tests.webhooks.dns_server import DnsServer
from tests.webhooks.raw_server import Behaviour, Connection, RawServer, answer
from tests.webhooks.sender import Sender, request_to
from webhooks import tls_words

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


def shake_hands(context: ssl.SSLContext) -> Behaviour:
    """A TLS server that stays after its alert: a RST might be there before it is read."""

    def behave(connection: Connection) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_side=True)
        while came := connection.socket.recv(65536):
            incoming.write(came)
            with contextlib.suppress(ssl.SSLError):
                tls.do_handshake()
            connection.send(outgoing.read())

    return behave


@pytest.mark.parametrize(
    ("behave", "said"),
    [
        (say(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"), "does not speak TLS"),
        (say(b"SSH-2.0-OpenSSH_9.6\r\n"), "does not speak TLS"),
        (say(b"\x16\x03\x03\x00\x04\x02\x00\x00\x00"), "The TLS handshake with"),
        (say(b""), "was closed during the TLS handshake"),
        (say(b"\x16\x03\x03\x00\x7a\x02\x00"), "was closed during the TLS handshake"),
        (reset, "was closed during the TLS handshake"),
    ],
    ids=["plain HTTP", "SSH", "rubbish", "close", "close in a record", "reset"],
)
def test_a_server_that_does_not_speak_tls_is_said_so(
    sender: Sender, behave: Behaviour, said: str
) -> None:
    with RawServer(behave) as server:
        outcome = sender.post(f"https://{NAME}:{server.port}/")
    assert outcome.error_kind == "tls", outcome.error
    assert said in outcome.error
    assert NAME in outcome.error
    assert "ertificate" not in outcome.error


def old(context: ssl.SSLContext) -> None:
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1


def wants_a_client_certificate(version: ssl.TLSVersion) -> Callable[[ssl.SSLContext], None]:
    def change(context: ssl.SSLContext) -> None:
        context.minimum_version = context.maximum_version = version
        context.verify_mode = ssl.CERT_REQUIRED

    return change


def ends_with(alert: ssl.AlertDescription) -> Callable[[ssl.SSLContext], None]:
    def change(context: ssl.SSLContext) -> None:
        context.sni_callback = lambda tls_socket, name, _: alert

    return change


def has_no_common_cipher(context: ssl.SSLContext) -> None:
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-PSK-AES128-CBC-SHA:@SECLEVEL=0")


@pytest.mark.parametrize("size", [7, 200_000])
@pytest.mark.parametrize(
    ("change", "alert", "advice"),
    [
        (old, "protocol version", "let it speak one of them"),
        (
            wants_a_client_certificate(ssl.TLSVersion.TLSv1_2),
            "handshake failure",
            "may ask for a client certificate",
        ),
        (
            wants_a_client_certificate(ssl.TLSVersion.TLSv1_3),
            "certificate required",
            "It asks for a client certificate, and none is ever sent",
        ),
        (has_no_common_cipher, "handshake failure", "no cipher in common"),
        (
            ends_with(ssl.AlertDescription.ALERT_DESCRIPTION_UNRECOGNIZED_NAME),
            "unrecognized name",
            "check the host in the webhook's URL",
        ),
        (
            ends_with(ssl.AlertDescription.ALERT_DESCRIPTION_INTERNAL_ERROR),
            "internal error",
            "See its log.",
        ),
        (
            ends_with(ssl.AlertDescription.ALERT_DESCRIPTION_ACCESS_DENIED),
            "access denied",
            "See its log.",
        ),
    ],
)
def test_what_a_server_ends_tls_with_is_said(
    sender: Sender,
    authority: Authority,
    change: Callable[[ssl.SSLContext], None],
    alert: str,
    advice: str,
    size: int,
) -> None:
    context = authority.server(NAME)
    change(context)
    with RawServer(shake_hands(context)) as server:
        outcome = sender.post(f"https://{NAME}:{server.port}/", body=b"x" * size)
    assert outcome.error_kind == "tls", outcome.error
    assert outcome.error.startswith(f'{NAME} ended the TLS connection with the alert "{alert}". ')
    assert advice in outcome.error
    assert "Its certificate" not in outcome.error


def test_a_client_certificate_is_named_also_where_the_alert_is_lost(
    sender: Sender, authority: Authority
) -> None:
    context = authority.server(NAME)
    wants_a_client_certificate(ssl.TLSVersion.TLSv1_3)(context)
    with RawServer(answer(), tls=context) as server:
        request = request_to(f"https://{NAME}:{server.port}/")
        for _ in range(20):
            [outcome] = sender.send([request])
            assert outcome.error_kind in ("tls", "closed")
            assert "ask" in outcome.error
            assert "for a client certificate" in outcome.error


@pytest.mark.parametrize("number", range(256))
def test_each_alert_is_told_from_each_other(number: int) -> None:
    words = f"TLS connect error: error:{0x0A000000 + 1000 + number:08X}:SSL routines::"
    found = tls_words.alert(words + f"reason({1000 + number})")
    assert found is not None
    assert found == (number, str(number))
    sentence = tls_words.of_handshake(NAME, words + "ssl/tls alert bad weather")
    assert sentence.startswith(f'{NAME} ended the TLS connection with the alert "bad weather". ')
    assert sentence.endswith(".")


@pytest.mark.parametrize(
    "message",
    [
        "error:0A00010B:SSL routines::wrong version number",
        "error:0A000126:SSL routines::unexpected eof while reading",
        "error:80000068:system library::Connection reset by peer",
        "error:0A0003E7:SSL routines::reason(999)",
        "error:0A0004E8:SSL routines::reason(1256)",
        "",
    ],
)
def test_what_is_no_alert_is_called_none(message: str) -> None:
    assert tls_words.alert(message) is None


@pytest.mark.parametrize(
    ("message", "advice"),
    [
        ("SSL certificate OpenSSL verify result: certificate has expired (10)", "renew it"),
        ("SSL certificate OpenSSL verify result: certificate is not yet valid (9)", "the clocks"),
        ("SSL certificate OpenSSL verify result: self-signed certificate (18)", "known authority"),
        ("SSL certificate OpenSSL verify result: unable to get issuer (20)", "whole chain"),
        ("SSL certificate OpenSSL verify result: unable to verify the first (21)", "whole chain"),
        ("SSL certificate OpenSSL verify result: hostname mismatch (62)", "made for this name"),
        ("SSL certificate OpenSSL verify result: IP address mismatch (64)", "made for this name"),
        ("SSL certificate OpenSSL verify result: unsuitable purpose (26)", "must be valid"),
        ("SSL certificate problem: certificate has expired", "must be valid"),
        ("SSL: no alternative certificate subject name matches target", "made for this name"),
        ("SSL: unable to obtain common name from peer certificate", "made for this name"),
        ("SSL: certificate subject name 'a' does not match target hostname", "made for this name"),
    ],
)
def test_what_is_wrong_with_a_certificate_has_its_advice(message: str, advice: str) -> None:
    sentence = tls_words.of_certificate(NAME, message)
    assert sentence.startswith(f"The certificate of {NAME} was not accepted: ")
    assert advice in sentence


def test_a_certificate_that_the_server_blames_is_not_its_own(sender: Sender) -> None:
    # By the alert "certificate expired": libcurl has the same error for a server's own.
    with RawServer(say(b"\x15\x03\x03\x00\x02\x02\x2d")) as server:
        outcome = sender.post(f"https://{NAME}:{server.port}/")
    assert outcome.error_kind == "tls"
    assert outcome.error.startswith(f"The TLS handshake with {NAME} failed: ")


def test_a_client_certificate_that_is_asked_for_at_once_is_the_servers_affair(
    sender: Sender,
) -> None:
    with RawServer(say(b"\x15\x03\x03\x00\x02\x02\x74")) as server:
        outcome = sender.post(f"https://{NAME}:{server.port}/")
    assert outcome.error_kind == "tls"
    assert "It asks for a client certificate" in outcome.error


def test_authorities_that_cannot_be_read_are_no_fault_of_the_endpoint(
    dns: DnsServer, authority: Authority
) -> None:
    with (
        RawServer(answer(), tls=authority.server(NAME)) as server,
        Sender(dns=dns.server, ca_file="/nowhere/authorities.pem") as blind,
    ):
        outcome = blind.post(f"https://{NAME}:{server.port}/")
    assert outcome.error_kind == "internal"
    assert outcome.error.startswith("The request could not be sent (")


def test_plain_http_to_a_tls_port_is_a_failure(sender: Sender, authority: Authority) -> None:
    with RawServer(answer(), tls=authority.server(NAME)) as server:
        outcome = sender.post(f"http://{NAME}:{server.port}/")
    assert outcome.error_kind in ("protocol", "closed")


def test_versions_before_tls_1_2_are_refused(sender: Sender, authority: Authority) -> None:
    context = authority.server(NAME)
    old(context)
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
