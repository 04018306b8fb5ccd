"""A server of bare sockets: it says exactly what a test makes it say, HTTP or not."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Connection:
    """One connection, seen from the server."""

    socket: socket.socket
    # Set when the server stops: what hangs on purpose waits for this instead of sleeping.
    stopping: threading.Event
    requests: list[bytes]
    _buffer: bytes = field(default=b"")

    def read_request(self) -> bytes:
        """The next request, head and body, as its bytes; b"" when the other side has gone."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._more():
                return b""
        head, _, _ = self._buffer.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *([0-9]+)", head)
        size = len(head) + 4 + (int(length[1]) if length else 0)
        while len(self._buffer) < size:
            if not self._more():
                return b""
        request, self._buffer = self._buffer[:size], self._buffer[size:]
        self.requests.append(request)
        return request

    def _more(self) -> bool:
        chunk = self.socket.recv(65536)
        self._buffer += chunk
        return bool(chunk)

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def hang(self, seconds: float | None = None) -> bool:
        """Say nothing for so long, or until the server stops. Returns whether it stops."""
        return self.stopping.wait(seconds)

    def reset(self) -> None:
        """Cut the connection with a RST, not a FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


Behaviour = Callable[[Connection], None]


def answer(data: bytes = OK) -> Behaviour:
    """Read requests and answer each with `data`, on one connection for as long as it lasts."""

    def behave(connection: Connection) -> None:
        while connection.read_request():
            connection.send(data)

    return behave


def answer_and_close(data: bytes) -> Behaviour:
    """Read one request, answer it with `data`, close."""

    def behave(connection: Connection) -> None:
        connection.read_request()
        connection.send(data)

    return behave


class RawServer:
    """`with RawServer(behave) as server:` runs `behave` in a thread for each connection.

    `requests` are those that were read whole, in order; `connections` counts what was accepted.
    With `tls` the handshake comes first; one that fails ends the connection.
    """

    def __init__(
        self,
        behave: Behaviour,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._behave = behave
        self._tls = tls
        self._stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self.requests: list[bytes] = []
        self.connections = 0
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family, backlog=512)
        self.port: int = self._listener.getsockname()[1]
        scheme = "https" if tls else "http"
        self.origin = f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"
        self._accepting = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # Wakes accept().
        self._listener.close()
        self._accepting.join(5)
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def url(self, path: str = "/") -> str:
        return self.origin + path

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(accepted,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, accepted: socket.socket) -> None:
        self._open.add(accepted)
        try:
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls:
                plain = accepted
                accepted = self._tls.wrap_socket(plain, server_side=True)
                self._open.discard(plain)
                self._open.add(accepted)
            self._behave(Connection(accepted, self._stopping, self.requests))
        except OSError:
            pass  # The client has gone, or would not speak TLS with us: often what is tested.
        finally:
            self._open.discard(accepted)
            accepted.close()
