"""Which workers run and how many deliver at this moment, as the database knows it.

An endpoint's room is meant for all workers that deliver, so each takes its share. A worker that was
killed counts for a few seconds more.
"""

from __future__ import annotations

import os
import secrets
import socket
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now

from webhooks.models import Worker
from webhooks.row_locks import unheld

REPORT_SECONDS: Final = 2.0
GONE_SECONDS: Final = 7
# A worker without work says less often that it runs: each time is a COMMIT.
IDLE_REPORT_SECONDS: Final = 5.0
# One that has said nothing for so long is taken for stopped. It may be late where all is busy.
SILENT_SECONDS: Final = 20
FORGOTTEN_SECONDS: Final = 60


def name() -> str:
    """A name for this process that no other has."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"


def report(worker: str) -> int:
    """Say that `worker` delivers; returns how many do, itself included."""
    _say(worker, alive_at=Now(), seen_at=Now())
    forgotten = Worker.objects.filter(alive_at__lt=Now() - timedelta(seconds=FORGOTTEN_SECONDS))
    with transaction.atomic():
        Worker.objects.filter(pk__in=[row.pk for row in unheld(forgotten)]).delete()
    here = Worker.objects.filter(seen_at__gt=Now() - timedelta(seconds=GONE_SECONDS))
    return here.exclude(pk=worker).count() + 1


def report_idle(worker: str) -> None:
    """Say that `worker` runs and has nothing to deliver."""
    _say(worker, alive_at=Now())


def _say(worker: str, **moments: Now) -> None:
    """Write it into the worker's row. Where somebody holds that, nothing is delivered the later for
    it: it is said again in seconds."""
    mine = Worker.objects.filter(pk=worker)
    with transaction.atomic():
        if unheld(mine):
            mine.update(**moments)
        elif not mine.exists():
            Worker.objects.create(pk=worker, **moments)


def last_alive_at() -> datetime | None:
    """When a worker said last that it runs; None when all have stopped, or none ever ran."""
    found: datetime | None = Worker.objects.aggregate(last=Max("alive_at"))["last"]
    return found


def is_heard(alive_at: datetime | None, now: datetime) -> bool:
    """Whether a worker that was alive then is taken for running."""
    return alive_at is not None and now - alive_at < timedelta(seconds=SILENT_SECONDS)


def leave(worker: str) -> None:
    """Say that `worker` runs no more."""
    Worker.objects.filter(pk=worker).delete()
