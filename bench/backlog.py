"""One measurement: a backlog of deliveries, one worker, how long from the first to the last.

Run in a process of its own, with the environment of the database and broker to measure:
`python -m bench.backlog --design engine --deliveries 10000 --receiver http://127.0.0.1:9000/`.
Prints one line of JSON: {"design", "deliveries", "seconds", "per_second", "worker_mb"}.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import django

APPS = {"engine": "emitter", "one task per delivery": "bench.one_task_per_delivery"}
STALLED_SECONDS = 60


def prepare(deliveries: int, receivers: list[str]) -> list[int]:
    """An account, a webhook for each receiver, and the backlog; returns the deliveries' ids."""
    from django.core.management import call_command
    from django.db import connection, transaction

    from chatbots import events
    from chatbots.models import Account, Chatbot, Event, EventSource
    from webhooks import outbox, subscriptions
    from webhooks.models import Delivery

    call_command("migrate", verbosity=0)
    account = Account.objects.create(name="Bench")
    chatbot = Chatbot.objects.create(account=account, name="Bench")
    for receiver in receivers:
        subscriptions.create(chatbot, url=receiver, event="USER_MESSAGE_SENT", secret="secret")
    sample = events.sample("USER_MESSAGE_SENT", chatbot)
    made = [
        events.build(chatbot, "USER_MESSAGE_SENT", sample, source=EventSource.API)
        for _ in range(deliveries // len(receivers))
    ]
    for start in range(0, len(made), 500):
        with transaction.atomic():
            Event.objects.bulk_create(made[start : start + 500])
            outbox.fan_out(made[start : start + 500])
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return list(
        Delivery.objects.filter(webhook__chatbot=chatbot)
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def worker(app: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "celery", "--quiet", "-A", app, "worker", "-l", "ERROR"]
    return subprocess.Popen([*command, "-n", f"bench-{os.getpid()}@localhost"])


def memory_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


def measure(design: str, deliveries: int, receivers: list[str]) -> dict[str, object]:
    from django.db.models import Max, Min

    from webhooks.models import Attempt, Delivery

    ids = prepare(deliveries, receivers)
    if design == "engine":
        from webhooks.tasks import deliver

        deliver.apply_async()
    else:
        from bench.one_task_per_delivery import deliver_one

        for delivery_id in ids:
            deliver_one.apply_async((delivery_id,))
    running = worker(APPS[design])
    try:
        left, progress_at = len(ids), time.monotonic()
        mine = Delivery.objects.filter(pk__gte=ids[0], pk__lte=ids[-1])
        while pending := mine.filter(status="pending").count():
            if pending < left:
                left, progress_at = pending, time.monotonic()
            if time.monotonic() > progress_at + STALLED_SECONDS or running.poll() is not None:
                sys.exit(f"bench: {design} stands still with {pending} deliveries left")
            time.sleep(0.2)
        peak = memory_mb(running.pid)
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(timeout=30)
        except subprocess.TimeoutExpired:
            running.kill()
    attempts = Attempt.objects.filter(delivery_id__gte=ids[0], delivery_id__lte=ids[-1])
    if attempts.count() != len(ids) or mine.exclude(status="succeeded").exists():
        sys.exit(f"bench: {design} delivered something not at all or twice")
    first = attempts.aggregate(first=Min("started_at"))["first"]
    last = mine.aggregate(last=Max("finished_at"))["last"]
    seconds = (last - first).total_seconds()
    return {
        "design": design,
        "deliveries": len(ids),
        "seconds": round(seconds, 3),
        "per_second": round(len(ids) / seconds, 1),
        "worker_mb": round(peak, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--design", choices=APPS, required=True)
    parser.add_argument("--deliveries", type=int, required=True)
    parser.add_argument("--receiver", action="append", required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"VAR_DIR": folder, "SANDBOX": "1", "LOG_LEVEL": "ERROR"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "emitter.settings"
        django.setup()
        print(json.dumps(measure(arguments.design, arguments.deliveries, arguments.receiver)))


if __name__ == "__main__":
    main()
