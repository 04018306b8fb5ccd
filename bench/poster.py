"""A load generator that costs little: raw keep-alive connections, one thread, one request on each.

`python -m bench.poster --url … --key … --count N [--batch 500]` posts events one by one to
/api/v1/events, or in batches, and prints one line of JSON (Posted).
"""

from __future__ import annotations

import argparse
import json
import re
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass
class Posted:
    """Times are time.time(); `wait_ms` are the median and the 99th percentile of the answers."""

    began: float
    ended: float
    statuses: dict[str, int]
    wait_ms: tuple[float, float]
    cpu_seconds: float


def post(
    url: str, key: str, chatbot: str, count: int, *, connections: int = 16, batch: int = 0
) -> Posted:
    """`count` requests from a process of its own. Raises RuntimeError unless all get a 202."""
    command = [
        *(sys.executable, "-m", "bench.poster", "--url", url, "--key", key, "--chatbot", chatbot),
        *("--count", str(count), "--connections", str(connections), "--batch", str(batch)),
    ]
    ran = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    posted = Posted(**json.loads(ran.stdout))
    if posted.statuses != {"202": count}:
        raise RuntimeError(f"Not every request was answered 202: {posted.statuses}")
    return posted


def requests(given: argparse.Namespace) -> Iterator[bytes]:
    """The bytes of each request."""
    host = urlsplit(given.url).netloc

    def event(number: int) -> dict[str, object]:
        # A payload of about 400 bytes.
        data = {"chatlogId": f"p{number}", "userMessage": "What are your business hours? " * 3}
        return {"event": "USER_MESSAGE_SENT", "data": data}

    path = "/api/v1/events/batch" if given.batch else "/api/v1/events"
    for number in range(given.count):
        if given.batch:
            first = number * given.batch
            named = {"events": [event(n) for n in range(first, first + given.batch)]}
        else:
            named = event(number)  # type: ignore[assignment]
        body = json.dumps({"chatbotId": given.chatbot, **named}).encode()
        yield (
            f"POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {given.key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body


class Line:
    """One connection, with at most one request under way."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self._got = b""

    def send(self, request: bytes) -> None:
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def status(self) -> str | None:
        """The status of the answer, once it is here whole."""
        self._got += self.socket.recv(262_144)
        end = self._got.find(b"\r\n\r\n")
        if end < 0:
            return None
        length = LENGTH.search(self._got, 0, end + 2)
        assert length is not None, self._got[:end]
        if len(self._got) < end + 4 + int(length[1]):
            return None
        status = self._got[9:12].decode()
        self._got = b""
        return status


def run(given: argparse.Namespace) -> Posted:
    parts = urlsplit(given.url)
    address = (str(parts.hostname), int(parts.port or 80))
    # Made beforehand, so that what is measured is the other side.
    waiting = list(requests(given))
    waiting.reverse()
    waits, statuses = [], Counter[str]()
    with selectors.DefaultSelector() as selector:
        lines = [Line(address) for _ in range(min(given.connections, given.count))]
        cpu, began = time.process_time(), time.time()
        for line in lines:
            selector.register(line.socket, selectors.EVENT_READ, line)
            line.send(waiting.pop())
        while statuses.total() < given.count:
            for ready, _ in selector.select():
                line = ready.data
                status = line.status()
                if status is None:
                    continue
                waits.append(1000 * (time.perf_counter() - line.sent_at))
                statuses[status] += 1
                if waiting:
                    line.send(waiting.pop())
        ended = time.time()
        for line in lines:
            line.socket.close()
    waits.sort()
    return Posted(
        began=began,
        ended=ended,
        statuses=dict(statuses),
        wait_ms=(waits[len(waits) // 2], waits[len(waits) * 99 // 100]),
        cpu_seconds=time.process_time() - cpu,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--url", "--key", "--chatbot"):
        parser.add_argument(name, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--batch", type=int, default=0, help="events per request; 0: one by one")
    print(json.dumps(asdict(run(parser.parse_args()))))


if __name__ == "__main__":
    main()
