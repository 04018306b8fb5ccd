"""No process outlives the one that started it, not even when that one is killed.

`python -m emitter.lifeline celery …` runs a module as `python -m` does, tied to its parent. The
web server starts processes of its own; each is tied to the server where it loads `application`.
"""

from __future__ import annotations

import ctypes
import logging
import os
import runpy
import signal
import sys
import threading
import time
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emitter.front_door.door import FrontDoor

PR_SET_PDEATHSIG = 1  # linux/prctl.h
POLL_SECONDS = 0.5


def hold(parent: int) -> None:
    """Die, at once and without ceremony, when the process `parent` does.

    What is lost by that is what a power cut loses: leases run out and deliveries go on.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        # Only Linux tells a child of its parent's death; elsewhere a thread looks.
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:  # It died before we asked.
        os._exit(1)


class RestartsOnly(logging.Filter):
    """Of what granian logs, keep errors and the restart of a process, in our words."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if message.startswith("Respawning"):
            record.msg, record.args = "A web process died; starting it again.", ()
            return True
        # The one about threads counts cores; ours wait for the database.
        noise = message.startswith(("Unexpected exit", "Configuration allows spawning"))
        return record.levelno >= logging.WARNING and not noise


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_SECONDS)
    os._exit(1)


def application() -> FrontDoor:
    """The ASGI application of a web process that ends with its server (web_server.py)."""
    hold(os.getppid())
    from emitter.asgi import application

    return application


def run(parent: int, module: str, *arguments: str) -> None:
    """Become `python -m module arguments…`, tied to `parent`."""
    hold(parent)
    # In a container or on a throw-away machine, root is who tries things out.
    warnings.filterwarnings("ignore", message="You're running the worker with superuser")
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    run(int(os.environ["EMITTER_UP_PID"]), *sys.argv[1:])
