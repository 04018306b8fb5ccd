"""A network that may swallow the connections that go through it, without a word to either side."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self


class Network:
    """`with Network(port) as network:` passes on what comes to `network.port` to the local `port`.

    What it swallows it acknowledges, as a firewall or a proxy in between may do: TCP alone notices
    nothing.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._sockets: list[socket.socket] = []
        # Connections made before this many are swallowed.
        self._swallowed = 0
        self._made = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for one in (self._server, *self._sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def swallow(self) -> int:
        """From now on nothing passes on the connections that there are; returns how many there are.
        New ones work."""
        fresh = self._made - self._swallowed
        self._swallowed = self._made
        return fresh

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                self._sockets += [near, far]
                self._made += 1
                for one, other in ((near, far), (far, near)):
                    threading.Thread(
                        target=self._pass, args=(one, other, self._made), daemon=True
                    ).start()

    def _pass(self, source: socket.socket, target: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if number > self._swallowed:
                    target.sendall(data)
            if number > self._swallowed:
                target.shutdown(socket.SHUT_WR)
