"""How many workers deliver at this moment, as the database knows it.

An endpoint's room is meant for all workers together, so each takes its share. A worker that was
killed counts for a few seconds more.
"""

from __future__ import annotations

import os
import secrets
import socket
from datetime import timedelta
from typing import Final

from django.db.models.functions import Now

from webhooks.models import Worker

REPORT_SECONDS: Final = 2.0
GONE_SECONDS: Final = 7
FORGOTTEN_SECONDS: Final = 60


def name() -> str:
    """A name for this process that no other has."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"


def report(worker: str) -> int:
    """Say that `worker` delivers; returns how many do, itself included."""
    Worker.objects.bulk_create(
        [Worker(name=worker, seen_at=Now())],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["seen_at"],
    )
    Worker.objects.filter(seen_at__lt=Now() - timedelta(seconds=FORGOTTEN_SECONDS)).delete()
    return Worker.objects.filter(seen_at__gt=Now() - timedelta(seconds=GONE_SECONDS)).count()


def leave(worker: str) -> None:
    """Say that `worker` delivers no more."""
    Worker.objects.filter(pk=worker).delete()
