"""A connection that can still be read when it cannot be written to any more.

An endpoint that answers 413 or 401 before it has read the whole request, and closes, cuts the
connection: the next write fails. libcurl gives up there and then, although the answer has come. So
what is sent in more than one piece goes through a pair of sockets: libcurl's number of the socket
is given to one end (dup2), this end and the connection itself are ours. A write that fails is ours
to know; libcurl goes on writing into nothing, and reads the answer.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket

CHUNK_BYTES = 64 * 1024


class Relay:
    """Moves bytes between libcurl's socket, which it takes over, and the connection it was."""

    def __init__(self, selector: selectors.BaseSelector, fd: int) -> None:
        """`fd` is libcurl's, connected; whoever watches it must do so anew from here on."""
        self._selector = selector
        self._far = socket.socket(fileno=os.dup(fd))
        self._near, end = socket.socketpair()
        with end:
            end.setblocking(False)
            os.dup2(end.fileno(), fd, inheritable=False)
        self._near.setblocking(False)
        self._far.setblocking(False)
        self._up = self._down = b""
        self._can_write = True
        self._has_ended = False
        self._watched: dict[socket.socket, int] = {}
        self.is_open = True

    @property
    def numbers(self) -> tuple[int, int]:
        """Those of its sockets."""
        return self._near.fileno(), self._far.fileno()

    def pump(self) -> None:
        """Move what can be moved now."""
        if not self.is_open:
            return  # Closed by what came before it among the things that are ready.
        if not self._pump_up():
            self.close()
            return
        self._pump_down()
        self._watch()

    def _pump_up(self) -> bool:
        """Towards the endpoint. False when libcurl has closed its end and all is sent."""
        while True:
            if self._up and self._can_write:
                try:
                    self._up = self._up[self._far.send(self._up) :]
                except BlockingIOError:
                    return True
                except OSError:
                    self._can_write = False
                continue
            try:
                self._up = self._near.recv(CHUNK_BYTES)
            except BlockingIOError:
                self._up = b""
                return True
            except OSError:
                return False
            if not self._up:
                return False

    def _pump_down(self) -> None:
        """Towards libcurl."""
        while not self._has_ended or self._down:
            if self._down:
                try:
                    self._down = self._down[self._near.send(self._down) :]
                except BlockingIOError:
                    return
                except OSError:
                    self._down, self._has_ended = b"", True
                continue
            try:
                self._down = self._far.recv(CHUNK_BYTES)
            except BlockingIOError:
                return
            except OSError:
                self._down = b""
            if not self._down:
                self._has_ended = True
                with contextlib.suppress(OSError):
                    self._near.shutdown(socket.SHUT_WR)

    def _watch(self) -> None:
        read, write = selectors.EVENT_READ, selectors.EVENT_WRITE
        wants = {
            self._near: (read if not self._up else 0) | (write if self._down else 0),
            self._far: (read if not (self._down or self._has_ended) else 0)
            | (write if self._up and self._can_write else 0),
        }
        for end, events in wants.items():
            known = self._watched.get(end, 0)
            if events and not known:
                self._selector.register(end, events, self.pump)
            elif known and not events:
                self._selector.unregister(end)
            elif known != events:
                self._selector.modify(end, events, self.pump)
        self._watched = {end: events for end, events in wants.items() if events}

    def close(self) -> None:
        """End it; libcurl's end is libcurl's to close."""
        self.is_open = False
        for end in self._watched:
            self._selector.unregister(end)
        self._watched = {}
        self._near.close()
        self._far.close()
