"""What was given up while a webhook failed: it does not go out by itself when somebody enables the
webhook, so whoever says that it was disabled says how much that is, and leads to recovering it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse

from chatbots import database_clock
from chatbots.counting import counted
from webhooks.models import Delivery, DeliveryStatus, Webhook

# The first delivery that failed is written down in the moment before the webhook's row says so.
BEFORE: Final = timedelta(seconds=5)
# How the page's form has a moment, in UTC.
FORM: Final = "%Y-%m-%dT%H:%M:%S"
A_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True)
class GivenUp:
    """How many deliveries of a webhook were given up from `since` on, before `until`: whole
    seconds."""

    webhook_id: int
    count: int
    since: datetime
    until: datetime

    @property
    def how_many(self) -> str:
        return counted(self.count, "delivery", "deliveries")

    @property
    def was(self) -> str:
        return "was" if self.count == 1 else "were"

    @property
    def path(self) -> str:
        """The dashboard's page that recovers just these."""
        page = reverse("admin:webhooks_webhook_recover", args=[self.webhook_id])
        window = {"since": f"{self.since:{FORM}}", "until": f"{self.until:{FORM}}"}
        return f"{page}?{urlencode(window)}"

    @property
    def address(self) -> str:
        """The same for an e-mail: with the dashboard's host, where the settings name it."""
        return settings.DASHBOARD_ORIGIN + self.path


def failed(webhook: Webhook, since: datetime, until: datetime) -> QuerySet[Delivery]:
    """The deliveries that are failed, and were made or given up in a window; experiments are left
    out."""
    return Delivery.objects.filter(
        Q(created_at__gte=since, created_at__lt=until)
        | Q(finished_at__gte=since, finished_at__lt=until),
        webhook=webhook,
        status=DeliveryStatus.FAILED,
        is_test=False,
        simulate__isnull=True,
    )


def while_failing(webhook: Webhook) -> GivenUp | None:
    """What was given up since `webhook` fails; None when that is nothing."""
    if webhook.failing_since is None:
        return None
    since = (webhook.failing_since - BEFORE).replace(microsecond=0)
    until = (database_clock.now() + A_SECOND).replace(microsecond=0)
    count = failed(webhook, since, until).count()
    return GivenUp(webhook.pk, count, since, until) if count else None


def with_count(reason: str, webhook: Webhook) -> str:
    """Why a webhook was disabled, and what was given up before."""
    found = while_failing(webhook)
    if found is None:
        return reason
    return (
        f"{reason} {found.how_many} {found.was} given up before; Recover sends "
        f"{'it' if found.count == 1 else 'them'} again."
    )
