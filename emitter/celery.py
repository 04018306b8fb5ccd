"""The Celery application: `celery -A emitter worker`."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import worker_ready
from kombu.transport import TRANSPORT_ALIASES

from emitter import environment, folder_broker, garbage
from webhooks.sweep import Sweep

environment.settings_module()
# The checks read every page's code; the web server and every command have run them.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

TRANSPORT_ALIASES["filesystem"] = folder_broker.NAME

app = Celery("emitter")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(Sweep)


@worker_ready.connect
def _on_ready(**_: Any) -> None:
    garbage.settle()
