"""Wakes the engine after COMMIT without ever making a chat wait.

A publish to a broker that hangs blocks for many seconds, so the chat's thread only sets a flag. One
background thread per process owns the broker connection and publishes; flags that are set while it
does so become one message. If it hangs or fails nothing is lost: the sweep finds the rows.
"""

from __future__ import annotations

import logging
import os
import threading
import time

from celery import current_app
from django.conf import settings

logger = logging.getLogger(__name__)

# So many messages may wait in the queue: those that workers which were away for long find when they
# come back. They expire too, but late: by the clocks of two machines, and one may be an hour off.
MOST_WAITING = 1000
COUNT_EVERY = 100
# Between two messages; the engine finds all that was committed meanwhile with the first of them.
PAUSE_SECONDS = 0.002
# So many messages may follow each other as fast as that; where they go on, so many a second. An
# engine that is that busy looks again by itself, and a message costs more than an event.
BURST = 20
MESSAGES_PER_SECOND = 60
# Where each message stands for so many wake-ups, ten a second will do: a message costs as much as a
# few events, and an engine that found something looks again within 20 ms by itself.
MANY = 6
BUSY_PAUSE_SECONDS = 0.1
COMPLAINT_SECONDS = 60


class Waker:
    """The background thread of one process, started with the first wake-up."""

    def __init__(self) -> None:
        self._flag = threading.Event()
        # Since the last message. Threads may lose each other's count; nothing hangs on one.
        self._asked = 0
        self._lock = threading.Lock()
        self._process_id = 0
        self._sent = 0
        self._complained_at = float(-COMPLAINT_SECONDS)

    def wake(self) -> None:
        """Ask for an engine run. Returns at once, whatever the broker does."""
        self._asked += 1
        self._flag.set()
        if self._process_id != os.getpid():
            self._start()

    def _start(self) -> None:
        with self._lock:
            # A fork takes the flag along but not the thread.
            if self._process_id != os.getpid():
                self._process_id = os.getpid()
                threading.Thread(target=self._run, name="webhooks-waker", daemon=True).start()

    def _run(self) -> None:
        left, counted_at = float(BURST), time.monotonic()
        while True:
            self._flag.wait()
            self._flag.clear()
            asked, self._asked = self._asked, 0
            try:
                self._send()
            except Exception as error:  # noqa: BLE001 - each broker fails in its own words
                # Without this thread every wake-up to come would wait for the sweep.
                self._complain(error)
            now = time.monotonic()
            left = min(BURST, left + (now - counted_at) * MESSAGES_PER_SECOND) - 1
            counted_at = now
            if left < 1 and asked >= MANY:
                time.sleep(BUSY_PAUSE_SECONDS)
            else:
                time.sleep(max(PAUSE_SECONDS, (1 - left) / MESSAGES_PER_SECOND))

    def _send(self) -> None:
        # Where that many wait, whoever comes for them is woken.
        if self._sent % COUNT_EVERY == 0 and _queue_length() >= MOST_WAITING:
            return
        current_app.send_task(
            "webhooks.tasks.deliver",
            expires=settings.MESSAGES_EXPIRE_SECONDS,
            retry=False,
            ignore_result=True,
        )
        self._sent += 1

    def _complain(self, error: Exception) -> None:
        now = time.monotonic()
        if now - self._complained_at >= COMPLAINT_SECONDS:
            self._complained_at = now
            logger.warning("The broker does not take wake-ups; the sweep delivers: %s", error)


def _queue_length() -> int:
    """How many messages the queue has."""
    with current_app.producer_or_acquire() as producer:
        declared = producer.channel.queue_declare(
            queue=current_app.conf.task_default_queue, durable=True, auto_delete=False
        )
        return int(declared.message_count)


_waker = Waker()


def wake() -> None:
    """Tell a worker that there is work. Returns at once, whatever the broker does."""
    _waker.wake()
