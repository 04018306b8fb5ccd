"""A tiny name server on UDP: answers, hangs, denies, and changes its mind, as a test tells it."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections import Counter
from collections.abc import Sequence
from enum import Enum
from ipaddress import ip_address
from types import TracebackType
from typing import Self

A, AAAA = 1, 28
TYPES = {A: 4, AAAA: 6}


class Says(Enum):
    """What a name is answered when it is not addresses. The value is the DNS response code."""

    NOTHING = 0  # Known, without any address.
    SERVER_FAILURE = 2
    NO_SUCH_NAME = 3
    REFUSED = 5
    HANG = -1


Answer = Sequence[str] | Says


class DnsServer:
    """`with DnsServer() as dns:` listens on 127.0.0.1; `dns.server` is its address for a Resolver.

    A name that was told nothing does not exist.
    """

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.server = f"127.0.0.1:{self.port}"
        self._answers: dict[tuple[str, int], list[Answer]] = {}
        self._ttl: dict[str, int] = {}
        self._delay_seconds: dict[str, float] = {}
        self._stopping = threading.Event()
        self._changed = threading.Condition()
        self.asked: Counter[str] = Counter()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RD)  # Wakes recvfrom().
        self._thread.join(5)
        self._socket.close()

    def tell(self, name: str, *answers: Answer, ttl: int = 60, delay_seconds: float = 0) -> None:
        """`name` is answered with these, one after the other; the last one stays."""
        with self._changed:
            for kind in TYPES:
                self._answers[name, kind] = list(answers)
            self._ttl[name] = ttl
            self._delay_seconds[name] = delay_seconds

    def wait_for(self, name: str, *, timeout_seconds: float = 10) -> None:
        """Wait until `name` was asked for."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.asked[name], timeout_seconds), "not asked"

    def _serve(self) -> None:
        while True:
            try:
                query, sender = self._socket.recvfrom(4096)
            except OSError:
                return
            if not query:
                return
            name, reply = self._reply(query)
            delay_seconds = self._delay_seconds.get(name, 0)
            if reply and delay_seconds:
                threading.Thread(
                    target=self._reply_later, args=(reply, sender, delay_seconds), daemon=True
                ).start()
            elif reply:
                self._socket.sendto(reply, sender)

    def _reply_later(self, reply: bytes, sender: tuple[str, int], seconds: float) -> None:
        if not self._stopping.wait(seconds):
            self._socket.sendto(reply, sender)

    def _reply(self, query: bytes) -> tuple[str, bytes]:
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]])
            at += 1 + query[at]
        name = b".".join(labels).decode().lower()
        (kind,) = struct.unpack("!H", query[at + 1 : at + 3])
        question = query[12 : at + 5]
        with self._changed:
            self.asked[name] += kind == A
            self._changed.notify_all()
            told = self._answers.get((name, kind), [Says.NO_SUCH_NAME])
            answer = told.pop(0) if len(told) > 1 else told[0]
            ttl = self._ttl.get(name, 60)
        if answer is Says.HANG:
            return name, b""
        records = b""
        count = code = 0
        if isinstance(answer, Says):
            code = answer.value
        else:
            for address in map(ip_address, answer):
                if TYPES.get(kind) == address.version:
                    data = address.packed
                    # The name is a pointer to the question's.
                    records += struct.pack("!HHHIH", 0xC00C, kind, 1, ttl, len(data)) + data
                    count += 1
        header = query[:2] + struct.pack("!HHHHH", 0x8580 | code, 1, count, 0, 0)
        return name, header + question + records
