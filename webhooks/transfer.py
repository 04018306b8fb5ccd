"""One request under way, and the handle of libcurl's that it goes through."""

from __future__ import annotations

import errno
import math
import os
import socket
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pycurl

from webhooks.address_policy import AddressPolicy
from webhooks.answer import MOST_KEPT_BYTES, Answer
from webhooks.connecting import NOWHERE, bracketed, listed, pace_ms, stand_in
from webhooks.destination import Destination
from webhooks.outcome import TOTAL_SECONDS

CONNECTION_LIFETIME_SECONDS = 300
# A request that was lost on a kept connection is sent once more, if the connection was found to be
# closed within this: a server that was closing it while the request was on its way says so within
# a round trip. Later, it is likelier that it read the request, and failed.
REPEAT_WITHIN_SECONDS = 1.0
# A request with a larger body may leave in several pieces (a record of TLS has 16 KiB).
MOST_BYTES_AT_ONCE = 12 * 1024
# What a machine may have no more of when a socket is to be opened.
SHORTAGES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
# libcurl has the option, pycurl no name for it.
HAPPY_EYEBALLS_TIMEOUT_MS = 271


class Hooks(Protocol):
    """What the transport has to know of its handles' connections."""

    # Nothing has come on the kept connection that libcurl is just looking at.
    is_silent: bool
    # What libcurl was told of several addresses, by what stands in for them: for how many handles.
    stand_ins: Counter[str]

    def on_opened(self, opened: socket.socket) -> int:
        """A new socket, from here on libcurl's own; its number."""

    def on_large(self, local: tuple[str, int]) -> None:
        """A large body is about to leave on the connection from this address."""


@dataclass(slots=True)
class Request:
    """One POST to make. `headers` come after Host and before Content-Length, in this order.

    It is not begun after `leave_by` (monotonic seconds).
    """

    key: Any
    destination: Destination
    headers: Sequence[tuple[str, str]]
    body: bytes
    policy: AddressPolicy
    leave_by: float = math.inf
    _lines: list[str] = field(default_factory=list)

    def head(self) -> bytes:
        """The request line and headers as libcurl sends them."""
        lines = "\r\n".join(self.header_lines())
        return (
            f"POST {self.destination.target} HTTP/1.1\r\n{lines}\r\n"
            f"Content-Length: {len(self.body)}\r\n\r\n"
        ).encode("latin-1", "replace")

    def header_lines(self) -> list[str]:
        """The headers as lines; whoever sends them and whoever records them get the same list."""
        if not self._lines:
            self._lines = [f"Host: {self.destination.host_header}"]
            self._lines += [f"{name}: {value}" for name, value in self.headers]
        return self._lines


@dataclass(slots=True, eq=False)
class Transfer:
    """A request under way."""

    request: Request
    started: float
    # All that may be connected to, the one to begin with first.
    addresses: tuple[str, ...] = ()
    # Those that a socket was opened for, in this order.
    tried: list[str] = field(default_factory=list)
    # The one that it went to, or that failed last.
    address: str = ""
    refused: tuple[str, str] | None = None
    # Why no socket could be opened, of the operating system's words: this machine is short of it.
    lacks: str = ""
    answer: Answer = field(default_factory=Answer)
    # Rounds of connecting: see connecting.FIRST_ROUND_SECONDS.
    rounds: int = 0
    # How often the request began to leave, and when it last did.
    times_sent: int = 0
    sent_at: float = 0.0
    # When a socket was last opened for it; 0 when none was since the request last left.
    opened_at: float = 0.0
    # libcurl was kept from sending it once more on another kept connection.
    was_stopped: bool = False
    may_repeat: bool = True
    # A byte came on the kept connection that was closed then.
    was_answered: bool = False

    @property
    def deadline(self) -> float:
        return self.started + TOTAL_SECONDS

    def may_leave(self, now: float) -> bool:
        """Whether the request may leave, for the second time: once, on a new connection, and only
        where a kept one may have been closed before it came."""
        decided_at = self.opened_at or now
        self.may_repeat = (
            self.times_sent == 1
            and not (self.was_answered or self.answer.lines)
            and decided_at - self.sent_at < REPEAT_WITHIN_SECONDS
        )
        return self.may_repeat and self.opened_at > 0


# Where a handle of libcurl's is set up to go: a URL, and the addresses to connect to.
Way = tuple[str, tuple[str, ...]]


class Handle:
    """A handle of libcurl's, set up for one way once, then used for one transfer after another.

    Most of its hooks are set once, too, and act for the transfer that it has at the time.
    """

    def __init__(self, ca_file: str, hooks: Hooks) -> None:
        self.transfer: Transfer | None = None
        self._hooks = hooks
        self.way: Way | None = None
        # What stands in for several addresses, and its port; "" for a single one.
        self._stand_in = ""
        self._is_fresh = False
        self.curl = curl = pycurl.Curl()
        curl.setopt(pycurl.POST, 1)
        curl.setopt(pycurl.NOSIGNAL, 1)
        curl.setopt(pycurl.NOPROXY, "*")
        curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
        curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        curl.setopt(pycurl.FOLLOWLOCATION, 0)
        curl.setopt(pycurl.PATH_AS_IS, 1)
        curl.setopt(pycurl.CAINFO, ca_file)
        curl.setopt(pycurl.MAXLIFETIME_CONN, CONNECTION_LIFETIME_SECONDS)
        curl.setopt(pycurl.WRITEFUNCTION, self._on_body)
        curl.setopt(pycurl.OPENSOCKETFUNCTION, self.open_socket)
        curl.setopt(pycurl.PREREQFUNCTION, self._on_connected)
        # It would keep each address it is given, and go over all of them with every transfer.
        curl.setopt(pycurl.DNS_CACHE_TIMEOUT, 0)

    def begin(self, transfer: Transfer, total_ms: int, connect_ms: int) -> None:
        """Make ready to send the transfer's request to one of its addresses."""
        curl, request = self.curl, transfer.request
        self.transfer = transfer
        way = way_of(transfer)
        if way != self.way:
            self.way = way
            destination = request.destination
            curl.setopt(pycurl.URL, destination.url)
            # Otherwise libcurl would write %2e as %2E, and the record would not be what left.
            curl.setopt(pycurl.REQUEST_TARGET, destination.target)
            self._lead(destination, transfer.addresses)
        curl.setopt(pycurl.HTTPHEADER, [*request.header_lines(), "Expect:"])
        curl.setopt(pycurl.POSTFIELDS, request.body)
        curl.setopt(pycurl.HEADERFUNCTION, transfer.answer.lines.append)
        curl.setopt(pycurl.TIMEOUT_MS, total_ms)
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, connect_ms)
        # What is repeated goes on a connection of its own: the other kept ones may be dead, too.
        is_fresh = transfer.times_sent > 0
        if is_fresh != self._is_fresh:
            self._is_fresh = is_fresh
            curl.setopt(pycurl.FRESH_CONNECT, is_fresh)

    def _lead(self, destination: Destination, addresses: tuple[str, ...]) -> None:
        """Have connections go to these addresses. The host stays what it is, for TLS, too."""
        port, before, lines = destination.port, self._stand_in, []
        self._stand_in = f"{stand_in(addresses)}:{port}" if len(addresses) > 1 else ""
        stand_ins = self._hooks.stand_ins
        if self._stand_in:
            # What it is told here stays, in this order, until it is told otherwise.
            stand_ins[self._stand_in] += 1
            lines.append(f"{self._stand_in}:{listed(addresses)}")
            self.curl.setopt(HAPPY_EYEBALLS_TIMEOUT_MS, pace_ms(addresses))
        if before:
            stand_ins[before] -= 1
            if not stand_ins[before]:
                del stand_ins[before]
                lines.append(f"-{before}")
        if lines:
            self.curl.setopt(pycurl.RESOLVE, lines)
        to = self._stand_in or f"{bracketed(addresses[0])}:{port}"
        self.curl.setopt(pycurl.CONNECT_TO, [f"{destination.url_host}:{port}:{to}"])

    def close(self) -> None:
        """Free what libcurl holds; its hooks lead back here, so nobody else would soon."""
        self.curl.close()

    def release(self) -> None:
        """Hold on to nothing of the transfer that is large."""
        if self.transfer is not None and len(self.transfer.request.body) > MOST_KEPT_BYTES:
            self.curl.setopt(pycurl.POSTFIELDS, b"")
        self.transfer = None

    def _on_body(self, chunk: bytes) -> int | None:
        return self.transfer.answer.on_body(chunk) if self.transfer is not None else 0

    def open_socket(self, purpose: int, address: Any) -> int:
        """Where the socket is opened: the last word on which address is reached."""
        transfer = self.transfer
        if transfer is None:
            return pycurl.SOCKET_BAD
        target = address.addr[0]
        reached = target.decode() if isinstance(target, bytes) else str(target)
        if reached == NOWHERE:
            return pycurl.SOCKET_BAD
        reason = transfer.request.policy.refusal(reached)
        if reason or purpose != pycurl.SOCKTYPE_IPCXN:
            transfer.refused = (reached, reason or "not an internet address")
            return pycurl.SOCKET_BAD
        try:
            opened = socket.socket(address.family, address.socktype, address.protocol)
        except OSError as error:
            # Else there is none of this kind here, such as IPv6.
            if error.errno in SHORTAGES:
                transfer.lacks = os.strerror(error.errno)
            return pycurl.SOCKET_BAD
        if reached not in transfer.tried:
            transfer.tried.append(reached)
        transfer.was_answered |= not self._hooks.is_silent
        transfer.opened_at = time.monotonic()
        return self._hooks.on_opened(opened)

    def _on_connected(self, remote: str, local: str, remote_port: int, local_port: int) -> int:
        """The connection stands, TLS and all, be it new or kept; the request is what comes next."""
        transfer = self.transfer
        if transfer is None:
            return pycurl.PREREQFUNC_ABORT
        now = time.monotonic()
        if not transfer.opened_at:
            transfer.was_answered |= not self._hooks.is_silent
        if transfer.times_sent and not self._is_fresh and not transfer.may_leave(now):
            transfer.was_stopped = True
            return pycurl.PREREQFUNC_ABORT
        transfer.times_sent += 1
        transfer.sent_at, transfer.opened_at = now, 0.0
        if len(transfer.request.body) > MOST_BYTES_AT_ONCE:
            self._hooks.on_large((local, local_port))
        return pycurl.PREREQFUNC_OK


def way_of(transfer: Transfer) -> Way:
    return (transfer.request.destination.url, transfer.addresses)
