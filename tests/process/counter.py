"""A receiver that keeps count of tens of thousands of deliveries, in a process of its own.

`with Counter() as counter:` starts it; `python -m tests.process.counter` is the process.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import threading
import time
from collections import Counter as Tally
from types import TracebackType
from typing import Any, NamedTuple, Self

from tests.emitter.group import ROOT
from tests.process.stack import wait_until
from tests.process.told import Told, listen

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
TIMESTAMP = re.compile(rb"\r\nx-wonderchat-timestamp: *(\S+)", re.IGNORECASE)


class Arrival(NamedTuple):
    """One request that came whole."""

    chatlog: str
    message: str
    timestamp: str  # X-Wonderchat-Timestamp.
    at: float  # time.time() when its last byte had come.


class Counter:
    """Answers 200 after `delay_seconds` and keeps what came."""

    def __init__(self, delay_seconds: float = 0.0) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.process.counter"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._told = Told(self._process, lambda: "The counting receiver died.")
        self.url = f"http://127.0.0.1:{self._told.do('port')}/"
        self._told.do("answer", delay_seconds=delay_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def count(self) -> int:
        return int(self._told.do("count"))

    def wait_for(self, arrivals: int, seconds: float = 30) -> None:
        wait_until(lambda: self.count() >= arrivals, f"{arrivals} arrivals", seconds)

    def arrivals(self) -> list[Arrival]:
        return [Arrival(*one) for one in self._told.do("arrivals")]

    def chatlogs(self) -> Tally[str]:
        """How often each chatlog's event arrived."""
        return Tally(one.chatlog for one in self.arrivals())

    def messages(self) -> Tally[str]:
        """How often the event of each visitor's message arrived."""
        return Tally(one.message for one in self.arrivals())


# ---------------------------------------------------------------- the process

arrived: list[Arrival] = []
delay = 0.0


class Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self._waiting = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while (end := self._waiting.find(b"\r\n\r\n") + 4) >= 4:
            head = self._waiting[:end]
            length = LENGTH.search(head)
            assert length is not None
            whole = end + int(length[1])
            if len(self._waiting) < whole:
                return
            body, self._waiting = self._waiting[end:whole], self._waiting[whole:]
            said = json.loads(body)["data"]
            stamp = TIMESTAMP.search(head)
            arrived.append(
                Arrival(
                    said.get("chatlogId", ""),
                    said.get("userMessage", ""),
                    stamp[1].decode() if stamp else "",
                    time.time(),
                )
            )
            asyncio.get_running_loop().call_later(delay, self._answer)

    def _answer(self) -> None:
        assert self._transport is not None
        if not self._transport.is_closing():
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


def answer(delay_seconds: float) -> None:
    global delay
    delay = delay_seconds


def main() -> None:
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(Connection, "127.0.0.1", 0, backlog=1024))
    port = server.sockets[0].getsockname()[1]
    threading.Thread(target=loop.run_forever, daemon=True).start()
    calls: dict[str, Any] = {
        "port": lambda: port,
        "count": lambda: len(arrived),
        "arrivals": lambda: arrived[:],
        "answer": answer,
    }
    listen(calls)


if __name__ == "__main__":
    main()
