"""/deliveries: what was sent, every attempt of it, and sending it again."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from webhooks import replay
from webhooks.api import documents, pagination, scope, shapes
from webhooks.api.answer import answer
from webhooks.api.filters import Filters
from webhooks.api.view import ApiView
from webhooks.models import DeliveryStatus


class DeliveriesView(ApiView):
    """The delivery log, newest first."""

    @extend_schema(**documents.LIST_DELIVERIES)
    def get(self, request: Request) -> HttpResponse:
        filters = Filters(request)
        rows = scope.deliveries(self.account)
        rows = filters.number(rows, "webhookId", "webhook_id")
        rows = filters.text(rows, "eventId", "event_id")
        rows = filters.choice(rows, "status", "status", DeliveryStatus.values)
        rows = filters.window(rows, "created_at")
        return pagination.page(request, rows, shapes.deliveries)


class DeliveryView(ApiView):
    """One delivery with every attempt, request and response as they were."""

    @extend_schema(**documents.GET_DELIVERY)
    def get(self, request: Request, delivery_id: str) -> HttpResponse:
        row = scope.delivery(self.account, delivery_id)
        attempts = row.attempt_rows.select_related("delivery__event").order_by("number")
        return answer(
            shapes.delivery(row) | {"attempts": [shapes.attempt(attempt) for attempt in attempts]}
        )


class DeliveryResendView(ApiView):
    """Send a delivery again: the same bytes, a new attempt."""

    @extend_schema(**documents.RESEND_DELIVERY)
    def post(self, request: Request, delivery_id: str) -> HttpResponse:
        row = scope.delivery(self.account, delivery_id)
        self.fields().finish()
        return answer(shapes.delivery(replay.resend(row)), 202)
