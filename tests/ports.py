"""Ports that nobody else is given meanwhile.

A server is started on one a little later, or a test wants nothing to listen there. The system
gives the ports of outgoing connections, and of servers that ask for any, from 32768 on: these are
below, and each process of pytest-xdist has a thousand of its own.
"""

from __future__ import annotations

import os
import socket
from itertools import cycle, islice

FIRST, EACH, PROCESSES = 20_000, 1000, 12
_process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % PROCESSES
# Another run of the tests, beside this one, most likely begins elsewhere.
_begin = os.getpid() % EACH
_ports = cycle(FIRST + _process * EACH + (_begin + number) % EACH for number in range(EACH))


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, and that is not given again soon."""
    for port in islice(_ports, EACH):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue  # Somebody listens there.
        return port
    raise RuntimeError(f"none of {EACH} ports is free")
