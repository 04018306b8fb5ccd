"""Look-ups: kept as long as their TTL says, shared, and never in each other's way."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence

import pytest

from tests.webhooks.dns_server import AAAA, A, DnsServer, Says
from webhooks import look_up_channel, resolver
from webhooks.resolver import Resolver


class Asked:
    """One question to a resolver, and its answer."""

    def __init__(self, asked_of: Resolver, name: str) -> None:
        self._came = threading.Event()
        self._addresses: list[str] = []
        self._sentence = ""
        asked_of.look_up(name, self._answer)

    def _answer(self, addresses: Sequence[str], sentence: str) -> None:
        assert not self._came.is_set(), "answered twice"
        self._addresses, self._sentence = list(addresses), sentence
        self._came.set()

    @property
    def is_answered(self) -> bool:
        return self._came.is_set()

    def wait(self, timeout_seconds: float = 15) -> tuple[list[str], str]:
        assert self._came.wait(timeout_seconds), "no answer"
        return self._addresses, self._sentence


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    with DnsServer() as server:
        yield server


@pytest.fixture
def looks_up(dns: DnsServer) -> Iterator[Resolver]:
    made = Resolver([dns.server])
    yield made
    made.close()


def test_a_name_has_all_its_addresses_of_both_kinds(looks_up: Resolver, dns: DnsServer) -> None:
    dns.tell("a.example.com", ["203.0.113.1", "203.0.113.2", "2001:db8::1"])
    addresses, sentence = Asked(looks_up, "a.example.com").wait()
    assert sorted(addresses) == ["2001:db8::1", "203.0.113.1", "203.0.113.2"]
    assert sentence == ""


def test_a_name_with_ipv6_alone_is_found(looks_up: Resolver, dns: DnsServer) -> None:
    dns.tell("six.example.com", ["2001:db8::1"])
    assert Asked(looks_up, "six.example.com").wait() == (["2001:db8::1"], "")


def test_an_address_given_twice_is_one(looks_up: Resolver, dns: DnsServer) -> None:
    dns.tell("a.example.com", ["203.0.113.1", "203.0.113.1"])
    assert Asked(looks_up, "a.example.com").wait()[0] == ["203.0.113.1"]


@pytest.mark.parametrize(
    ("says", "words"),
    [
        (Says.NO_SUCH_NAME, "does not exist"),
        (Says.NOTHING, "has no address"),
        (Says.SERVER_FAILURE, "name server failed"),
        (Says.REFUSED, "refused to answer"),
        ([], "has no address"),
    ],
)
def test_a_failure_says_what_is_wrong(
    looks_up: Resolver, dns: DnsServer, says: Says | list[str], words: str
) -> None:
    dns.tell("a.example.com", says)
    addresses, sentence = Asked(looks_up, "a.example.com").wait()
    assert addresses == []
    assert words in sentence
    assert sentence.endswith(".")


@pytest.mark.parametrize("name", ["", ".", "a..b", "x" * 64 + ".example", "y." * 130, "é.example"])
def test_a_name_that_cannot_be_asked_for_is_a_failure_too(looks_up: Resolver, name: str) -> None:
    addresses, sentence = Asked(looks_up, name).wait()
    assert addresses == []
    assert sentence.endswith(".")


def test_no_name_server_at_all_is_a_failure() -> None:
    with DnsServer() as gone:
        server = gone.server
    looks_up = Resolver([server])
    addresses, sentence = Asked(looks_up, "a.example.com").wait()
    looks_up.close()
    assert addresses == []
    assert "name server" in sentence


def test_an_answer_is_kept_for_its_ttl(looks_up: Resolver, dns: DnsServer) -> None:
    dns.tell("a.example.com", ["203.0.113.1"], ["203.0.113.2"], ttl=300)
    for _ in range(5):
        assert Asked(looks_up, "a.example.com").wait()[0] == ["203.0.113.1"]
    assert dns.asked["a.example.com"] == 1


def test_an_answer_is_not_kept_longer_than_its_ttl(looks_up: Resolver, dns: DnsServer) -> None:
    dns.tell("a.example.com", ["203.0.113.1"], ["203.0.113.2"], ttl=0)
    assert Asked(looks_up, "a.example.com").wait()[0] == ["203.0.113.1"]
    deadline = time.monotonic() + resolver.SHORTEST_TTL_SECONDS + 3
    while Asked(looks_up, "a.example.com").wait()[0] != ["203.0.113.2"]:
        assert time.monotonic() < deadline, "the first answer is kept too long"


def test_a_failure_is_not_kept(looks_up: Resolver, dns: DnsServer) -> None:
    dns.tell("a.example.com", Says.NO_SUCH_NAME, ["203.0.113.1"])
    assert Asked(looks_up, "a.example.com").wait()[0] == []
    assert Asked(looks_up, "a.example.com").wait()[0] == ["203.0.113.1"]


@pytest.mark.parametrize("says", [Says.NO_SUCH_NAME, Says.NOTHING, Says.SERVER_FAILURE, []])
def test_a_name_is_found_as_soon_as_it_is_there_whatever_the_zone_lets_keep(
    looks_up: Resolver, dns: DnsServer, says: Says | list[str]
) -> None:
    """c-ares would keep a denial for the minimum of the SOA: five minutes here."""
    dns.tell("late.example.com", says)
    assert Asked(looks_up, "late.example.com").wait()[0] == []
    dns.tell("late.example.com", ["203.0.113.1"])
    assert Asked(looks_up, "late.example.com").wait()[0] == ["203.0.113.1"]


def test_nothing_is_kept_longer_than_our_own_limit(
    looks_up: Resolver, dns: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the TTL: c-ares would keep it for an hour, under ours."""
    monkeypatch.setattr(resolver, "LONGEST_TTL_SECONDS", 0)
    monkeypatch.setattr(resolver, "SHORTEST_TTL_SECONDS", 0)
    dns.tell("a.example.com", ["203.0.113.1"], ["203.0.113.2"], ttl=86400)
    dns.tell("a.example.com", Says.NOTHING, kinds=[AAAA])
    assert Asked(looks_up, "a.example.com").wait()[0] == ["203.0.113.1"]
    assert Asked(looks_up, "a.example.com").wait()[0] == ["203.0.113.2"]


def test_an_alias_is_kept_no_longer_than_it_says(looks_up: Resolver, dns: DnsServer) -> None:
    dns.tell("a.example.com", ["b.example.com.", "203.0.113.1"], ttl=1)
    assert Asked(looks_up, "a.example.com").wait()[0] == ["203.0.113.1"]
    until, _ = looks_up._kept["a.example.com"]
    assert until - time.monotonic() <= 1


def test_an_answer_too_long_for_a_datagram_is_asked_for_again(
    looks_up: Resolver, dns: DnsServer
) -> None:
    many = [f"203.0.113.{number}" for number in range(100)]
    dns.tell("many.example.com", Says.TRUNCATED, many, kinds=[A])
    dns.tell("many.example.com", Says.NOTHING, kinds=[AAAA])
    assert sorted(Asked(looks_up, "many.example.com").wait()[0]) == sorted(many)
    assert dns.asked_by_tcp["many.example.com"]


def test_a_name_server_that_is_back_is_heard_at_once(
    looks_up: Resolver, dns: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new question gets its answer, and with it those who wait for an older one."""
    monkeypatch.setattr(resolver, "SHARED_SECONDS", 0)
    dns.tell("a.example.com", ["203.0.113.1"])
    dns.is_silent = True
    waiting = [Asked(looks_up, "a.example.com") for _ in range(3)]
    dns.is_silent = False
    began = time.monotonic()
    assert Asked(looks_up, "a.example.com").wait()[0] == ["203.0.113.1"]
    assert time.monotonic() - began < look_up_channel.FIRST_TRY_MS / 2000
    for question in waiting:
        assert question.wait(0.5)[0] == ["203.0.113.1"]


def test_a_question_is_not_joined_once_it_is_old(
    looks_up: Resolver, dns: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    dns.tell("a.example.com", Says.HANG)
    for shared_seconds, questions in ((60, 1), (0, 2), (60, 2)):
        monkeypatch.setattr(resolver, "SHARED_SECONDS", shared_seconds)
        Asked(looks_up, "a.example.com")
        assert len(looks_up._open["a.example.com"]) == questions


def test_a_name_server_that_says_nothing_of_ipv6_costs_nothing_from_the_second_time_on(
    looks_up: Resolver, dns: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolver, "SHORTEST_TTL_SECONDS", 0)
    dns.tell("a.example.com", Says.HANG, kinds=[AAAA])
    dns.tell("a.example.com", ["203.0.113.1"], kinds=[A], ttl=0)
    seconds = []
    for _ in range(3):
        began = time.monotonic()
        assert Asked(looks_up, "a.example.com").wait() == (["203.0.113.1"], "")
        seconds.append(time.monotonic() - began)
    # c-ares alone waits two seconds for the other half.
    assert seconds[0] < resolver.PATIENCE_SECONDS + 0.5
    assert max(seconds[1:]) < resolver.PATIENCE_SECONDS


def test_a_name_with_ipv6_alone_is_waited_for_however_slow_it_is(
    looks_up: Resolver, dns: DnsServer
) -> None:
    """That it has no IPv4 address is no answer."""
    dns.tell("six.example.com", Says.NOTHING, kinds=[A], delay_seconds=0.7)
    dns.tell("six.example.com", ["2001:db8::1"], kinds=[AAAA], delay_seconds=0.7)
    assert Asked(looks_up, "six.example.com").wait() == (["2001:db8::1"], "")


# ---------------------------------------------------------------- as the machine has it


@pytest.mark.parametrize(
    ("name", "asked_as"),
    [
        ("receiver", "receiver.ns.svc.cluster.example"),
        ("receiver.team.svc", "receiver.team.svc.cluster.example"),
        ("only.example.com", "only.example.com"),
    ],
)
def test_a_short_name_is_looked_up_along_the_search_list(
    dns: DnsServer, name: str, asked_as: str
) -> None:
    domains = ["ns.svc.cluster.example", "svc.cluster.example", "cluster.example"]
    dns.tell(asked_as, ["203.0.113.1"])
    looks_up = Resolver([dns.server], domains=domains, ndots=5)
    assert Asked(looks_up, name).wait() == (["203.0.113.1"], "")
    looks_up.close()


def test_a_short_name_is_looked_up_as_it_is_too(dns: DnsServer) -> None:
    """Docker's name server knows its containers by such names; there is no search list."""
    dns.tell("receiver", ["203.0.113.1"])
    looks_up = Resolver([dns.server], domains=[], ndots=0)
    assert Asked(looks_up, "receiver").wait() == (["203.0.113.1"], "")
    looks_up.close()


def test_a_name_of_the_hosts_file_needs_no_name_server() -> None:
    with DnsServer() as gone:
        server = gone.server
    looks_up = Resolver([server])
    assert "127.0.0.1" in Asked(looks_up, "localhost").wait()[0]
    looks_up.close()


def test_the_settings_of_the_machine_are_what_it_starts_with(
    dns: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALDOMAIN", "corp.example")
    dns.tell("receiver.corp.example", ["203.0.113.1"])
    looks_up = Resolver([dns.server])
    assert Asked(looks_up, "receiver").wait() == (["203.0.113.1"], "")
    looks_up.close()


def test_those_who_ask_for_the_same_name_share_one_question(
    looks_up: Resolver, dns: DnsServer
) -> None:
    dns.tell("a.example.com", ["203.0.113.1"], delay_seconds=0.3)
    questions = [Asked(looks_up, "a.example.com") for _ in range(50)]
    assert {tuple(question.wait()[0]) for question in questions} == {("203.0.113.1",)}
    assert dns.asked["a.example.com"] == 1


def test_hanging_names_do_not_delay_another(looks_up: Resolver, dns: DnsServer) -> None:
    names = [f"n{number}.hangs.example.com" for number in range(200)]
    for name in names:
        dns.tell(name, Says.HANG)
    dns.tell("a.example.com", ["203.0.113.1"])
    hanging = [Asked(looks_up, name) for name in names]
    assert Asked(looks_up, "a.example.com").wait()[0] == ["203.0.113.1"]
    assert not any(question.is_answered for question in hanging)


def test_a_slow_answer_after_quick_ones_is_waited_for(looks_up: Resolver, dns: DnsServer) -> None:
    for number in range(20):
        dns.tell(f"n{number}.example.com", ["203.0.113.1"])
        Asked(looks_up, f"n{number}.example.com").wait()
    dns.tell("slow.example.com", ["203.0.113.2"], delay_seconds=1.9)
    assert Asked(looks_up, "slow.example.com").wait()[0] == ["203.0.113.2"]


def test_closing_ends_every_look_up_at_once(dns: DnsServer) -> None:
    dns.tell("hangs.example.com", Says.HANG)
    looks_up = Resolver([dns.server])
    hanging = Asked(looks_up, "hangs.example.com")
    began = time.monotonic()
    looks_up.close()
    assert time.monotonic() - began < 2
    assert hanging.wait(5)[0] == []


def test_the_address_that_answered_is_given_first(looks_up: Resolver, dns: DnsServer) -> None:
    dns.tell("a.example.com", ["203.0.113.1", "203.0.113.2", "203.0.113.3"])
    given = Asked(looks_up, "a.example.com").wait()[0]
    looks_up.prefer("a.example.com", given[2])
    assert Asked(looks_up, "a.example.com").wait()[0] == [given[2], given[0], given[1]]
    looks_up.prefer("a.example.com", "203.0.113.9")  # None of its addresses any more.
    looks_up.prefer("never.example.com", "203.0.113.9")
    assert Asked(looks_up, "a.example.com").wait()[0] == [given[2], given[0], given[1]]


def test_the_address_that_answered_is_given_first_after_the_next_look_up_too(
    looks_up: Resolver, dns: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolver, "SHORTEST_TTL_SECONDS", 0)
    dns.tell("a.example.com", ["203.0.113.1", "203.0.113.2"], ttl=0)
    last = Asked(looks_up, "a.example.com").wait()[0][-1]
    looks_up.prefer("a.example.com", last)
    for _ in range(2):
        assert Asked(looks_up, "a.example.com").wait()[0][0] == last
    assert dns.asked["a.example.com"] == 3


def test_what_is_kept_is_bounded(
    looks_up: Resolver, dns: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolver, "MOST_NAMES", 3)
    for name in ("a", "b", "c", "d"):
        dns.tell(name + ".example.com", ["203.0.113.1"], ["203.0.113.2"])
        Asked(looks_up, name + ".example.com").wait()
    assert len(looks_up._kept) == 3
