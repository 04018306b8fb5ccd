"""What Celery runs: thin; the work has its home elsewhere."""

from __future__ import annotations

from celery import shared_task


@shared_task(name="emitter.tasks.forget_logins")
def forget_logins() -> None:
    """Every hour: remove expired sessions and what is kept of logins."""
    from emitter import logins

    logins.forget()
