"""What Celery runs: thin; the work has its home elsewhere."""

from __future__ import annotations

import threading

from celery import shared_task

from chatbots import handover_mail

# One run per process: a mail server that hangs takes one of the worker's threads, never all.
_running = threading.Lock()


@shared_task(name="chatbots.tasks.send_support_emails")
def send_support_emails() -> None:
    """Send the handed-over conversations that are due; return at once if this is being done."""
    if not _running.acquire(blocking=False):
        return
    try:
        handover_mail.send_due()
    finally:
        _running.release()


@shared_task(name="chatbots.tasks.play_scenarios")
def play_scenarios() -> None:
    """Play the scenarios that were started in the dashboard (sandbox)."""
    from chatbots.scenarios import runs

    runs.play_queued()
