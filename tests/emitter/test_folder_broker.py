"""The embedded broker: messages appear whole, and each is read once."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection
from kombu.exceptions import ChannelError

import emitter.celery  # noqa: F401 - makes our transport the one of filesystem://


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "control").mkdir()
    return tmp_path


def connect(folder: Path) -> Connection:
    options = {
        "data_folder_in": str(folder),
        "data_folder_out": str(folder),
        "control_folder": str(folder / "control"),
    }
    return Connection("filesystem://localhost//", transport_options=options)


def test_a_reader_never_sees_half_a_message_and_no_message_twice(folder: Path) -> None:
    sent = 400
    seen: Counter[int] = Counter()
    problems: list[BaseException] = []
    done = threading.Event()
    large = "x" * 20_000

    def write() -> None:
        with connect(folder) as connection:
            channel: Any = connection.default_channel
            for number in range(sent):
                channel._put("work", {"number": number, "large": large})

    def read() -> None:
        with connect(folder) as connection:
            channel: Any = connection.default_channel
            while True:
                finished = done.is_set()
                try:
                    message = channel._get("work")
                except Empty:
                    if finished:
                        return
                except ValueError as problem:
                    problems.append(problem)
                    return
                else:
                    seen[message["number"]] += 1

    readers = [threading.Thread(target=read) for _ in range(3)]
    writer = threading.Thread(target=write)
    for thread in (*readers, writer):
        thread.start()
    writer.join()
    done.set()
    for reader in readers:
        reader.join()

    assert problems == []
    assert seen == Counter(range(sent))
    assert [path.name for path in folder.iterdir()] == ["control"]


def test_messages_of_another_queue_are_left(folder: Path) -> None:
    with connect(folder) as connection:
        channel: Any = connection.default_channel
        channel._put("other", {"a": 1})

        with pytest.raises(Empty):
            channel._get("work")
        assert channel._get("other") == {"a": 1}


def test_messages_are_read_in_the_order_they_were_written(folder: Path) -> None:
    with connect(folder) as connection:
        channel: Any = connection.default_channel
        tick = threading.Event()
        for number in range(5):
            channel._put("work", number)
            tick.wait(0.003)  # Names carry milliseconds.

        assert [channel._get("work") for _ in range(5)] == list(range(5))


def test_a_folder_that_is_gone_is_said_in_words(folder: Path) -> None:
    with connect(folder / "nowhere") as connection:
        channel: Any = connection.default_channel
        with pytest.raises(ChannelError, match="cannot be written"):
            channel._put("work", {})
