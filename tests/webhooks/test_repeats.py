"""One attempt reaches a server at most twice, and only where its connection may have been closed
before the request came."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.webhooks.raw_server import OK, Connection, RawServer
from tests.webhooks.sender import Sender, request_to
from webhooks import transfer

KEPT = 6


@pytest.fixture
def sender() -> Iterator[Sender]:
    with Sender() as made:
        yield made


class Keeping:
    """Answers the first request of each connection, once all of them are there, then misbehaves."""

    def __init__(self, misbehave: Callable[[Connection], None]) -> None:
        self._together = threading.Barrier(KEPT)
        self._misbehave = misbehave
        self._left = KEPT
        self._lock = threading.Lock()
        self.seen: Counter[bytes] = Counter()

    def __call__(self, connection: Connection) -> None:
        with self._lock:
            is_one_of_them = self._left > 0
            self._left -= 1
        if is_one_of_them:
            connection.read_request()
            self._together.wait(10)
            connection.send(OK)
        if request := connection.read_request():
            self.seen[request] += 1
            self._misbehave(connection)


def close(connection: Connection) -> None:
    """Read the request, say nothing, close."""


def reset(connection: Connection) -> None:
    connection.reset()


def read_and_close(connection: Connection) -> None:
    connection.read_request()


@pytest.mark.parametrize("misbehave", [close, reset])
@pytest.mark.parametrize("size", [10, 200_000])
def test_a_server_that_reads_and_closes_gets_the_request_twice_at_most(
    sender: Sender, misbehave: Callable[[Connection], None], size: int
) -> None:
    """Not once on each connection that was kept."""
    behave = Keeping(misbehave)
    with RawServer(behave) as server:
        together = [request_to(server.url(f"/{number}")) for number in range(KEPT)]
        assert all(outcome.succeeded for outcome in sender.send(together))
        assert server.connections == KEPT
        outcome = sender.post(server.url("/x"), body=b"x" * size)
        assert outcome.error_kind == "closed"
        assert "without an answer" in outcome.error
        assert list(behave.seen.values()) == [2]
        # The repeat goes on a connection of its own.
        assert server.connections == KEPT + 1


def test_a_repeat_that_is_answered_is_a_success(sender: Sender) -> None:
    misbehaved = threading.Event()

    def once(connection: Connection) -> None:
        if misbehaved.is_set():
            connection.send(OK)
        misbehaved.set()

    behave = Keeping(once)
    with RawServer(behave) as server:
        together = [request_to(server.url(f"/{number}")) for number in range(KEPT)]
        sender.send(together)
        assert sender.post(server.url("/x")).succeeded
        assert list(behave.seen.values()) == [2]


@pytest.mark.parametrize(
    "begun", [b"H", b"HTTP/1.1 200", b"HTTP/1.1 100 Continue\r\n\r\n", OK[:20], b"\r\n"]
)
def test_nothing_is_sent_again_once_a_byte_of_an_answer_came(sender: Sender, begun: bytes) -> None:

    def begin(connection: Connection) -> None:
        # What comes in the very moment in which libcurl sends, it reads before anybody could look.
        connection.hang(0.02)
        connection.send(begun)

    behave = Keeping(begin)
    with RawServer(behave) as server:
        together = [request_to(server.url(f"/{number}")) for number in range(KEPT)]
        sender.send(together)
        assert not sender.post(server.url("/x")).succeeded
        assert list(behave.seen.values()) == [1]


def test_nothing_is_sent_again_to_a_server_that_took_its_time(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It read the request, and failed: no race of a request with the end of its connection."""
    monkeypatch.setattr(transfer, "REPEAT_WITHIN_SECONDS", 0.2)

    def work_in_vain(connection: Connection) -> None:
        connection.hang(0.4)

    behave = Keeping(work_in_vain)
    with RawServer(behave) as server:
        together = [request_to(server.url(f"/{number}")) for number in range(KEPT)]
        sender.send(together)
        assert sender.post(server.url("/x")).error_kind == "closed"
        assert list(behave.seen.values()) == [1]


def test_nothing_is_sent_again_on_a_new_connection(sender: Sender) -> None:
    with RawServer(read_and_close) as server:
        assert sender.post(server.url()).error_kind == "closed"
        assert len(server.requests) == 1
