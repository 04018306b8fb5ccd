"""Many POSTs at once on one thread: libcurl's multi interface over this thread's own selector.

What libcurl is trusted with: HTTP/1.1, TLS, keeping connections, one deadline for all of it. What
it is not: looking up names (resolver.py) and deciding which address may be reached (the policy,
asked for every address before connecting and again where the socket is opened).
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import chain

import certifi
import pycurl

from webhooks import ending, outcome
from webhooks.answer import Head
from webhooks.connecting import FIRST_ROUND_SECONDS
from webhooks.destination import refused
from webhooks.ending import End
from webhooks.open_files import connections_to_keep
from webhooks.outcome import TOTAL_SECONDS, Outcome
from webhooks.resolver import Resolver
from webhooks.sockets import Sockets
from webhooks.transfer import Handle, Request, Transfer, Way, way_of

logger = logging.getLogger(__name__)

MOST_HANDLES = 256


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
        self._resolved: deque[tuple[Transfer, Sequence[str], str]] = deque()
        self._looking_up: set[Transfer] = set()
        self._active: dict[pycurl.Curl, Handle] = {}
        self._idle: dict[Way, list[Handle]] = {}
        self._handles = 0
        self._timer_at: float | None = None
        self._closing = False
        # The socket thread has ended; how often it went round.
        self.is_dead = False
        self.turns = 0
        self._sockets = Sockets()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._wake_writer.setblocking(False)
        self._sockets.also(self._wake_reader, self._drain_wake)
        self._woken = False
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_MAXCONNECTS, connections_to_keep())
        self._multi.setopt(pycurl.M_PIPELINING, 0)
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._sockets.on_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)
        self._thread = threading.Thread(target=self._live, name="webhooks-sockets", daemon=True)
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

    def _live(self) -> None:
        try:
            self._run()
        except Exception:
            # Whatever it was, nothing is sent any more: whoever hands requests over has to know.
            logger.exception("The thread that sends requests has died")
        finally:
            self.is_dead = True
            self._release()

    def _run(self) -> None:
        while not self._closing:
            self.turns += 1
            for fd, bits in self._sockets.ready(self._select_seconds()):
                self._multi.socket_action(fd, bits)
            while self._submitted:
                self._begin(self._submitted.popleft())
            while self._resolved:
                self._on_resolved(*self._resolved.popleft())
            if self._timer_at is not None and time.monotonic() >= self._timer_at:
                self._timer_at = None
                self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
            self._collect()
            self._expire_look_ups()

    def _release(self) -> None:
        for curl in list(self._active):
            self._multi.remove_handle(curl)
        self._multi.close()
        for used in (*self._active.values(), *chain.from_iterable(self._idle.values())):
            used.close()
        self._sockets.close()
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

    def _begin(self, request: Request) -> None:
        transfer = Transfer(request, time.monotonic())
        if transfer.started > request.leave_by:
            self._on_done(request, Outcome(0, error_kind="interrupted", is_late=True))
            return
        destination = request.destination
        if destination.is_address:
            self._on_resolved(transfer, [destination.host], "")
            return
        self._looking_up.add(transfer)

        def answered(addresses: Sequence[str], sentence: str) -> None:
            self._resolved.append((transfer, addresses, sentence))
            self._wake()

        self._resolver.look_up(destination.host, answered)

    def _on_resolved(self, transfer: Transfer, addresses: Sequence[str], sentence: str) -> None:
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
        transfer.addresses = tuple(addresses)
        self._connect(transfer)

    def _connect(self, transfer: Transfer) -> None:
        left = transfer.deadline - time.monotonic()
        if left <= 0:
            end = End(pycurl.E_OPERATION_TIMEDOUT)
            self._finish(transfer, *ending.of(transfer, end, Head()))
            return
        is_first_of_many = len(transfer.addresses) > 1 and not transfer.rounds
        transfer.rounds += 1
        handle = self._handle_for(way_of(transfer))
        handle.begin(
            transfer,
            max(1, int(left * 1000)),
            int(min(left, FIRST_ROUND_SECONDS) * 1000) if is_first_of_many else 0x7FFFFFF,
        )
        self._active[handle.curl] = handle
        self._multi.add_handle(handle.curl)

    def _handle_for(self, way: Way) -> Handle:
        """One that went this way before, if there is one; else a new one, or the longest unused."""
        if way not in self._idle and (self._handles < MOST_HANDLES or not self._idle):
            self._handles += 1
            return Handle(self._ca_file, self._sockets)
        way = way if way in self._idle else next(iter(self._idle))
        ready = self._idle[way]
        handle = ready.pop()
        if not ready:
            del self._idle[way]
        return handle

    def _put_back(self, handle: Handle) -> None:
        handle.release()
        assert handle.way is not None
        self._idle.setdefault(handle.way, []).append(handle)

    def _collect(self) -> None:
        while True:
            queued, good, bad = self._multi.info_read()
            for handle in good:
                self._ended(handle, 0, "")
            for handle, code, message in bad:
                self._ended(handle, code, message)
            if not queued:
                return

    def _ended(self, curl: pycurl.Curl, code: int, message: str) -> None:
        used = self._active.pop(curl)
        transfer = used.transfer
        assert transfer is not None
        self._multi.remove_handle(curl)
        has_connected = transfer.times_sent > 0 or curl.getinfo(pycurl.CONNECT_TIME) > 0
        reached = curl.getinfo(pycurl.PRIMARY_IP) if has_connected else ""
        transfer.address = reached or (transfer.tried or transfer.addresses)[-1]
        end = End(code, message, has_connected=has_connected)
        if code:
            end.errno = curl.getinfo(pycurl.OS_ERRNO)
            end.sent_bytes = curl.getinfo(pycurl.SIZE_UPLOAD_T)
        self._put_back(used)
        if code and not transfer.times_sent and transfer.refused:
            self._refuse(transfer, *transfer.refused)
            return
        if code and not transfer.times_sent and transfer.lacks:
            self._finish(transfer, "internal", outcome.short_of(transfer.lacks))
            return
        if code and self._goes_on(transfer, end):
            self._connect(transfer)
            return
        destination, answer = transfer.request.destination, transfer.answer
        head = answer.head()
        answer.lines.clear()
        kind, sentence = ending.of(transfer, end, head)
        if head.status and not destination.is_address:
            self._resolver.prefer(destination.host, transfer.address)
        if kind == "internal":
            logger.error("libcurl error %s to %s: %s", code, destination.origin, message)
        self._finish(transfer, kind, sentence, head, phase=ending.phase(transfer, end, head))

    def _goes_on(self, transfer: Transfer, end: End) -> bool:
        """Whether the attempt has not failed yet: another address, or a new connection, is next."""
        if transfer.was_stopped:
            transfer.was_stopped = False
            end.code, end.message = pycurl.E_GOT_NOTHING, ""
            return transfer.may_repeat
        is_first_of_many = len(transfer.addresses) > 1 and transfer.rounds == 1
        if transfer.times_sent or end.code != pycurl.E_OPERATION_TIMEDOUT or not is_first_of_many:
            return False
        if end.has_connected:
            # A handshake that takes too long leaves the others their chance; one that fails would
            # fail there, too.
            others = tuple(one for one in transfer.addresses if one != transfer.address)
            transfer.addresses = others
        return True

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

    def _refuse(self, transfer: Transfer, address: str, reason: str) -> None:
        host = transfer.request.destination.host
        leads = host if host == address else f"Nothing was sent: {host} leads to {address}, which"
        self._finish(transfer, "refused_address", refused(leads, address, reason))

    def _finish(
        self,
        transfer: Transfer,
        kind: str,
        sentence: str,
        head: Head | None = None,
        phase: str = "connect",
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
                phase=phase,
                head_is_whole=head.is_whole,
                # A success asks for nothing, and there are many.
                retry_after=head.header(b"retry-after") if kind and head.is_whole else "",
            ),
        )
