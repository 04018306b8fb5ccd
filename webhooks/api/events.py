"""POST /events and /events/batch: make events happen. GET: what happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from chatbots.counting import counted
from chatbots.events import TooLarge
from chatbots.jsonbytes import NotExact
from chatbots.models import ApiKey, Chatbot, Event, EventSource, EventType
from chatbots.standing import Standing
from webhooks import sample, simulation, subscriptions
from webhooks.api import documents, filters, idempotency, logs, pagination, scope, shapes
from webhooks.api.answer import answer
from webhooks.api.intake import Asked
from webhooks.api.lean_post import LeanPost
from webhooks.api.problem import Problem
from webhooks.api.reading import Fields, object_of
from webhooks.api.view import ApiView
from webhooks.models import Delivery, DeliveryStatus
from webhooks.outbox import Sent

MAX_BATCH: Final = 500
# Django makes the list anew each time it is asked.
EVENTS: Final = tuple(EventType.values)
MAX_BATCH_BYTES: Final = 4 * 1024 * 1024


def read_simulate(fields: Fields) -> dict[str, Any] | None:
    """The `simulate` object of a request, checked; its mistakes go to `fields`."""
    value = fields.raw("simulate")
    if value is None:
        return None
    try:
        return simulation.check(value) or None
    except ValidationError as error:
        fields.wrong("simulate", " ".join(error.messages))
        return None


def read_event(
    fields: Fields, chatbot: Chatbot, simulate: dict[str, Any] | None = None
) -> Event | None:
    """The event that one object of a request asks for, unsaved; its mistakes go to `fields`.

    Raises events.TooLarge.
    """
    name = fields.text("event", required=True)
    data = fields.mapping("data")
    occurred_at = fields.moment("timestamp")
    unset = fields.names("unset")
    if name is not None and name not in EVENTS:
        fields.wrong(
            "event",
            f"{name[:60]!a} is not an event. There are {', '.join(EVENTS)}. To see how a "
            'receiver bears another name, add "simulate": {"unknownEvent": true} in the sandbox.',
        )
    if name is None or fields.errors:
        return None
    try:
        return sample.compose(
            chatbot,
            name,
            source=EventSource.API,
            data=data,
            unset=unset,
            occurred_at=occurred_at,
            simulate=simulate,
        )
    except NotExact as error:
        fields.wrong(error.path or "data", error.sentence)
        return None


class EventsView(LeanPost):
    """Make an event happen, or list those that did."""

    @extend_schema(**documents.POST_EVENT)
    def post(self, request: HttpRequest) -> HttpResponse:
        return self.happen(request)

    def ask(self, request: HttpRequest, data: Any, key: ApiKey, *, fresh: bool) -> Asked:
        fields = Fields(object_of(data))
        chatbot_id = fields.text("chatbotId", required=True)
        simulate = read_simulate(fields)
        if simulate and not settings.SANDBOX:
            fields.wrong(
                "simulate",
                "works in the sandbox only. Here, simulate with a test: POST /webhooks/{id}/test.",
            )
        chatbot = (
            None if chatbot_id is None else scope.chatbot(key.account, chatbot_id, fresh=fresh)
        )
        try:
            event = read_event(fields, chatbot or Chatbot(), simulate)
        except TooLarge as error:
            raise Problem(413, str(error)) from None
        fields.finish()
        assert chatbot is not None
        assert event is not None
        return Asked(
            Standing(key, chatbot),
            [event],
            lambda sent: _show(event, sent),
            simulate=simulation.of(simulate),
            copies=sample.copies_of(simulate),
            once=idempotency.wanted(request, key.account, data),
        )

    @extend_schema(**documents.LIST_EVENTS)
    def get(self, request: Request) -> HttpResponse:
        given = filters.read(request, filters.EVENTS)
        found = logs.find_events(self.account, given)
        return pagination.page(request, scope.events(self.account), shapes.events, found)


class EventView(ApiView):
    """One event, with where it went."""

    @extend_schema(**documents.GET_EVENT)
    def get(self, request: Request, event_id: str) -> HttpResponse:
        event = scope.event(self.account, event_id)
        deliveries = [
            short | {"status": row.status}
            for row in _deliveries_of(event)
            for short in shapes.sent_to([row])
        ]
        return answer(shapes.event(event) | {"deliveries": deliveries})


class EventBatchView(LeanPost):
    """Make up to 500 events happen, all or none."""

    max_body_bytes = MAX_BATCH_BYTES

    @extend_schema(**documents.POST_EVENT_BATCH)
    def post(self, request: HttpRequest) -> HttpResponse:
        return self.happen(request)

    def ask(self, request: HttpRequest, data: Any, key: ApiKey, *, fresh: bool) -> Asked:
        fields = Fields(object_of(data))
        chatbot_id = fields.text("chatbotId", required=True)
        items = fields.sequence("events", required=True)
        if items is not None and not 1 <= len(items) <= MAX_BATCH:
            fields.wrong("events", f"must hold 1 to {MAX_BATCH} events; it has {len(items)}.")
        fields.finish()
        assert chatbot_id is not None
        assert items is not None
        chatbot = scope.chatbot(key.account, chatbot_id, fresh=fresh)
        events = self._read(items, chatbot)
        return Asked(
            Standing(key, chatbot),
            events,
            lambda sent: answer({"ids": [e.pk for e in events], "deliveries": len(sent)}, 202),
            once=idempotency.wanted(request, key.account, data),
        )

    def _read(self, items: list[Any], chatbot: Chatbot) -> list[Event]:
        events: list[Event] = []
        errors: list[tuple[str, str]] = []
        for index, item in enumerate(items):
            if not isinstance(item, dict):
                errors.append((f"events[{index}]", "must be an object."))
                continue
            fields = Fields(item, prefix=f"events[{index}].")
            try:
                event = read_event(fields, chatbot)
            except TooLarge as error:
                raise Problem(413, errors=[(f"events[{index}]", str(error))]) from None
            if event is not None:
                events.append(event)
            try:
                fields.finish()
            except Problem as problem:
                errors.extend(problem.errors)
        if errors:
            raise Problem(400, f"{counted(len(errors), 'mistake')}; no event was made.", errors)
        return events


def _show(event: Event, sent: Sequence[Sent]) -> HttpResponse:
    going = any(delivery.status != DeliveryStatus.HELD for delivery in sent)
    return answer(
        {
            "id": event.pk,
            "event": event.type,
            "timestamp": shapes.moment(event.occurred_at),
            "payload": msgspec.Raw(event.body),
            "deliveries": [
                {"id": str(made.id), "webhookId": str(made.webhook_id), "url": made.url}
                for made in sent
            ],
            "reason": "" if going else _why_not(event),
        },
        202,
    )


def _why_not(event: Event) -> str:
    # Not as remembered: the plan may have changed.
    chatbot = Chatbot.objects.select_related("account").get(pk=event.chatbot_id)
    return subscriptions.not_sending_reason(chatbot, event.type)


def _deliveries_of(event: Event) -> QuerySet[Delivery]:
    return (
        Delivery.objects.filter(event=event)
        .select_related("webhook")
        .only("status", "event_id", "webhook__url")
        .order_by("pk")
    )
