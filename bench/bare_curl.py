"""The limit: the same POSTs through libcurl's multi interface, with no database and no signature.

`python -m bench.bare_curl --count 100000 URL…` prints {"seconds", "answered"}.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import time

import pycurl

OPEN_AT_A_TIME = 256
# As large as an event and as many headers.
BODY = b'{"event":"USER_MESSAGE_SENT","data":"' + b"x" * 360 + b'"}'
HEADERS = [
    "Expect:",
    "User-Agent: Wonderchat-Webhooks/0.0",
    "Content-Type: application/json",
    "X-Wonderchat-Signature: " + "0" * 64,
    "X-Wonderchat-Timestamp: 2026-01-01T00:00:00.000Z",
]


def measure(urls: list[str], count: int) -> float:
    """POSTs a second, in a process of its own."""
    command = [sys.executable, "-m", "bench.bare_curl", "--count", str(count), *urls]
    said = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    if said["answered"] != count:
        raise RuntimeError(f"{said['answered']} of {count} plain POSTs were answered.")
    return float(count / said["seconds"])


def run(urls: list[str], count: int) -> int:
    """Send `count` POSTs in turn over `urls`; how many were answered with 200."""
    multi = pycurl.CurlMulti()
    turn = itertools.cycle(urls)
    free = []
    for _ in range(min(OPEN_AT_A_TIME, count)):
        curl = pycurl.Curl()
        curl.setopt(pycurl.POST, 1)
        curl.setopt(pycurl.POSTFIELDS, BODY)
        curl.setopt(pycurl.HTTPHEADER, HEADERS)
        curl.setopt(pycurl.WRITEFUNCTION, len)
        curl.setopt(pycurl.NOPROXY, "*")
        free.append(curl)
    left, answered, in_flight = count, 0, 0
    while left or in_flight:
        while free and left:
            curl = free.pop()
            curl.setopt(pycurl.URL, next(turn))
            multi.add_handle(curl)
            left, in_flight = left - 1, in_flight + 1
        multi.perform()
        _, ended, failed = multi.info_read()
        for curl in [*ended, *(one[0] for one in failed)]:
            answered += curl.getinfo(pycurl.RESPONSE_CODE) == 200
            multi.remove_handle(curl)
            free.append(curl)
            in_flight -= 1
        if not ended and in_flight:
            multi.select(1.0)
    return answered


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("urls", nargs="+")
    arguments = parser.parse_args()
    began = time.perf_counter()
    answered = run(arguments.urls, arguments.count)
    print(json.dumps({"seconds": time.perf_counter() - began, "answered": answered}))


if __name__ == "__main__":
    main()
