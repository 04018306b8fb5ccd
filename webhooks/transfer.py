"""One request under way, and the handle of libcurl's that it goes through."""

from __future__ import annotations

import math
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pycurl

from webhooks.address_policy import AddressPolicy
from webhooks.answer import MOST_KEPT_BYTES, Answer
from webhooks.destination import Destination
from webhooks.outcome import TOTAL_SECONDS

CONNECTION_LIFETIME_SECONDS = 300


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

    def head(self) -> bytes:
        """The request line and headers as libcurl sends them."""
        lines = "\r\n".join(self.header_lines())
        return (
            f"POST {self.destination.target} HTTP/1.1\r\n{lines}\r\n"
            f"Content-Length: {len(self.body)}\r\n\r\n"
        ).encode("latin-1", "replace")

    def header_lines(self) -> list[str]:
        lines = [f"{name}: {value}" for name, value in self.headers]
        lines.insert(0, f"Host: {self.destination.host_header}")
        return lines


@dataclass(slots=True, eq=False)
class Transfer:
    """A request under way."""

    request: Request
    started: float
    addresses: list[str] = field(default_factory=list)
    address: str = ""
    refused: tuple[str, str] | None = None
    answer: Answer = field(default_factory=Answer)

    @property
    def deadline(self) -> float:
        return self.started + TOTAL_SECONDS


# Where a handle of libcurl's is set up to go: a URL, and the address to connect to.
Way = tuple[str, str]


class Handle:
    """A handle of libcurl's, set up for one way once, then used for one transfer after another.

    Most of its hooks are set once, too, and act for the transfer that it has at the time.
    """

    def __init__(self, ca_file: str, opened: Callable[[int], None]) -> None:
        self.transfer: Transfer | None = None
        self._opened = opened
        self.way: Way | None = None
        self._timeouts = (0, 0)
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

    def begin(self, transfer: Transfer, way: Way, total_ms: int, connect_ms: int) -> None:
        """Make ready to send the transfer's request on `way`."""
        curl, request = self.curl, transfer.request
        self.transfer = transfer
        if way != self.way:
            self.way = way
            destination, address = request.destination, transfer.address
            bracketed = f"[{address}]" if ":" in address else address
            curl.setopt(pycurl.URL, destination.url)
            # Otherwise libcurl would write %2e as %2E, and the record would not be what left.
            curl.setopt(pycurl.REQUEST_TARGET, destination.target)
            curl.setopt(
                pycurl.CONNECT_TO,
                [f"{destination.url_host}:{destination.port}:{bracketed}:{destination.port}"],
            )
        curl.setopt(pycurl.HTTPHEADER, [*request.header_lines(), "Expect:"])
        curl.setopt(pycurl.POSTFIELDS, request.body)
        curl.setopt(pycurl.HEADERFUNCTION, transfer.answer.lines.append)
        curl.setopt(pycurl.TIMEOUT_MS, total_ms)
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, connect_ms)

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
        reason = transfer.request.policy.refusal(reached)
        if reason or purpose != pycurl.SOCKTYPE_IPCXN:
            transfer.refused = (reached, reason or "not an internet address")
            return pycurl.SOCKET_BAD
        # The bare descriptor: libcurl closes it.
        fd = socket.socket(address.family, address.socktype, address.protocol).detach()
        self._opened(fd)
        return fd
