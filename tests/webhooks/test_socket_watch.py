"""A socket thread that is gone is noticed; one that merely waits is not taken for it."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest

from tests.webhooks.due import wait_until
from tests.webhooks.raw_server import Connection, RawServer
from tests.webhooks.sender import Sender, request_to
from webhooks.socket_watch import LOOK_SECONDS, STILL_SECONDS, SocketWatch
from webhooks.transport import Transport


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The watch's own clock, in its one element."""
    now = [1000.0]
    shown = SimpleNamespace(monotonic=lambda: now[0])
    monkeypatch.setattr("webhooks.socket_watch.time", shown)
    return now


def test_a_thread_that_an_error_ended_is_lost(caplog: pytest.LogCaptureFixture) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    with RawServer(lambda connection: None) as server:
        transport = Transport(fail)
        watch = SocketWatch(transport)
        assert not watch.is_lost(in_flight=False)
        with caplog.at_level(logging.ERROR):
            transport.submit([request_to(server.url())])
            wait_until(lambda: watch.is_lost(in_flight=False), "the end of the thread")
        assert "has died" in caplog.text
        assert "ZeroDivisionError" in caplog.text
        transport.close()


def test_a_thread_that_does_not_move_while_something_is_in_flight_is_lost(
    clock: list[float],
) -> None:
    with Sender() as sender:
        watch = SocketWatch(sender.transport)
        watch.is_lost(in_flight=True)
        looks = 0
        while not watch.is_lost(in_flight=True):
            clock[0] += LOOK_SECONDS
            looks += 1
            assert looks < 1000
        assert looks * LOOK_SECONDS > STILL_SECONDS


def test_a_thread_with_nothing_to_do_is_not_lost_however_long(clock: list[float]) -> None:
    with Sender() as sender:
        watch = SocketWatch(sender.transport)
        for _ in range(100):
            clock[0] += LOOK_SECONDS
            assert not watch.is_lost(in_flight=False)


def test_a_process_that_stood_still_as_a_whole_does_not_take_its_thread_for_lost(
    clock: list[float],
) -> None:
    with Sender() as sender:
        watch = SocketWatch(sender.transport)
        watch.is_lost(in_flight=True)
        clock[0] += 3600
        assert not watch.is_lost(in_flight=True)


def test_a_thread_that_waits_for_a_slow_server_moves(clock: list[float]) -> None:
    def slow(connection: Connection) -> None:
        connection.read_request()
        connection.hang()

    with RawServer(slow) as server, Sender() as sender:
        watch = SocketWatch(sender.transport)
        watch.is_lost(in_flight=True)
        clock[0] += LOOK_SECONDS
        assert not watch.is_lost(in_flight=True)
        sender.transport.submit([request_to(server.url())])
        wait_until(lambda: server.requests, "the request")
        before = sender.transport.turns
        assert before > 0
