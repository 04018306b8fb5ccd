"""What Celery runs: thin; the work has its home elsewhere."""

from __future__ import annotations

from celery import shared_task


@shared_task(name="webhooks.tasks.deliver")
def deliver() -> None:
    """Run the engine until nothing is due; return at once if this process runs it already."""
    from webhooks import engine

    engine.run()


@shared_task(name="webhooks.tasks.upkeep")
def upkeep() -> None:
    """Every minute: what must not wait long but is nobody's request."""
    from webhooks import notices, settling
    from webhooks import upkeep as chores

    chores.disable_long_failing()
    notices.send_due()
    settling.settle_stragglers()


@shared_task(name="webhooks.tasks.prune")
def prune() -> None:
    """Every hour: forget what is older than EVENT_RETENTION_DAYS."""
    from webhooks import upkeep as chores

    chores.prune()
