"""A wake-up never waits for the broker, and many of them are few messages."""

from __future__ import annotations

import logging
import os
import queue
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from django.conf import settings

import emitter.celery  # noqa: F401 - makes our transport the one of filesystem://
from tests.ports import free_port
from tests.webhooks.raw_server import Connection, RawServer
from webhooks import waker
from webhooks.waker import Waker

SOCKET_TIMEOUT_SECONDS = 2


def filesystem_app(folder: Path) -> Celery:
    """An app whose broker is `folder`, as the embedded default has it."""
    app = Celery("test-waker", broker="filesystem://localhost//", set_as_current=False)
    app.conf.task_default_queue = "emitter"
    app.conf.broker_transport_options = {
        "data_folder_in": str(folder),
        "data_folder_out": str(folder),
        "control_folder": str(folder / "control"),
        "polling_interval": 0.01,
    }
    return app


def redis_app(port: int) -> Celery:
    app = Celery("test-waker", broker=f"redis://127.0.0.1:{port}/0", set_as_current=False)
    app.conf.broker_transport_options = {
        "socket_timeout": SOCKET_TIMEOUT_SECONDS,
        "socket_connect_timeout": SOCKET_TIMEOUT_SECONDS,
    }
    return app


Messages = Callable[[float], list[Any]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "control").mkdir()
    return tmp_path


@pytest.fixture
def messages(folder: Path) -> Iterator[Messages]:
    """Takes what comes into the queue until nothing has come for so many seconds."""
    with filesystem_app(folder).connection_for_read() as connection:
        incoming = connection.SimpleQueue("emitter")

        def take(quiet_seconds: float) -> list[Any]:
            taken: list[Any] = []
            try:
                while True:
                    # The first one has time; a machine may be busy.
                    message = incoming.get(timeout=quiet_seconds if taken else 10)
                    message.ack()
                    taken.append(message)
            except queue.Empty:
                return taken

        yield take
        incoming.close()


class Complaints(logging.Handler):
    """What the waker logs, and a way to wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self.said: queue.Queue[str] = queue.Queue()

    def emit(self, record: logging.LogRecord) -> None:
        self.said.put(record.getMessage())


@pytest.fixture
def complaints() -> Iterator[queue.Queue[str]]:
    handler = Complaints()
    waker.logger.addHandler(handler)
    yield handler.said
    waker.logger.removeHandler(handler)


def test_a_wake_up_is_one_message_that_carries_nothing_and_expires(
    folder: Path, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waker, "current_app", filesystem_app(folder))
    Waker().wake()
    [message] = messages(0.3)
    assert message.headers["task"] == "webhooks.tasks.deliver"
    assert message.payload[:2] == [[], {}]
    expires = datetime.fromisoformat(message.headers["expires"])
    left = expires - datetime.now(UTC)
    # A worker whose clock is an hour ahead takes it too.
    assert timedelta(hours=1) < left <= timedelta(seconds=settings.MESSAGES_EXPIRE_SECONDS)


@pytest.mark.parametrize("broker", ["folder", pytest.param("redis", marks=pytest.mark.redis)])
def test_where_no_worker_is_there_wake_ups_do_not_pile_up(
    broker: str, folder: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    if broker == "folder":
        app = filesystem_app(folder)
    else:
        url = request.getfixturevalue("redis_url")
        app = Celery("test-waker", broker=url, set_as_current=False)
        app.conf.task_default_queue = f"test-waker-{os.getpid()}"
    monkeypatch.setattr(waker, "current_app", app)
    monkeypatch.setattr(waker, "MOST_WAITING", 3)
    monkeypatch.setattr(waker, "COUNT_EVERY", 2)
    wakes = Waker()
    for _ in range(12):
        wakes._send()
    # Counted before the first, the third and the fifth.
    assert waker._queue_length() == 4
    with app.connection_for_read() as connection:
        incoming = connection.SimpleQueue(app.conf.task_default_queue)
        for _ in range(4):
            incoming.get(timeout=10).ack()
        wakes._send()
        incoming.get(timeout=10).ack()
        incoming.close()


def test_many_wake_ups_at_once_are_few_messages(
    folder: Path, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waker, "current_app", filesystem_app(folder))
    wakes = Waker()
    began = time.monotonic()
    for _ in range(10_000):
        wakes.wake()
    seconds = time.monotonic() - began
    assert 1 <= len(messages(0.3)) <= 2 + seconds / waker.PAUSE_SECONDS


def test_a_wake_up_after_a_message_is_another_message(
    folder: Path, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waker, "current_app", filesystem_app(folder))
    wakes = Waker()
    for _ in range(3):
        wakes.wake()
        assert len(messages(0.1)) == 1


def hang(connection: Connection) -> None:
    connection.hang()


def test_a_broker_that_hangs_delays_nobody_and_is_complained_about_once(
    folder: Path,
    messages: Messages,
    complaints: queue.Queue[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wakes = Waker()
    with RawServer(hang) as frozen:
        monkeypatch.setattr(waker, "current_app", redis_app(frozen.port))
        began = time.monotonic()
        for _ in range(200):
            wakes.wake()
        # All of them together take less than one publish waits for the broker.
        assert time.monotonic() - began < SOCKET_TIMEOUT_SECONDS
        assert "the sweep delivers" in complaints.get(timeout=20)
        wakes.wake()
    monkeypatch.setattr(waker, "current_app", filesystem_app(folder))
    wakes.wake()
    assert messages(0.3), "the waker's thread did not outlive a broken broker"
    assert complaints.empty()


def test_a_broker_that_is_down_is_no_error_of_the_chat(
    complaints: queue.Queue[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waker, "current_app", redis_app(free_port()))
    wakes = Waker()
    wakes.wake()
    assert "broker" in complaints.get(timeout=20)


FORKED = """
import os, sys
from pathlib import Path
sys.path.insert(0, os.getcwd())
from tests.webhooks.test_waker import filesystem_app
from webhooks import waker
waker.current_app = filesystem_app(Path(sys.argv[1]))
wakes = waker.Waker()
wakes.wake()
os.write(1, b"woken\\n")  # In one piece: two processes have this pipe.
sys.stdin.readline()
child = os.fork()
wakes.wake()
os.write(1, b"woken\\n")
sys.stdin.readline()
os._exit(0)
"""


def test_a_forked_process_has_a_waker_of_its_own(folder: Path, messages: Messages) -> None:
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", FORKED, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "woken\n"
        assert len(messages(0.3)) == 1
        process.stdin.write("fork\n")
        process.stdin.flush()
        assert [process.stdout.readline() for _ in range(2)] == ["woken\n"] * 2
        # One of the parent, one of the child, whose thread did not come along.
        assert len(messages(0.5)) == 2
        process.stdin.close()
