"""Whether the thread that moves the sockets still does.

Should it die of an error that nobody foresaw, or stand still, the worker would claim on and send
nothing. Then the process ends, and whoever started it starts it anew.
"""

from __future__ import annotations

import logging
import os
import time
from typing import Final, NoReturn

from webhooks.outcome import TOTAL_SECONDS
from webhooks.transport import Transport

logger = logging.getLogger(__name__)

# A request is over after ten seconds, so the thread has moved by then.
STILL_SECONDS: Final = 2.0 * TOTAL_SECONDS
# What is counted at most for one look: a process that was stopped as a whole has not looked.
LOOK_SECONDS: Final = 1.0


class SocketWatch:
    """Asked again and again by the thread that hands requests to `transport`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._turns = 0
        self._still = 0.0
        self._looked_at = time.monotonic()

    def is_lost(self, *, in_flight: bool) -> bool:
        """Whether the thread is dead, or has not moved for long while requests are in flight."""
        if self._transport.is_dead:
            return True
        now = time.monotonic()
        elapsed, self._looked_at = now - self._looked_at, now
        turns = self._transport.turns
        if turns != self._turns or not in_flight:
            self._turns, self._still = turns, 0.0
        else:
            self._still += min(elapsed, LOOK_SECONDS)
        return self._still > STILL_SECONDS


def end_process() -> NoReturn:
    """End this process at once: nothing in it would stop by itself. What is in flight is lost with
    it, as when it is killed; its leases run out."""
    logger.critical(
        "The thread that sends requests is gone; this worker ends, to be started anew. What it had "
        "in flight is sent again within a minute."
    )
    logging.shutdown()
    os._exit(1)
