"""Each worker looks for due work by itself, whatever becomes of the broker.

A wake-up is quicker; but a broker may be frozen, wiped or gone, a wake-up lost between COMMIT and
publish, and a retry has nobody to wake anybody. So a thread of each worker process runs the engine
every second; a run that is under way already is poked instead.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from typing import Any, Final

from celery import bootsteps

logger = logging.getLogger(__name__)

SWEEP_SECONDS: Final = 1.0
# What is in flight is over within ten seconds, and recorded.
STOP_SECONDS: Final = 15


class Sweep(bootsteps.StartStopStep):
    """A step of the worker's own life: it starts before the broker is asked for anything."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **options: Any) -> None:
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        super().__init__(parent, **options)

    def start(self, parent: Any) -> None:
        self._thread = threading.Thread(target=self._run, name="webhooks-sweep", daemon=True)
        self._thread.start()

    def stop(self, parent: Any) -> None:
        from webhooks import engine

        self._stopped.set()
        engine.stop()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)

    def terminate(self, parent: Any) -> None:
        self.stop(parent)

    def _run(self) -> None:
        from django.db import DatabaseError, connection

        from webhooks import engine

        while not self._stopped.is_set():
            try:
                engine.run()
            except Exception:
                # One row that nobody foresaw must not end the sweeps of all others.
                logger.exception("The engine failed; it goes on in %s s", SWEEP_SECONDS)
                connection.close()
            self._stopped.wait(SWEEP_SECONDS)
        with contextlib.suppress(DatabaseError):  # The others miss it in a few seconds.
            engine.leave()
        connection.close()
