"""The web server: `python -m emitter.web_server --host 127.0.0.1 --port 8000 --workers 2`.

What it bounds by its own settings is set here, for `make up`, compose and systemd alike: how long a
head may take, how many connections a process has, how long it may take to stop.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, Final

import django
from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops, RuntimeModes
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.common import AbstractServer

from emitter import environment

# A connection on which no whole head comes for so long is closed, also an idle one.
HEAD_SECONDS: Final = 5
# Of a head that does not end; the server answers 431 to more, and to more than 100 headers.
HEAD_BYTES: Final = 64 * 1024
# Open to one process at a time; what comes then waits in the kernel.
CONNECTIONS: Final = 2048
# What was accepted is answered, for so long after the signal to stop.
STOP_SECONDS: Final = 10
LOG_CONFIG: Final = Path(__file__).with_name("granian-log.json")


def server(host: str, port: int, workers: int = 1) -> AbstractServer[Any]:
    """The server, which runs when its `serve` is called."""
    made: AbstractServer[Any] = Granian(
        "emitter.lifeline:application",
        factory=True,
        address=host,
        port=port,
        workers=workers,
        interface=Interfaces.ASGI,
        loop=Loops.auto,
        http=HTTPModes.http1,
        websockets=False,
        runtime_mode=RuntimeModes.st,
        backlog=CONNECTIONS,
        backpressure=CONNECTIONS,
        http1_settings=HTTP1Settings(
            header_read_timeout=1000 * HEAD_SECONDS, max_buffer_size=HEAD_BYTES
        ),
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        log_level=LogLevels.info,
        log_dictconfig=json.loads(LOG_CONFIG.read_text()),
    )
    return made


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m emitter.web_server", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=1, help="web processes")
    given = parser.parse_args()
    # A setting that is wrong is said once, and not by each process that would die of it.
    environment.settings_module()
    django.setup(set_prefix=False)
    server(given.host, given.port, given.workers).serve()


if __name__ == "__main__":
    main()
