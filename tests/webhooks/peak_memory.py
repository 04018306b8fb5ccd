"""A process that POSTs to hostile endpoints and tells how much memory it took at most.

`python -m tests.webhooks.peak_memory GOOD TIMES HOSTILE…`: first to GOOD alone, then TIMES to each
of the others, all at once; prints one line of JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.webhooks.sender import Sender, request_to


def peak_bytes() -> int:
    """Not getrusage's: that counts what the parent took before this program began, too."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


def main(good: str, times: str, *hostile: str) -> None:
    with Sender() as sender:
        for _ in range(int(times)):
            assert sender.post(good).succeeded
        before = peak_bytes()
        outcomes = sender.send([request_to(url) for url in hostile for _ in range(int(times))])
        grown = peak_bytes() - before
    print(json.dumps({"grown": grown, "kinds": sorted({one.error_kind for one in outcomes})}))


if __name__ == "__main__":
    main(*sys.argv[1:])
