"""Each worker looks for work by itself, whatever becomes of the broker.

A wake-up is quicker; but a broker may be frozen, wiped or gone, a wake-up lost between COMMIT and
publish, and a retry has nobody to wake anybody. So a thread of each worker process runs the engine
every second; a run that is under way already is poked instead. Another goes on with what is too
much for one transaction (upkeep.go_on).
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
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
        self._threads: list[threading.Thread] = []
        super().__init__(parent, **options)

    def start(self, parent: Any) -> None:
        self._threads = [
            threading.Thread(target=self._deliver, name="webhooks-sweep", daemon=True),
            threading.Thread(target=self._go_on, name="webhooks-go-on", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def stop(self, parent: Any) -> None:
        from webhooks import engine

        self._stopped.set()
        engine.stop()
        for thread in self._threads:
            thread.join(STOP_SECONDS)

    def terminate(self, parent: Any) -> None:
        self.stop(parent)

    def _deliver(self) -> None:
        from django.db import DatabaseError, connection

        from webhooks import engine

        self._repeat("The engine", engine.run)
        with contextlib.suppress(DatabaseError):  # The others miss it in a few seconds.
            engine.leave()
        connection.close()

    def _go_on(self) -> None:
        from django.db import connection

        from webhooks import upkeep

        self._repeat("Long work", upkeep.go_on)
        connection.close()

    def _repeat(self, name: str, work: Callable[[], object]) -> None:
        from django.db import InterfaceError, OperationalError, connection

        is_away = False
        while not self._stopped.is_set():
            try:
                work()
                is_away = False
            except (OperationalError, InterfaceError) as error:
                if not is_away:
                    logger.warning("%s waits for the database: %s", name, error)
                is_away = True
                connection.close()
            except Exception:
                # One row that nobody foresaw must not end what is done for all others.
                logger.exception("%s failed; it goes on in %s s", name, SWEEP_SECONDS)
                connection.close()
            self._stopped.wait(SWEEP_SECONDS)
