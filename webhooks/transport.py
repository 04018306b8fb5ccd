"""Many POSTs at once on one thread: libcurl's multi interface over this thread's own selector.

What libcurl is trusted with: HTTP/1.1, TLS, keeping connections, one deadline for all of it. What
it is not: looking up names (resolver.py) and deciding which address may be reached (the policy,
asked for every address before connecting and again where the socket is opened).
"""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import certifi
import pycurl

from webhooks import outcome
from webhooks.address_policy import AddressPolicy
from webhooks.answer import Answer, Head
from webhooks.destination import Destination
from webhooks.outcome import TOTAL_SECONDS, Outcome
from webhooks.resolver import Resolver

logger = logging.getLogger(__name__)

# With several addresses, how long the first ones get before the next is tried.
CONNECT_SECONDS = 3.0
MOST_ADDRESSES = 3
KEPT_CONNECTIONS = 512
CONNECTION_LIFETIME_SECONDS = 300


@dataclass(slots=True)
class Request:
    """One POST to make. `headers` come after Host and before Content-Length, in this order."""

    key: Any
    destination: Destination
    headers: Sequence[tuple[str, str]]
    body: bytes
    policy: AddressPolicy

    def head(self) -> bytes:
        """The request line and headers as libcurl sends them."""
        lines = [f"POST {self.destination.target} HTTP/1.1", *self.header_lines()]
        lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")

    def header_lines(self) -> list[str]:
        host = f"Host: {self.destination.host_header}"
        return [host, *(f"{name}: {value}" for name, value in self.headers)]


@dataclass(slots=True, eq=False)
class _Transfer:
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

    def open_socket(self, purpose: int, address: Any) -> int:
        """Where the socket is opened: the last word on which address is reached."""
        target = address.addr[0]
        reached = target.decode() if isinstance(target, bytes) else str(target)
        reason = self.request.policy.refusal(reached)
        if reason or purpose != pycurl.SOCKTYPE_IPCXN:
            self.refused = (reached, reason or "not an internet address")
            return pycurl.SOCKET_BAD
        # The bare descriptor: libcurl closes it.
        return socket.socket(address.family, address.socktype, address.protocol).detach()


class Transport:
    """Makes POSTs, many at once, each over within ten seconds.

    `submit` may be called from any thread; `on_done(request, outcome)` is called on the socket
    thread and must not wait for anything.
    """

    def __init__(
        self,
        on_done: Callable[[Request, Outcome], None],
        *,
        resolver: Resolver | None = None,
        ca_file: str = "",
    ) -> None:
        self._on_done = on_done
        self._resolver = resolver or Resolver()
        self._ca_file = ca_file or certifi.where()
        self._submitted: deque[Request] = deque()
        self._resolved: deque[tuple[_Transfer, Sequence[str], str]] = deque()
        self._looking_up: set[_Transfer] = set()
        self._active: dict[pycurl.Curl, _Transfer] = {}
        self._idle: list[pycurl.Curl] = []
        self._timer_at: float | None = None
        self._closing = False
        self._selector = selectors.DefaultSelector()
        self._watched: set[int] = set()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._wake_writer.setblocking(False)
        self._selector.register(self._wake_reader, selectors.EVENT_READ)
        self._woken = False
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_MAXCONNECTS, KEPT_CONNECTIONS)
        self._multi.setopt(pycurl.M_PIPELINING, 0)
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)
        self._thread = threading.Thread(target=self._run, name="webhooks-sockets", daemon=True)
        self._thread.start()

    # -- any thread

    def submit(self, requests: Sequence[Request]) -> None:
        """Begin these POSTs now."""
        self._submitted.extend(requests)
        self._wake()

    def close(self) -> None:
        """Stop the socket thread; what is under way is dropped without a word."""
        self._closing = True
        self._wake()
        self._thread.join(timeout=5)
        self._resolver.close()

    def _wake(self) -> None:
        if self._woken:
            return
        self._woken = True
        # Blocked means that its buffer is full of wake-ups already; closed, that a look-up ended
        # after the last transfer.
        with contextlib.suppress(OSError):
            self._wake_writer.send(b"\0")

    # -- the socket thread

    def _run(self) -> None:
        while not self._closing:
            for key, mask in self._selector.select(self._select_seconds()):
                if key.fileobj is self._wake_reader:
                    self._drain_wake()
                else:
                    bits = (pycurl.CSELECT_IN if mask & selectors.EVENT_READ else 0) | (
                        pycurl.CSELECT_OUT if mask & selectors.EVENT_WRITE else 0
                    )
                    self._multi.socket_action(key.fd, bits)
            while self._submitted:
                self._begin(self._submitted.popleft())
            while self._resolved:
                self._on_resolved(*self._resolved.popleft())
            if self._timer_at is not None and time.monotonic() >= self._timer_at:
                self._timer_at = None
                self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
            self._collect()
            self._expire_look_ups()
        for handle in list(self._active):
            self._multi.remove_handle(handle)
        self._multi.close()
        self._selector.close()
        self._wake_reader.close()
        self._wake_writer.close()

    def _drain_wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._wake_reader.recv(4096):
                pass
        # Last: a flag left standing with no byte behind it would swallow every wake-up to come. Who
        # sees it standing has queued already, and the queues are emptied next.
        self._woken = False

    def _select_seconds(self) -> float | None:
        moments = [] if self._timer_at is None else [self._timer_at]
        if self._looking_up:
            moments.append(min(transfer.deadline for transfer in self._looking_up))
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _on_timer(self, timeout_ms: int) -> None:
        self._timer_at = None if timeout_ms < 0 else time.monotonic() + timeout_ms / 1000

    def _on_socket(self, what: int, fd: int, multi: Any, data: Any) -> None:
        if what == pycurl.POLL_REMOVE:
            if fd in self._watched:
                self._watched.remove(fd)
                self._selector.unregister(fd)
            return
        events = (selectors.EVENT_READ if what & pycurl.POLL_IN else 0) | (
            selectors.EVENT_WRITE if what & pycurl.POLL_OUT else 0
        )
        if fd in self._watched:
            self._selector.modify(fd, events)
        else:
            self._watched.add(fd)
            self._selector.register(fd, events)

    def _begin(self, request: Request) -> None:
        transfer = _Transfer(request, time.monotonic())
        destination = request.destination
        if destination.is_address:
            self._on_resolved(transfer, [destination.host], "")
            return
        self._looking_up.add(transfer)

        def answered(addresses: Sequence[str], sentence: str) -> None:
            self._resolved.append((transfer, addresses, sentence))
            self._wake()

        self._resolver.look_up(destination.host, answered)

    def _on_resolved(self, transfer: _Transfer, addresses: Sequence[str], sentence: str) -> None:
        destination = transfer.request.destination
        if not destination.is_address:
            if transfer not in self._looking_up:
                return  # Too late; it has been given up.
            self._looking_up.remove(transfer)
        if not addresses:
            self._finish(transfer, "dns", f"The name {destination.host} {sentence}")
            return
        refused = transfer.request.policy.first_refusal(addresses)
        if refused:
            # One bad address is enough: whoever controls the name chooses which one is tried.
            self._refuse(transfer, *refused)
            return
        transfer.addresses = list(addresses[:MOST_ADDRESSES])
        self._connect(transfer)

    def _connect(self, transfer: _Transfer) -> None:
        transfer.address = transfer.addresses.pop(0)
        left = transfer.deadline - time.monotonic()
        if left <= 0:
            self._finish(
                transfer,
                *outcome.of_curl(
                    pycurl.E_OPERATION_TIMEDOUT,
                    "",
                    phase="connect",
                    host=transfer.request.destination.host,
                ),
            )
            return
        handle = self._idle.pop() if self._idle else self._new_handle()
        request, destination = transfer.request, transfer.request.destination
        bracketed = f"[{transfer.address}]" if ":" in transfer.address else transfer.address
        handle.setopt(pycurl.URL, destination.url)
        # Otherwise libcurl would write %2e as %2E, and the record would not be what left.
        handle.setopt(pycurl.REQUEST_TARGET, destination.target)
        handle.setopt(
            pycurl.CONNECT_TO,
            [f"{destination.url_host}:{destination.port}:{bracketed}:{destination.port}"],
        )
        handle.setopt(pycurl.HTTPHEADER, [*request.header_lines(), "Expect:"])
        handle.setopt(pycurl.POSTFIELDS, request.body)
        handle.setopt(pycurl.TIMEOUT_MS, max(1, int(left * 1000)))
        handle.setopt(
            pycurl.CONNECTTIMEOUT_MS,
            int(min(left, CONNECT_SECONDS) * 1000) if transfer.addresses else 0x7FFFFFF,
        )
        handle.setopt(pycurl.HEADERFUNCTION, transfer.answer.lines.append)
        handle.setopt(pycurl.WRITEFUNCTION, transfer.answer.on_body)
        handle.setopt(pycurl.OPENSOCKETFUNCTION, transfer.open_socket)
        self._active[handle] = transfer
        self._multi.add_handle(handle)

    def _new_handle(self) -> pycurl.Curl:
        handle = pycurl.Curl()
        handle.setopt(pycurl.POST, 1)
        handle.setopt(pycurl.NOSIGNAL, 1)
        handle.setopt(pycurl.NOPROXY, "*")
        handle.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
        handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        handle.setopt(pycurl.FOLLOWLOCATION, 0)
        handle.setopt(pycurl.PATH_AS_IS, 1)
        handle.setopt(pycurl.CAINFO, self._ca_file)
        handle.setopt(pycurl.MAXLIFETIME_CONN, CONNECTION_LIFETIME_SECONDS)
        return handle

    def _collect(self) -> None:
        while True:
            queued, good, bad = self._multi.info_read()
            for handle in good:
                self._ended(handle, 0, "")
            for handle, code, message in bad:
                self._ended(handle, code, message)
            if not queued:
                return

    def _ended(self, handle: pycurl.Curl, code: int, message: str) -> None:
        transfer = self._active.pop(handle)
        self._multi.remove_handle(handle)
        sent = handle.getinfo(pycurl.REQUEST_SIZE) > 0
        tcp_connected = handle.getinfo(pycurl.CONNECT_TIME) > 0
        self._idle.append(handle)
        destination, answer = transfer.request.destination, transfer.answer
        if transfer.refused and not sent:
            self._refuse(transfer, *transfer.refused)
            return
        # A handshake that takes too long leaves the next address its chance; one that fails would
        # fail there, too.
        unreached = not tcp_connected or code == pycurl.E_OPERATION_TIMEDOUT
        if code and not sent and unreached and transfer.addresses:
            self._connect(transfer)
            return
        head = answer.head()
        if answer.is_cut or (code == 0 and head.is_whole):
            kind, sentence = outcome.of_status(head.status or 0, head.header(b"location"))
            if not destination.is_address:
                self._resolver.prefer(destination.host, transfer.address)
        else:
            phase = (
                "answer" if head.status
                else "sent" if sent
                else "tls" if tcp_connected and destination.scheme == "https"
                else "connect"
            )  # fmt: skip
            if code == 0:
                # libcurl is content with half a head, and with a status that is none.
                code = pycurl.E_PARTIAL_FILE if head.status else pycurl.E_UNSUPPORTED_PROTOCOL
                message = "its status line has no status"
            kind, sentence = outcome.of_curl(code, message, phase=phase, host=destination.host)
            if kind == "internal":
                logger.error("libcurl error %s to %s: %s", code, destination.origin, message)
        self._finish(transfer, kind, sentence, head)

    def _expire_look_ups(self) -> None:
        if not self._looking_up:
            return
        now = time.monotonic()
        for transfer in [late for late in self._looking_up if late.deadline <= now]:
            self._looking_up.remove(transfer)
            host = transfer.request.destination.host
            self._finish(
                transfer,
                "dns",
                f"The name {host} could not be looked up within {TOTAL_SECONDS} s: "
                "its name server did not answer.",
            )

    def _refuse(self, transfer: _Transfer, address: str, reason: str) -> None:
        host = transfer.request.destination.host
        leads = host if host == address else f"{host} leads to {address}, which"
        self._finish(
            transfer,
            "refused_address",
            f"{leads} is not a public address ({reason}), so nothing was sent. "
            "Your endpoint must be publicly accessible.",
        )

    def _finish(
        self, transfer: _Transfer, kind: str, sentence: str, head: Head | None = None
    ) -> None:
        answer, head = transfer.answer, head or Head()
        self._on_done(
            transfer.request,
            Outcome(
                duration_ms=round((time.monotonic() - transfer.started) * 1000),
                status_code=head.status,
                error_kind=kind,
                error=sentence,
                remote_address=transfer.address,
                response_head=head.raw,
                response_body=bytes(answer.body),
                response_truncated=answer.is_truncated,
                retry_after=head.header(b"retry-after") if kind == "http_status" else "",
            ),
        )
