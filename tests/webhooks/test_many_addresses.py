"""All addresses of a name have their chance within ten seconds, and the good one comes first."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ports import free_port
from tests.webhooks.dns_server import DnsServer
from tests.webhooks.full_listener import full_listener
from tests.webhooks.raw_server import Connection, RawServer, answer
from tests.webhooks.sender import Sender, request_to
from webhooks import connecting, resolver

NAME = "many.example.com"


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    with DnsServer() as server:
        yield server


@pytest.fixture
def sender(dns: DnsServer) -> Iterator[Sender]:
    with Sender(dns=dns.server) as made:
        yield made


def refusing(count: int) -> list[str]:
    """Addresses at which nothing listens."""
    return [f"127.0.7.{number + 1}" for number in range(count)]


@pytest.mark.parametrize("refuse", [3, 5, 40])
def test_the_last_of_many_addresses_is_tried_too(
    sender: Sender, dns: DnsServer, refuse: int
) -> None:
    with RawServer(answer()) as server:
        addresses = [*refusing(refuse), "127.0.0.1"]
        random.Random(refuse).shuffle(addresses)
        dns.tell(NAME, addresses)
        outcome = sender.post(f"http://{NAME}:{server.port}/")
        assert outcome.succeeded, outcome.error
        assert outcome.remote_address == "127.0.0.1"
        assert len(server.requests) == 1


@pytest.mark.parametrize("silent", [1, 3, 12])
def test_silent_addresses_leave_the_others_their_chance(
    sender: Sender, dns: DnsServer, silent: int
) -> None:
    """The next one is begun with while the last is still trying."""
    hosts = [f"127.0.8.{number + 1}" for number in range(silent)]
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(RawServer(answer(), port=free_port()))
        for host in hosts:
            stack.enter_context(full_listener(host, server.port))
        dns.tell(NAME, [*hosts, "127.0.0.1"])
        outcome = sender.post(f"http://{NAME}:{server.port}/")
        assert outcome.succeeded, outcome.error
        assert outcome.duration_ms < connecting.NEXT_ADDRESS_MS * (silent + 2) + 500


@pytest.mark.parametrize(("silent", "good"), [("::1", "127.0.0.1"), ("127.0.0.1", "::1")])
def test_a_silent_family_costs_nothing_from_the_second_time_on(
    sender: Sender, dns: DnsServer, monkeypatch: pytest.MonkeyPatch, silent: str, good: str
) -> None:
    """The next attempt begins with the address that answered, whenever the name is looked up."""
    monkeypatch.setattr(resolver, "SHORTEST_TTL_SECONDS", 0)
    dns.tell(NAME, [silent, good], ttl=0)

    def once(connection: Connection) -> None:
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")

    with RawServer(once, host=good, port=free_port()) as server:
        with full_listener(silent, server.port):
            durations = []
            for _ in range(4):
                outcome = sender.post(f"http://{NAME}:{server.port}/")
                assert outcome.succeeded, outcome.error
                assert outcome.remote_address == good
                durations.append(outcome.duration_ms)
        assert max(durations[1:]) < connecting.NEXT_ADDRESS_MS, durations
        assert server.connections == 4
    assert dns.asked[NAME] == 4


def test_when_the_good_one_falls_silent_the_others_are_tried(
    sender: Sender, dns: DnsServer
) -> None:
    """Another family's, too, although the one that answered went first."""
    with contextlib.ExitStack() as stack:
        four = RawServer(answer(), port=free_port())
        dns.tell(NAME, ["127.0.0.1", "::1"])
        with four:
            first = sender.post(f"http://{NAME}:{four.port}/")
            assert first.remote_address == "127.0.0.1"
        stack.enter_context(full_listener("127.0.0.1", four.port))
        stack.enter_context(RawServer(answer(), host="::1", port=four.port))
        second = sender.post(f"http://{NAME}:{four.port}/")
        assert second.succeeded, second.error
        assert second.remote_address == "::1"
        assert second.duration_ms < 2000


def test_a_sentence_names_every_address_that_was_tried(sender: Sender, dns: DnsServer) -> None:
    port = free_port()
    dns.tell(NAME, ["127.0.7.1", "::1", "127.0.7.2"])
    outcome = sender.post(f"http://{NAME}:{port}/")
    assert outcome.error_kind == "connect"
    for address in ("127.0.7.1", "::1", "127.0.7.2"):
        assert address in outcome.error
    assert "refused" in outcome.error
    assert "invalid" not in outcome.error


def test_localhost_is_tried_at_both_addresses(sender: Sender) -> None:
    outcome = sender.post(f"http://localhost:{free_port()}/")
    assert outcome.error_kind == "connect"
    assert "127.0.0.1" in outcome.error
    assert "::1" in outcome.error


def test_a_sentence_about_many_addresses_is_bounded(sender: Sender, dns: DnsServer) -> None:
    dns.tell(NAME, refusing(25))
    outcome = sender.post(f"http://{NAME}:{free_port()}/")
    assert outcome.error_kind == "connect"
    assert "19 more" in outcome.error
    assert len(outcome.error) < 400


def test_connections_are_kept_whatever_the_order_of_the_addresses(
    sender: Sender, dns: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolver, "SHORTEST_TTL_SECONDS", 0)
    with RawServer(answer()) as server:
        dns.tell(NAME, ["127.0.7.1", "127.0.0.1", "::1"], ["::1", "127.0.0.1", "127.0.7.1"], ttl=0)
        for _ in range(4):
            assert sender.post(f"http://{NAME}:{server.port}/").succeeded
        assert server.connections == 1


def test_a_connection_is_not_used_once_the_name_leads_elsewhere(
    sender: Sender, dns: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolver, "SHORTEST_TTL_SECONDS", 0)
    port = free_port()
    with (
        RawServer(answer(), host="127.0.0.2", port=port) as old,
        RawServer(answer(), host="127.0.0.3", port=port) as new,
    ):
        dns.tell(NAME, ["127.0.7.1", "127.0.0.2"], ["127.0.7.1", "127.0.0.3"], ttl=0)
        for _ in range(3):
            assert sender.post(f"http://{NAME}:{port}/").succeeded
        assert (len(old.requests), len(new.requests)) == (1, 2)


def test_many_names_with_several_addresses_go_at_once(sender: Sender, dns: DnsServer) -> None:
    """More of them than handles; what libcurl is told of one is not taken for another."""
    with RawServer(answer()) as server:
        names = [f"n{number}.example.com" for number in range(600)]
        for number, name in enumerate(names):
            dns.tell(name, [f"127.0.{20 + number // 200}.{1 + number % 200}", "127.0.0.1"])
        for _ in range(2):
            requests = [request_to(f"http://{name}:{server.port}/{name}") for name in names]
            outcomes = sender.send(requests)
            assert [one.error for one in outcomes if not one.succeeded] == []
        # One for each handle at most, and none that nobody leads to any more.
        assert 0 < sum(sender.transport._sockets.stand_ins.values()) <= sender.transport._handles
        hosts = {tuple(request.split(b"\r\n")[:2]) for request in server.requests}
        assert hosts == {
            (f"POST /{name} HTTP/1.1".encode(), f"Host: {name}:{server.port}".encode())
            for name in names
        }


# ---------------------------------------------------------------- what libcurl is told

ADDRESSES = st.lists(st.ip_addresses().map(str), min_size=1, max_size=80, unique=True)


@given(ADDRESSES)
def test_libcurl_is_told_all_addresses_in_their_order(addresses: list[str]) -> None:
    told = [one.strip("[]") for one in connecting.listed(addresses).split(",")]
    assert [one for one in told if one != connecting.NOWHERE] == [
        one for one in addresses if one != connecting.NOWHERE
    ]
    # It takes IPv6 first: then that is where it begins, or there is nothing to connect to.
    if {ip_address(one).version for one in addresses} == {4, 6}:
        first_six = next(one for one in told if ":" in one)
        assert first_six == (connecting.NOWHERE if ":" not in addresses[0] else addresses[0])


@given(ADDRESSES)
def test_all_addresses_are_begun_with_in_the_first_round(addresses: list[str]) -> None:
    pace = connecting.pace_ms(addresses)
    assert 1 <= pace <= 250
    assert pace * len(addresses) < connecting.FIRST_ROUND_SECONDS * 1000


@given(ADDRESSES, st.randoms())
def test_the_same_addresses_have_the_same_stand_in(
    addresses: list[str], chance: random.Random
) -> None:
    shuffled = addresses[:]
    chance.shuffle(shuffled)
    name = connecting.stand_in(tuple(addresses))
    assert connecting.stand_in(tuple(shuffled)) == name
    assert name.endswith(".invalid")
    assert connecting.stand_in((*addresses, "192.0.2.254", "192.0.2.253")) != name
