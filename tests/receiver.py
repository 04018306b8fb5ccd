"""A real HTTP/1.1 server for tests: keeps each request's bytes, answers as it is told per path."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass(frozen=True)
class Request:
    """One request as it arrived."""

    path: str
    head: bytes  # The request line and headers, as they were, with the empty line.
    body: bytes
    at: float  # time.time() when its last byte had come.

    @property
    def headers(self) -> dict[str, str]:
        """The headers by lower-cased name."""
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        pairs = (line.split(":", 1) for line in lines if ":" in line)
        return {name.lower(): value.strip() for name, value in pairs}


@dataclass(frozen=True)
class Answer:
    """What a path answers. `raw` is sent instead of everything else when it is given."""

    status: int = 200
    body: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0
    raw: bytes | None = None
    close: bool = False  # Close the connection after this answer.


class Receiver:
    """`with Receiver() as receiver:` listens on 127.0.0.1 until the block ends.

    `answer(path, …)` tells a path how to answer; given several times with `then=True`, answers are
    used one after the other and the last one stays. A path that was told nothing answers 200.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._changed = threading.Condition()
        self._requests: list[Request] = []
        self._answers: dict[str, list[Answer]] = {}
        self._connections: set[socket.socket] = set()
        self._stopping = threading.Event()
        self.connections_seen = 0
        receiver = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                receiver._serve(self)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 512
            address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

        self._server = Server((host, port), Handler)
        self.port: int = self._server.server_address[1]
        shown = f"[{host}]" if ":" in host else host
        self.origin = f"http://{shown}:{self.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop listening and cut every connection."""
        self._stopping.set()
        self._server.shutdown()
        with self._changed:
            connections = list(self._connections)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # The other side was faster.
        self._server.server_close()
        self._thread.join()

    def url(self, path: str = "/") -> str:
        return self.origin + path

    def answer(
        self,
        path: str = "/",
        status: int = 200,
        *,
        body: bytes = b"ok",
        headers: dict[str, str] | None = None,
        delay_seconds: float = 0,
        raw: bytes | None = None,
        close: bool = False,
        then: bool = False,
    ) -> None:
        """Tell `path` how to answer from now on; with `then`, after the answers it has."""
        told = Answer(status, body, headers or {}, delay_seconds, raw, close)
        with self._changed:
            if then:
                self._answers.setdefault(path, []).append(told)
            else:
                self._answers[path] = [told]

    @property
    def requests(self) -> list[Request]:
        """Everything that has arrived, in order."""
        with self._changed:
            return list(self._requests)

    def clear(self) -> None:
        with self._changed:
            self._requests.clear()

    def wait_for(self, count: int = 1, *, timeout_seconds: float = 10) -> list[Request]:
        """Wait until `count` requests have arrived; returns them all. Raises AssertionError."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self._requests) >= count, timeout_seconds)
            assert came, f"{len(self._requests)} of {count} requests in {timeout_seconds} s"
            return list(self._requests)

    def _serve(self, handler: socketserver.StreamRequestHandler) -> None:
        connection = handler.connection
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._changed:
            self._connections.add(connection)
            self.connections_seen += 1
        try:
            while self._one_request(handler):
                pass
        except OSError:
            pass  # The sender has gone; it has its own tests.
        finally:
            with self._changed:
                self._connections.discard(connection)

    def _one_request(self, handler: socketserver.StreamRequestHandler) -> bool:
        """Read and answer one request. Returns whether the connection stays open."""
        head = handler.rfile.readline()
        if not head:
            return False
        path = head.split(b" ")[1].decode("latin-1") if head.count(b" ") >= 2 else "/"
        length = 0
        wants_continue = wants_close = False
        while (line := handler.rfile.readline()) not in (b"\r\n", b"\n", b""):
            head += line
            name, _, value = line.lower().partition(b":")
            if name == b"content-length":
                length = int(value)
            wants_continue |= name == b"expect"
            wants_close |= name == b"connection" and value.strip() == b"close"
        head += b"\r\n"
        if wants_continue:
            handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = handler.rfile.read(length)
        with self._changed:
            self._requests.append(Request(path, head, body, time.time()))
            told = self._answers.get(path.split("?")[0], [Answer()])
            answer = told.pop(0) if len(told) > 1 else told[0]
            self._changed.notify_all()
        if answer.delay_seconds and self._stopping.wait(answer.delay_seconds):
            return False
        if answer.raw is not None:
            handler.wfile.write(answer.raw)
            return False
        headers = {"Content-Length": str(len(answer.body))} | answer.headers
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        start = f"HTTP/1.1 {answer.status} Told\r\n{lines}\r\n"
        handler.wfile.write(start.encode("latin-1") + answer.body)
        return not (answer.close or wants_close)
