"""A receiver that keeps when each event arrived, and hangs or is slow where it is told to.

`python -m bench.stamping_receiver`: raw sockets and one epoll loop, so that it costs little. It
reads what it shall be from its first line ({"hosts": {"127.0.1.1": seconds or null, …}, "paths":
{"/slow": seconds or null, …}}: how long each takes to answer, null for never; a path comes before
its host), answers with its port, and with all arrivals so far to each
line after that. It ends with its standard input.
"""

from __future__ import annotations

import heapq
import json
import re
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

CHATLOG = re.compile(rb'"chatlogId":"([^"]*)"')
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nOK"


class StampingReceiver:
    """The process, as its user sees it."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self._process = process
        self.port = port

    def arrivals(self) -> dict[str, float]:
        """By chatlog, when (time.monotonic) its event was here whole for the first time."""
        return dict(_ask(self._process, {"do": "arrivals"}))


def _ask(process: subprocess.Popen[bytes], line: Any) -> Any:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(line).encode() + b"\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


@contextmanager
def stamping_receiver(
    hosts: dict[str, float | None], paths: dict[str, float | None] | None = None
) -> Iterator[StampingReceiver]:
    """Run it; `hosts` are its addresses, with the seconds each takes to answer, None for never;
    `paths` are those for which that is otherwise."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.stamping_receiver"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield StampingReceiver(process, _ask(process, {"hosts": hosts, "paths": paths or {}}))
    finally:
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()
        process.kill()
        process.wait()


class Loop:
    """All sockets of the receiver."""

    def __init__(self, hosts: dict[str, float | None], paths: dict[str, float | None]) -> None:
        self._paths = {path.encode(): seconds for path, seconds in paths.items()}
        self._epoll = select.epoll()
        self._listens: dict[int, tuple[socket.socket, float | None]] = {}
        self._connections: dict[int, tuple[socket.socket, bytearray, float | None]] = {}
        # When to answer, and whom.
        self._late: list[tuple[float, int, socket.socket]] = []
        self.arrivals: dict[str, float] = {}
        self.port = 0
        for host, seconds in hosts.items():
            listen = socket.create_server((host, self.port), backlog=1024)
            listen.setblocking(False)
            self.port = listen.getsockname()[1]
            self._listens[listen.fileno()] = (listen, seconds)
            self._epoll.register(listen.fileno(), select.EPOLLIN)

    def run(self) -> None:
        self._epoll.register(0, select.EPOLLIN | select.EPOLLHUP)
        while True:
            wait = max(0.0, self._late[0][0] - time.monotonic()) if self._late else -1
            for number, _ in self._epoll.poll(wait):
                if number == 0:
                    if not sys.stdin.readline():
                        return
                    print(json.dumps(self.arrivals), flush=True)
                elif number in self._listens:
                    self._accept(number)
                else:
                    self._read(number)
            while self._late and self._late[0][0] <= time.monotonic():
                _, number, connection = heapq.heappop(self._late)
                known = self._connections.get(number)
                if known is not None and known[0] is connection:
                    self._answer(number, connection)

    def _accept(self, number: int) -> None:
        listen, seconds = self._listens[number]
        connection, _ = listen.accept()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections[connection.fileno()] = (connection, bytearray(), seconds)
        self._epoll.register(connection.fileno(), select.EPOLLIN)

    def _read(self, number: int) -> None:
        connection, got, seconds = self._connections[number]
        try:
            more = connection.recv(65536)
        except ConnectionError:
            more = b""
        if not more:
            self._drop(number)
            return
        got += more
        end = got.find(b"\r\n\r\n")
        if end < 0:
            return
        length = LENGTH.search(got, 0, end + 2)
        if length is None or len(got) < end + 4 + int(length[1]):
            return
        now = time.monotonic()
        chatlog = CHATLOG.search(got, end)
        if chatlog is not None:
            self.arrivals.setdefault(chatlog[1].decode(), now)
        if self._paths:
            seconds = self._paths.get(bytes(got[:end].split(b" ", 2)[1]), seconds)
        got.clear()
        if seconds == 0:
            self._answer(number, connection)
        elif seconds is not None:
            heapq.heappush(self._late, (now + seconds, number, connection))

    def _answer(self, number: int, connection: socket.socket) -> None:
        try:
            connection.send(ANSWER)
        except OSError:
            self._drop(number)

    def _drop(self, number: int) -> None:
        connection = self._connections.pop(number)[0]
        self._epoll.unregister(number)
        connection.close()


def main() -> None:
    loop = Loop(**json.loads(sys.stdin.readline()))
    print(loop.port, flush=True)
    loop.run()


if __name__ == "__main__":
    main()
