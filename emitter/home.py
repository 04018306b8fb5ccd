"""What the dashboard's first page shows: what is going on, and what a newcomer does next."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncHour
from django.http import HttpRequest

from chatbots import database_clock
from chatbots.membership import chatbots_of, is_operator
from webhooks import experiment, waiting
from webhooks.delivery_words import labelled
from webhooks.last_error import with_last_error
from webhooks.models import Delivery, DeliveryStatus, Webhook, WebhookStatus

HOURS = 24
# However busy a day was, the page counts no more rows than this.
MOST_COUNTED = 200_000
LATEST = 8


def first_delivery_since(moment: datetime) -> int:
    """The least id of the deliveries made at or after `moment`, found by halving.

    Ids rise with time and there is no index on created_at: the table is written too often to pay
    for one. Some thirty look-ups by primary key, however long the history is.
    """
    newest = Delivery.objects.order_by("-id").values_list("id", flat=True).first()
    if newest is None:
        return 1
    low, high = 1, newest + 1
    while low < high:
        middle = (low + high) // 2
        row = (
            Delivery.objects.filter(id__gte=middle)
            .order_by("id")
            .values_list("id", "created_at")
            .first()
        )
        if row is None or row[1] >= moment:
            high = middle
        else:
            low = row[0] + 1
    return low


def _of_day(webhooks: QuerySet[Webhook], now: datetime, *, everybody: bool) -> QuerySet[Delivery]:
    """The deliveries of the last 24 hours, or the latest of them, to `webhooks`."""
    first = first_delivery_since(now - timedelta(hours=HOURS))
    newest = Delivery.objects.order_by("-id").values_list("id", flat=True).first() or 0
    rows = Delivery.objects.filter(id__gte=max(first, newest - MOST_COUNTED))
    return (
        rows if everybody else rows.filter(webhook__in=list(webhooks.values_list("pk", flat=True)))
    )


def _chart(day: QuerySet[Delivery], now: datetime) -> str:
    """Deliveries by the hour, for Unfold's bar chart."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    hours = [hour - timedelta(hours=back) for back in range(HOURS - 1, -1, -1)]
    counted: dict[datetime, Counter[str]] = {moment: Counter() for moment in hours}
    by_hour = (
        day.annotate(hour=TruncHour("created_at"))
        .values("hour", "status")
        .annotate(count=Count("id"))
        .order_by()
    )
    for row in by_hour:
        if row["hour"] in counted:
            counted[row["hour"]][row["status"]] += row["count"]
    unfinished = (DeliveryStatus.PENDING, DeliveryStatus.HELD)

    def bars(label: str, colour: str, *statuses: str) -> dict[str, Any]:
        return {
            "label": label,
            "data": [sum(counted[moment][status] for status in statuses) for moment in hours],
            "backgroundColor": colour,
            "borderRadius": 3,
            "stack": "deliveries",
        }

    return json.dumps(
        {
            "labels": [f"{moment:%H}:00" for moment in hours],
            "datasets": [
                bars("Succeeded", "#5b77f0", DeliveryStatus.SUCCEEDED),
                bars("Waiting", "#e5b454", *unfinished),
                bars("Failed", "#e0605e", DeliveryStatus.FAILED),
            ],
        }
    )


CHART_OPTIONS = json.dumps(
    {
        "animation": False,
        "maintainAspectRatio": False,
        "plugins": {"legend": {"display": False}, "tooltip": {"mode": "index", "intersect": False}},
        "scales": {
            "x": {
                "stacked": True,
                "grid": {"display": False},
                "border": {"display": False},
                "ticks": {"color": "#8b93a7", "maxRotation": 0, "autoSkipPadding": 16},
            },
            "y": {
                "stacked": True,
                "beginAtZero": True,
                "border": {"display": False},
                "grid": {"tickWidth": 0},
                "ticks": {"color": "#8b93a7", "precision": 0, "maxTicksLimit": 5},
            },
        },
    }
)


def _waits(day: QuerySet[Delivery]) -> bool:
    """Whether something is to go out, a test too."""
    return day.filter(status__in=waiting.NOT_OVER).exists()


def context(request: HttpRequest) -> dict[str, Any]:
    """The template's variables for whoever asks, of what they may see and no more."""
    user, now = request.user, database_clock.now()
    chatbots = chatbots_of(user)
    webhooks = Webhook.objects.filter(chatbot__in=chatbots).exclude(status=WebhookStatus.DELETED)
    every = Webhook.objects.filter(chatbot__in=chatbots)
    day = _of_day(every, now, everybody=is_operator(user))
    real = day.filter(experiment.real())
    counts = Counter(dict(real.order_by().values_list("status").annotate(count=Count("id"))))
    finished = counts[DeliveryStatus.SUCCEEDED] + counts[DeliveryStatus.FAILED]
    rate = 100 * counts[DeliveryStatus.SUCCEEDED] / finished if finished else None
    troubled = webhooks.filter(
        Q(failing_since__isnull=False) | Q(status=WebhookStatus.DISABLED)
    ).order_by("failing_since", "id")
    unfinished = counts[DeliveryStatus.PENDING] + counts[DeliveryStatus.HELD]
    latest = with_last_error(
        day.select_related("event", "webhook").defer("event__body").order_by("-id")
    )[:LATEST]
    found: dict[str, Any] = {
        "deliveries_of_day": counts.total(),
        "succeeded_of_day": counts[DeliveryStatus.SUCCEEDED],
        "failed_of_day": counts[DeliveryStatus.FAILED],
        "waiting": unfinished,
        # Neither succeeded nor failed for good: no rate counts them.
        "retried": real.filter(status=DeliveryStatus.PENDING, failures__gt=0).count(),
        "no_worker": waiting.without_worker(now) if _waits(day) else "",
        # Never round up to a perfect score.
        "success_rate": None if rate is None else int(rate * 10) / 10,
        "webhook_count": webhooks.filter(status=WebhookStatus.ACTIVE).count(),
        "troubled": troubled[:6],
        "latest": labelled(latest),
        "chart": _chart(real, now),
        "chart_options": CHART_OPTIONS,
        "chatbot": chatbots.filter(webhooks__in=webhooks).order_by("created_at").first()
        or chatbots.order_by("created_at").first(),
    }
    if settings.SANDBOX:
        from inbox.models import Inbox

        found["inbox"] = Inbox.ensure_default()
    return found
