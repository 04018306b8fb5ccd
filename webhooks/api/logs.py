"""Which rows of the two long logs, events and deliveries, a query asks for, and where they lie."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from chatbots.cuid import cuid_floor
from chatbots.models import Account, Chatbot, Event
from webhooks.api import filters, newest, scope
from webhooks.api.newest import Found, Lanes
from webhooks.api.pagination import Find
from webhooks.models import Attempt, Delivery, DeliveryStatus, Webhook

Given = Mapping[str, Any]

# A row's id is given before its moment, on another clock maybe; ids and moments rise together to
# within this.
SLACK: Final = timedelta(hours=1)


def find_events(account: Account, given: Given) -> Find[Event]:
    """The account's events that `given` (by the names of filters.EVENTS) lets through."""
    chatbots = Chatbot.objects.filter(account=account)
    if "chatbotId" in given:
        chatbots = chatbots.filter(pk=given["chatbotId"])
    lanes = Lanes(chatbots, "chatbot_id", Event.objects.all())
    rows = filters.narrow(scope.events(account), filters.EVENTS, given)
    filtered = not given.keys() <= {"chatbotId"}

    def find(below: Any, want: int) -> Found[Event]:
        if not filtered:
            return newest.plain(lanes, rows, below, want)
        if "chatlogId" in given:
            of_chatlog = Event.objects.filter(chatlog_id=given["chatlogId"])
            ids = newest.few(of_chatlog, below)
            if ids is not None:
                return Found(list(rows.filter(pk__in=ids).order_by("-pk")[:want]))
        return newest.filtered(lanes, rows, below, want, lambda: _event_bounds(given))

    return find


def find_deliveries(account: Account, given: Given) -> Find[Delivery]:
    """The account's deliveries that `given` (by the names of filters.DELIVERIES) lets through."""
    webhooks = Webhook.objects.filter(chatbot__account=account)  # Deleted ones have a log too.
    if "webhookId" in given:
        webhooks = webhooks.filter(pk=given["webhookId"])
    if "chatbotId" in given:
        webhooks = webhooks.filter(chatbot_id=given["chatbotId"])
    lanes = Lanes(webhooks, "webhook_id", _indexed(given))
    last = Attempt.objects.filter(delivery_id=OuterRef("pk")).order_by("-number")
    every = scope.deliveries(account)
    if "statusCode" in given:
        every = every.annotate(last_status_code=Subquery(last.values("status_code")[:1]))
    if "errorKind" in given:
        every = every.annotate(last_error_kind=Subquery(last.values("error_kind")[:1]))
    rows = filters.narrow(every, filters.DELIVERIES, given)
    filtered = not given.keys() <= {"webhookId", "chatbotId"}

    def find(below: Any, want: int) -> Found[Delivery]:
        if not filtered:
            return newest.plain(lanes, rows, below, want)
        of = _of_few_events(given)
        ids = None if of is None else newest.few(of, below)
        if ids is not None:
            return Found(list(rows.filter(pk__in=ids).order_by("-pk")[:want]))
        return newest.filtered(lanes, rows, below, want, lambda: _delivery_bounds(given))

    return find


def _indexed(given: Given) -> QuerySet[Delivery]:
    """What has to be walked: where a state has an index of its own, only what is in it."""
    status = given.get("status")
    if status == DeliveryStatus.HELD:
        return Delivery.objects.filter(status=status)
    if status == DeliveryStatus.FAILED and given.get("isTest") is False:
        return Delivery.objects.filter(status=status, is_test=False)
    return Delivery.objects.all()


def _of_few_events(given: Given) -> QuerySet[Delivery] | None:
    """The deliveries of the one event, or of the one conversation's events, if they are few."""
    if "eventId" in given:
        return Delivery.objects.filter(event_id=given["eventId"])
    if "chatlogId" in given:
        events = newest.few(Event.objects.filter(chatlog_id=given["chatlogId"]), None)
        return None if events is None else Delivery.objects.filter(event_id__in=events)
    return None


def _event_bounds(given: Given) -> tuple[str | None, str | None]:
    since, until = _around(given)
    return cuid_floor(since) if since else None, cuid_floor(until) if until else None


def _delivery_bounds(given: Given) -> tuple[int | None, int | None]:
    since, until = _around(given)
    return (
        _first_delivery_from(since) if since else None,
        _first_delivery_from(until) if until else None,
    )


def _around(given: Given) -> tuple[datetime | None, datetime | None]:
    """The window asked for and a little more; nothing in it is later than now."""
    now = timezone.now()
    since, until = given.get("since"), given.get("until")
    return min(since, now) - SLACK if since else None, min(until, now) + SLACK if until else None


def _first_delivery_from(moment: datetime) -> int:
    """The lowest id whose delivery was made at `moment` or later, found by halving."""
    ids = Delivery.objects.order_by("pk")
    oldest, latest = ids.first(), ids.last()
    low, high = (oldest.pk, latest.pk + 1) if oldest and latest else (0, 0)
    while low < high:
        middle = (low + high) // 2
        made = ids.filter(pk__gte=middle).values_list("created_at", flat=True).first()
        if made is None or made >= moment:
            high = middle
        else:
            low = middle + 1
    return low
