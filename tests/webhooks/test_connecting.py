"""Where the transport connects to: what was looked up and checked, and nothing else."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from statistics import median

import pycurl
import pytest

from tests.emitter.group import wait_until
from tests.ports import free_port
from tests.webhooks.dns_server import DnsServer, Says
from tests.webhooks.raw_server import RawServer, answer, answer_and_close
from tests.webhooks.sender import Sender, request_to
from webhooks.address_policy import AddressPolicy
from webhooks.transfer import Handle, Transfer


class Unheard:
    """For a handle of which nobody wants to know anything."""

    is_silent = True

    def __init__(self) -> None:
        self.stand_ins: Counter[str] = Counter()

    def on_opened(self, opened: socket.socket) -> int:
        return opened.detach()

    def on_large(self, local: tuple[str, int]) -> None:
        pass


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


# ---------------------------------------------------------------- failures to connect


def test_a_port_without_a_server_is_a_failure_to_connect(sender: Sender) -> None:
    outcome = sender.post(f"http://127.0.0.1:{free_port()}/")
    assert outcome.error_kind == "connect"
    assert outcome.status_code is None
    assert "Check that the server runs" in outcome.error
    assert outcome.response_head == b""


def test_the_next_address_is_tried_when_the_first_is_dead(sender: Sender, dns: DnsServer) -> None:
    with RawServer(answer()) as server:
        dns.tell("two.example.com", ["127.0.0.77", "127.0.0.1"])
        outcome = sender.post(f"http://two.example.com:{server.port}/")
        assert outcome.succeeded, outcome.error
        assert outcome.remote_address == "127.0.0.1"
        assert len(server.requests) == 1


def test_an_address_that_answered_is_tried_first_the_next_time(dns: DnsServer) -> None:
    with RawServer(answer()) as server, Sender(dns=dns.server) as sender:
        dns.tell("two.example.com", ["127.0.0.77", "127.0.0.1"])
        url = f"http://two.example.com:{server.port}/"
        assert sender.post(url).succeeded
        answered = threading.Event()
        first: list[str] = []

        def note(addresses: object, sentence: str) -> None:
            assert isinstance(addresses, list)
            first.extend(addresses)
            answered.set()

        sender.transport._resolver.look_up("two.example.com", note)
        assert answered.wait(5)
        assert first == ["127.0.0.1", "127.0.0.77"]


def test_when_every_address_is_dead_the_failure_is_one(sender: Sender, dns: DnsServer) -> None:
    dns.tell("dead.example.com", ["127.0.0.77", "127.0.0.78", "127.0.0.79"])
    outcome = sender.post(f"http://dead.example.com:{free_port()}/")
    assert outcome.error_kind == "connect"
    assert "dead.example.com" in outcome.error


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_localhost_reaches_a_server_on_either_loopback_address(host: str) -> None:
    with RawServer(answer(), host=host) as server, Sender() as sender:
        outcome = sender.post(f"http://localhost:{server.port}/")
        assert outcome.succeeded, outcome.error
        assert outcome.remote_address == host


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("says", "words"),
    [
        (Says.NO_SUCH_NAME, "does not exist"),
        (Says.NOTHING, "has no address"),
        (Says.SERVER_FAILURE, "name server failed"),
        (Says.REFUSED, "refused to answer"),
    ],
)
def test_a_name_without_an_address_says_why(
    sender: Sender, dns: DnsServer, says: Says, words: str
) -> None:
    dns.tell("gone.example.com", says)
    outcome = sender.post("https://gone.example.com/")
    assert outcome.error_kind == "dns"
    assert outcome.error.startswith("The name gone.example.com ")
    assert words in outcome.error
    assert outcome.status_code is None


def test_a_name_that_failed_is_looked_up_again(
    sender: Sender, server: RawServer, dns: DnsServer
) -> None:
    url = f"http://late.example.com:{server.port}/"
    assert sender.post(url).error_kind == "dns"
    dns.tell("late.example.com", ["127.0.0.1"])
    assert sender.post(url).succeeded


@pytest.mark.parametrize(
    "addresses",
    [
        ["10.0.0.1"],
        ["127.0.0.1"],
        ["::1"],
        ["169.254.169.254"],
        ["fd00::1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["93.184.215.14", "10.0.0.1"],
        ["93.184.215.14", "2606:4700::1", "::1"],
        ["0.0.0.0"],
    ],
)
def test_a_name_with_one_address_that_is_not_public_is_not_connected_to(
    sender: Sender, server: RawServer, dns: DnsServer, addresses: list[str]
) -> None:
    dns.tell("inside.example.com", addresses)
    url = f"http://inside.example.com:{server.port}/"
    outcome = sender.post(url, policy=AddressPolicy())
    assert outcome.error_kind == "refused_address"
    assert "inside.example.com leads to" in outcome.error
    assert "publicly accessible" in outcome.error
    assert "ENDPOINT_ALLOW_NETWORKS" in outcome.error
    assert outcome.remote_address == ""
    assert server.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "169.254.169.254", "[::ffff:7f00:1]"])
def test_an_address_that_is_not_public_is_not_connected_to(
    sender: Sender, server: RawServer, host: str
) -> None:
    outcome = sender.post(f"http://{host}:{server.port}/", policy=AddressPolicy())
    assert outcome.error_kind == "refused_address"
    assert server.connections == 0


def test_a_name_that_is_rebound_after_the_check_leads_nowhere_new(
    server: RawServer, dns: DnsServer
) -> None:
    """The address that was checked is the one connected to; the next answer is checked anew."""
    only_seven = AddressPolicy(allowed=(ip_network("127.0.0.7/32"),))
    dns.tell("rebind.example.com", ["127.0.0.7"], ["127.0.0.1"], ttl=0)
    url = f"http://rebind.example.com:{server.port}/"
    with Sender(dns=dns.server) as sender:
        # Nothing listens at 127.0.0.7: that is where it went, although the name leads to the
        # server at 127.0.0.1 by now.
        first = sender.post(url, policy=only_seven)
        assert first.error_kind == "connect"
        assert first.remote_address == "127.0.0.7"
    assert dns.asked["rebind.example.com"] == 1
    with Sender(dns=dns.server) as sender:
        second = sender.post(url, policy=only_seven)
        assert second.error_kind == "refused_address"
        assert "127.0.0.1" in second.error
    assert server.connections == 0


def test_the_socket_itself_refuses_what_the_policy_refuses() -> None:
    """Even if libcurl were led elsewhere, the last check is where the socket is opened."""
    for reached in (b"127.0.0.1", b"::1", "169.254.169.254"):
        transfer = Transfer(request_to("https://hooks.example.com/", policy=AddressPolicy()), 0.0)
        handle = Handle("", Unheard())
        handle.transfer = transfer
        address = type("Address", (), {"addr": (reached, 443), "family": 2, "socktype": 1})()
        assert handle.open_socket(pycurl.SOCKTYPE_IPCXN, address) == pycurl.SOCKET_BAD
        assert transfer.refused is not None


@pytest.mark.alone
def test_hanging_names_do_not_delay_the_others(server: RawServer, dns: DnsServer) -> None:
    hanging = [f"n{number}.hangs.example.com" for number in range(100)]
    for name in hanging:
        dns.tell(name, Says.HANG)

    def ask(kind: str, sender: Sender) -> list[int]:
        """The durations of POSTs to ten names that nobody has asked for before, ten times."""
        durations = []
        for turn in range(10):
            good = [f"n{number}.{turn}.{kind}.example.com" for number in range(10)]
            for name in good:
                dns.tell(name, ["127.0.0.1"])
            requests = [request_to(f"http://{name}:{server.port}/") for name in good]
            for outcome in sender.send(requests):
                assert outcome.succeeded, outcome.error
                durations.append(outcome.duration_ms)
        return durations

    with Sender(dns=dns.server) as sender:
        alone = ask("before", sender)
        lost = [request_to(f"https://{name}/") for name in hanging]
        sender.transport.submit(lost)
        wait_until(lambda: all(dns.asked[name] for name in hanging), "all are asked for", 5)
        meanwhile = ask("meanwhile", sender)
        assert not sender.has_ended(lost), "the good ones waited for the hanging"
        assert median(meanwhile) <= 3 * median(alone) + 5
        # But for the few that the machine itself held up.
        assert sorted(meanwhile)[94] <= 10 * max(alone)
        for outcome in sender.wait(lost, timeout_seconds=15):
            assert outcome.error_kind == "dns"
            assert "name server did not answer" in outcome.error
            assert outcome.duration_ms < 11_000


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs Linux' /proc")
def test_nothing_is_left_open_after_failures_and_successes(dns: DnsServer) -> None:
    dns.tell("dead.example.com", ["127.0.0.77", "127.0.0.78"])
    before = open_files()
    with RawServer(answer_and_close(b"")) as broken, RawServer(answer()) as good:
        sender = Sender(dns=dns.server)
        urls = [f"http://127.0.0.1:{free_port()}/", f"http://dead.example.com:{free_port()}/"]
        urls += [broken.url(), good.url(), "http://gone.example.com/"]
        outcomes = sender.send([request_to(url) for url in urls * 20])
        assert sum(outcome.succeeded for outcome in outcomes) == 20
        sender.transport.close()
    # pycares destroys its channel in a thread of its own, soon after; and c-ares may keep watching
    # the system's own settings.
    wait_until(lambda: open_files() <= before + 1, "all are closed", 5)
