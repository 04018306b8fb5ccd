"""POST /events and /events/batch: make events happen. GET: what happened."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from chatbots.jsonbytes import NotExact
from chatbots.models import Chatbot, Event, EventSource, EventType
from webhooks import outbox, sample, simulation, subscriptions
from webhooks.api import documents, idempotency, pagination, scope, shapes
from webhooks.api.answer import answer
from webhooks.api.filters import Filters
from webhooks.api.problem import Problem
from webhooks.api.reading import Fields
from webhooks.api.view import ApiView
from webhooks.models import Delivery, DeliveryStatus

MAX_BATCH: Final = 500
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
    """The event that one object of a request asks for, unsaved; its mistakes go to `fields`."""
    name = fields.text("event", required=True)
    data = fields.mapping("data")
    occurred_at = fields.moment("timestamp")
    unset = fields.names("unset")
    if name is not None and name not in EventType.values:
        fields.wrong(
            "event",
            f"{name[:60]!a} is not an event. There are {', '.join(EventType.values)}. To see how a "
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


class EventsView(ApiView):
    """Make an event happen, or list those that did."""

    @extend_schema(**documents.POST_EVENT)
    def post(self, request: Request) -> HttpResponse:
        fields = self.fields()
        chatbot_id = fields.text("chatbotId", required=True)
        simulate = read_simulate(fields)
        if simulate and not settings.SANDBOX:
            fields.wrong(
                "simulate",
                "works in the sandbox only. Here, simulate with a test: POST /webhooks/{id}/test.",
            )
        chatbot = None if chatbot_id is None else scope.chatbot(self.account, chatbot_id)
        event = read_event(fields, chatbot or Chatbot(), simulate)
        fields.finish()
        assert chatbot is not None
        assert event is not None

        def happen() -> int:
            event.save(force_insert=True)
            return outbox.fan_out(
                [event], simulate=sample.for_engine(simulate), copies=sample.copies_of(simulate)
            )

        return idempotency.once(request, self.account, happen, lambda made: self._show(event, made))

    def _show(self, event: Event, made: int) -> HttpResponse:
        deliveries = list(_deliveries_of(event)) if made else []
        # Not "pending": a worker may have been done with it by now.
        going = any(row.status != DeliveryStatus.HELD for row in deliveries)
        return answer(
            {
                "id": event.pk,
                "event": event.type,
                "timestamp": shapes.moment(event.occurred_at),
                "payload": msgspec.Raw(bytes(event.body)),
                "deliveries": shapes.sent_to(deliveries),
                "reason": ""
                if going
                else subscriptions.not_sending_reason(event.chatbot, event.type),
            },
            202,
        )

    @extend_schema(**documents.LIST_EVENTS)
    def get(self, request: Request) -> HttpResponse:
        filters = Filters(request)
        rows = scope.events(self.account)
        rows = filters.text(rows, "chatbotId", "chatbot_id")
        rows = filters.choice(rows, "event", "type", EventType.values)
        rows = filters.text(rows, "chatlogId", "chatlog_id")
        rows = filters.window(rows, "created_at")
        return pagination.page(request, rows, shapes.events)


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


class EventBatchView(ApiView):
    """Make up to 500 events happen, all or none."""

    max_body_bytes = MAX_BATCH_BYTES

    @extend_schema(**documents.POST_EVENT_BATCH)
    def post(self, request: Request) -> HttpResponse:
        fields = self.fields()
        chatbot_id = fields.text("chatbotId", required=True)
        items = fields.sequence("events", required=True)
        if items is not None and not 1 <= len(items) <= MAX_BATCH:
            fields.wrong("events", f"must hold 1 to {MAX_BATCH} events; it has {len(items)}.")
        fields.finish()
        assert chatbot_id is not None
        assert items is not None
        chatbot = scope.chatbot(self.account, chatbot_id)
        events = self._read(items, chatbot)

        def happen() -> int:
            Event.objects.bulk_create(events)
            return outbox.fan_out(events)

        def show(made: int) -> HttpResponse:
            return answer({"ids": [event.pk for event in events], "deliveries": made}, 202)

        return idempotency.once(request, self.account, happen, show)

    def _read(self, items: list[Any], chatbot: Chatbot) -> list[Event]:
        events: list[Event] = []
        errors: list[tuple[str, str]] = []
        for index, item in enumerate(items):
            if not isinstance(item, dict):
                errors.append((f"events[{index}]", "must be an object."))
                continue
            fields = Fields(item, prefix=f"events[{index}].")
            event = read_event(fields, chatbot)
            if event is not None:
                events.append(event)
            try:
                fields.finish()
            except Problem as problem:
                errors.extend(problem.errors)
        if errors:
            raise Problem(400, f"{len(errors)} mistakes; no event was made.", errors)
        return events


def _deliveries_of(event: Event) -> QuerySet[Delivery]:
    return (
        Delivery.objects.filter(event=event)
        .select_related("webhook")
        .only("status", "event_id", "webhook__url")
        .order_by("pk")
    )
