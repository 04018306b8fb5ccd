"""libcurl's sockets in a selector, and what is to be known of their connections beside libcurl.

A connection that is kept stays in the selector with no transfer: the next one finds its socket
there, with no system call.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pycurl

from webhooks.answer import is_nothing
from webhooks.relay import Relay


class Sockets:
    """Used on one thread. What Handle wants to be told (transfer.Hooks), it is told here."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        # Those in the selector, with what is waited for; and those whose connection is kept.
        self._watched: dict[int, int] = {}
        self._dormant: set[int] = set()
        # Kept connections on which a request has left; whether something has come of its answer.
        self._asked: dict[int, bool] = {}
        self._known: dict[int, socket.socket] = {}
        self._relays: set[Relay] = set()
        self.is_silent = True
        self.stand_ins: Counter[str] = Counter()

    def also(self, reader: socket.socket, on_readable: Callable[[], None]) -> None:
        """Watch a socket that is none of libcurl's."""
        self._selector.register(reader, selectors.EVENT_READ, on_readable)

    def ready(self, seconds: float | None) -> Iterator[tuple[int, int]]:
        """What libcurl is to look at, as socket_action wants it, each just before it does."""
        for key, mask in self._selector.select(seconds):
            if key.data is not None:
                key.data()
            elif key.fd in self._dormant:
                # The other side closed it, or speaks out of turn: libcurl finds out.
                self._unwatch(key.fd)
            else:
                if key.fd in self._asked:
                    self.is_silent = self._says_nothing(key.fd)
                yield (
                    key.fd,
                    (pycurl.CSELECT_IN if mask & selectors.EVENT_READ else 0)
                    | (pycurl.CSELECT_OUT if mask & selectors.EVENT_WRITE else 0),
                )
                self.is_silent = True

    def on_socket(self, what: int, fd: int, multi: Any, data: Any) -> None:
        """libcurl's SOCKETFUNCTION."""
        if what == pycurl.POLL_REMOVE:
            if fd in self._watched:
                self._dormant.add(fd)
            return
        if fd in self._dormant:
            self._dormant.discard(fd)
            if fd in self._known:  # libcurl has one of its own, too.
                self._asked[fd] = False
        events = (selectors.EVENT_READ if what & pycurl.POLL_IN else 0) | (
            selectors.EVENT_WRITE if what & pycurl.POLL_OUT else 0
        )
        known = self._watched.get(fd)
        if known == events:
            return
        self._watched[fd] = events
        if known is None:
            self._selector.register(fd, events)
        else:
            self._selector.modify(fd, events)

    def on_opened(self, opened: socket.socket) -> int:
        """A new socket; one that had its number before was closed, and with that left the kernel's
        list, if not ours. Returns its number: it is libcurl's to close."""
        fd = opened.fileno()
        self._forget(fd)
        self._known[fd] = opened
        return fd

    def on_large(self, local: tuple[str, int]) -> None:
        """Have the connection from this address go through a relay, unless it does."""
        for fd, known in self._known.items():
            with contextlib.suppress(OSError):  # Closed since.
                if known.getsockname()[:2] == local:
                    self._relay(fd)
                    return

    def _relay(self, fd: int) -> None:
        events = self._watched.get(fd, 0)
        self._unwatch(fd)
        self._relays = {one for one in self._relays if one.is_open}
        relay = Relay(self._selector, fd)
        self._relays.add(relay)
        for number in relay.numbers:
            self._forget(number)
        relay.pump()
        if events:
            self._watched[fd] = events
            self._selector.register(fd, events)

    def _says_nothing(self, fd: int) -> bool:
        """Whether nothing has come on a kept connection that libcurl may find to be closed."""
        if not self._asked[fd]:
            try:
                self._asked[fd] = not is_nothing(self._known[fd].recv(5, socket.MSG_PEEK))
            except OSError:
                return True
        return not self._asked[fd]

    def _forget(self, fd: int) -> None:
        self._dormant.discard(fd)
        self._asked.pop(fd, None)
        if (known := self._known.pop(fd, None)) is not None:
            known.detach()
        self._unwatch(fd)

    def _unwatch(self, fd: int) -> None:
        if self._watched.pop(fd, None) is not None:
            self._selector.unregister(fd)

    def close(self) -> None:
        """When libcurl has closed its sockets."""
        for relay in self._relays:
            relay.close()
        for known in self._known.values():
            known.detach()
        self._selector.close()
