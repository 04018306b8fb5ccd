"""The plain design, kept to compare with: one Celery task per delivery, requests and the ORM.

`celery -A bench.one_task_per_delivery worker` runs it, with Celery's own defaults for the pool.
"""

from __future__ import annotations

import os
import time

import requests
from celery import Celery
from django.utils import timezone

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emitter.settings")

app = Celery("bench")
app.config_from_object("django.conf:settings", namespace="CELERY")
# The engine's wake-ups go to their own queue and are nobody's here.
app.conf.task_default_queue = "bench"
app.conf.worker_pool = "prefork"
app.conf.worker_concurrency = os.cpu_count()
app.conf.beat_schedule = {}


@app.task(name="bench.deliver_one")
def deliver_one(delivery_id: int) -> None:
    from chatbots.timestamp import iso
    from webhooks import signing
    from webhooks.models import Attempt, Delivery

    delivery = Delivery.objects.select_related("event", "webhook").get(pk=delivery_id)
    body = bytes(delivery.event.body)
    started_at, began = timezone.now(), time.monotonic()
    answer = requests.post(
        delivery.webhook.url,
        data=body,
        headers={
            "Content-Type": "application/json",
            "X-Wonderchat-Signature": signing.sign(delivery.webhook.secret, body),
            "X-Wonderchat-Timestamp": iso(started_at),
        },
        timeout=10,
        allow_redirects=False,
    )
    Attempt.objects.create(
        delivery=delivery,
        number=1,
        started_at=started_at,
        duration_ms=round((time.monotonic() - began) * 1000),
        status_code=answer.status_code,
        url=delivery.webhook.url,
        request_head=repr(answer.request.headers).encode(),
        response_head=repr(answer.headers).encode(),
        response_body=answer.content,
    )
    delivery.status = "succeeded"
    delivery.attempts = 1
    delivery.finished_at = timezone.now()
    delivery.save()
