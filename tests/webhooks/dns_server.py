"""A tiny name server: answers, hangs, denies, and changes its mind, as a test tells it.

It says no as real ones do: with the zone's SOA, whose minimum lets the denial be kept that long.
"""

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

A, CNAME, SOA, AAAA = 1, 5, 6, 28
TYPES = {A: 4, AAAA: 6}
# How long a denial may be kept: a usual value.
DENIED_SECONDS = 300


class Says(Enum):
    """What a name is answered when it is not addresses. The value is the DNS response code."""

    NOTHING = 0  # Known, without any address.
    SERVER_FAILURE = 2
    NO_SUCH_NAME = 3
    REFUSED = 5
    HANG = -1
    # Too long for a datagram: ask again by TCP.
    TRUNCATED = -2


# Addresses; a name that is an alias of another one ends with a dot.
Answer = Sequence[str] | Says


def _encoded(name: str) -> bytes:
    labels = [label.encode() for label in name.rstrip(".").split(".")]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _record(owner: bytes, kind: int, ttl: int, data: bytes) -> bytes:
    return owner + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data


def _start_of_authority() -> bytes:
    numbers = struct.pack("!IIIII", 1, 7200, 3600, 1209600, DENIED_SECONDS)
    data = _encoded("ns.example.com") + _encoded("hostmaster.example.com") + numbers
    return _record(_encoded("example.com"), SOA, DENIED_SECONDS, data)


class DnsServer:
    """`with DnsServer() as dns:` listens on 127.0.0.1; `dns.server` is its address for a Resolver.

    A name that was told nothing does not exist. While `is_silent`, nobody gets an answer.
    """

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.bind(("127.0.0.1", self.port))
        self.is_silent = False
        self.asked_by_tcp: Counter[str] = Counter()
        self._by_tcp = threading.Thread(target=self._serve_tcp, daemon=True)
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
        self._by_tcp.start()
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
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # Wakes accept().
        self._thread.join(5)
        self._by_tcp.join(5)
        self._socket.close()
        self._listener.close()

    def tell(
        self,
        name: str,
        *answers: Answer,
        ttl: int = 60,
        delay_seconds: float = 0,
        kinds: Sequence[int] = tuple(TYPES),
    ) -> None:
        """`name` is answered with these, one after the other; the last one stays."""
        with self._changed:
            for kind in kinds:
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
            if self.is_silent:
                continue
            name, reply = self._reply(query, by_tcp=False)
            delay_seconds = self._delay_seconds.get(name, 0)
            if reply and delay_seconds:
                threading.Thread(
                    target=self._reply_later, args=(reply, sender, delay_seconds), daemon=True
                ).start()
            elif reply:
                self._socket.sendto(reply, sender)

    def _serve_tcp(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError), connection.makefile("rwb") as stream:
                connection.settimeout(5)
                while len(size := stream.read(2)) == 2:
                    name, reply = self._reply(stream.read(*struct.unpack("!H", size)), by_tcp=True)
                    self.asked_by_tcp[name] += 1
                    stream.write(struct.pack("!H", len(reply)) + reply)
                    stream.flush()

    def _reply_later(self, reply: bytes, sender: tuple[str, int], seconds: float) -> None:
        if not self._stopping.wait(seconds):
            self._socket.sendto(reply, sender)

    def _reply(self, query: bytes, *, by_tcp: bool) -> tuple[str, bytes]:
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
            answer = told.pop(0) if len(told) > 1 and not by_tcp else told[0]
            if answer is Says.TRUNCATED:
                answer = told[0]
                if not by_tcp:
                    return name, query[:2] + struct.pack("!HHHHH", 0x8780, 1, 0, 0, 0) + question
            ttl = self._ttl.get(name, 60)
        if answer is Says.HANG:
            return name, b""
        # The owner is a pointer to the question's name.
        records, owner, code = [], b"\xc0\x0c", 0
        if isinstance(answer, Says):
            code = answer.value
        else:
            for one in answer:
                if one.endswith("."):
                    records.append(_record(owner, CNAME, ttl, _encoded(one)))
                    owner = _encoded(one)
                elif TYPES.get(kind) == (address := ip_address(one)).version:
                    # An alias may live shorter than what it leads to.
                    kept = 3600 if len(owner) > 2 else ttl
                    records.append(_record(owner, kind, kept, address.packed))
        says_no = not records and code in (Says.NOTHING.value, Says.NO_SUCH_NAME.value)
        authority = _start_of_authority() if says_no else b""
        header = query[:2] + struct.pack("!HHHHH", 0x8580 | code, 1, len(records), says_no, 0)
        return name, header + question + b"".join(records) + authority
