"""/deliveries: what was sent, every attempt of it, and sending it again."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from webhooks import replay
from webhooks.api import documents, filters, logs, pagination, scope, shapes
from webhooks.api.answer import answer
from webhooks.api.view import ApiView


class DeliveriesView(ApiView):
    """The delivery log, newest first."""

    @extend_schema(**documents.LIST_DELIVERIES)
    def get(self, request: Request) -> HttpResponse:
        given = filters.read(request, filters.DELIVERIES)
        rows = scope.deliveries(self.account)
        found = logs.find_deliveries(self.account, given)
        return pagination.page(request, rows, shapes.deliveries, found)


class DeliveryView(ApiView):
    """One delivery with every attempt, request and response as they were."""

    @extend_schema(**documents.GET_DELIVERY)
    def get(self, request: Request, delivery_id: str) -> HttpResponse:
        row = scope.delivery(self.account, delivery_id)
        related = (f"delivery__{each}" for each in scope.WITH_A_DELIVERY)
        attempts = list(row.attempt_rows.select_related(*related).order_by("number"))
        if attempts:
            # As it was when they were read: one may have been recorded since it was found.
            row = attempts[-1].delivery
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
