"""/metrics in Prometheus' text format, read from the database when it is asked for.

So that every web process gives the same numbers, whichever answers. A scrape may not grow dearer
with history: what waits is counted by its partial indexes, what is finished only among the newest
RECENT deliveries.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Max, Q
from django.db.utils import Error as DatabaseError
from django.http import HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

import emitter
from chatbots import database_clock
from webhooks import experiment
from webhooks.models import (
    Attempt,
    Delivery,
    DeliveryStatus,
    ErrorKind,
    Webhook,
    WebhookStatus,
)
from webhooks.overdue import oldest_ready_at

RECENT = 10_000


def exposition() -> HttpResponse:
    """The metrics; 503 and one line while the database does not answer."""
    registry = CollectorRegistry()
    registry.register(FromDatabase())
    try:
        text = generate_latest(registry)
    except DatabaseError:
        return HttpResponse(
            "# The database does not answer.\n", status=503, content_type=CONTENT_TYPE_LATEST
        )
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


class FromDatabase:
    """A collector that asks the database at each scrape and keeps nothing."""

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        version = GaugeMetricFamily("emitter_info", "The running version.", labels=["version"])
        version.add_metric([emitter.__version__], 1)
        yield version
        yield _webhooks()
        now = database_clock.now()
        yield from _waiting(now)
        yield from _recent()


def _webhooks() -> Metric:
    family = GaugeMetricFamily("emitter_webhooks", "Webhooks by status.", labels=["status"])
    counts = dict(Webhook.objects.order_by().values_list("status").annotate(Count("pk")))
    for status in (WebhookStatus.ACTIVE, WebhookStatus.DISABLED):
        family.add_metric([status], counts.get(status, 0))
    return family


def _waiting(now: datetime) -> Iterable[Metric]:
    pending = Delivery.objects.filter(status=DeliveryStatus.PENDING).aggregate(
        all=Count("pk"),
        in_flight=Count("pk", filter=Q(lease_until__gt=now)),
        due=Count("pk", filter=Q(due_at__lte=now)),
    )
    held = Delivery.objects.filter(status=DeliveryStatus.HELD).count()
    family = GaugeMetricFamily(
        "emitter_deliveries_waiting",
        "Deliveries that are not finished: pending, or held while their webhook is disabled.",
        labels=["status"],
    )
    family.add_metric([DeliveryStatus.PENDING], pending["all"])
    family.add_metric([DeliveryStatus.HELD], held)
    yield family
    yield GaugeMetricFamily(
        "emitter_deliveries_in_flight", "Deliveries a worker has in hand.", pending["in_flight"]
    )
    yield GaugeMetricFamily(
        "emitter_deliveries_due", "Deliveries whose time has come.", pending["due"]
    )
    oldest = oldest_ready_at(now)
    yield GaugeMetricFamily(
        "emitter_oldest_due_age_seconds",
        "How long the delivery that has waited longest for a worker could have left; 0 when none "
        "waits. What is held back for another reason does not count.",
        (now - oldest).total_seconds() if oldest else 0,
    )


def _recent() -> Iterable[Metric]:
    newest = Delivery.objects.aggregate(newest=Max("pk"))["newest"] or 0
    deliveries = GaugeMetricFamily(
        "emitter_recent_deliveries",
        f"The newest {RECENT} deliveries by status, without tests and simulations.",
        labels=["status"],
    )
    # An experiment says nothing of how the webhooks do: nobody is to be woken for a test.
    recent = Delivery.objects.filter(experiment.real(), pk__gt=newest - RECENT)
    counts = dict(recent.order_by().values_list("status").annotate(Count("pk")))
    for status in DeliveryStatus.values:
        deliveries.add_metric([status], counts.get(status, 0))
    yield deliveries
    attempts = GaugeMetricFamily(
        "emitter_recent_attempts",
        f"Attempts of the newest {RECENT} deliveries by how they ended, without tests and "
        "simulations.",
        labels=["result"],
    )
    kinds = dict(
        Attempt.objects.filter(delivery__in=recent)
        .order_by()
        .values_list("error_kind")
        .annotate(Count("number"))
    )
    attempts.add_metric(["success"], kinds.get("", 0))
    for kind in ErrorKind.values:
        attempts.add_metric([kind], kinds.get(kind, 0))
    yield attempts
    yield GaugeMetricFamily(
        "emitter_deliveries_made", "The number of the newest delivery: how many were made.", newest
    )
