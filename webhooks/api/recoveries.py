"""/webhooks/{id}/recover and /recoveries: sending again what failed in a window of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.http import Http404, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from chatbots.models import ApiKey
from webhooks import recovery
from webhooks.api import documents, filters, pagination, scope
from webhooks.api.answer import answer
from webhooks.api.shapes import moment
from webhooks.api.view import ApiView
from webhooks.models import Recovery


def shape(row: Recovery) -> dict[str, Any]:
    """A recovery, how far it came, and what became of what it sent again."""
    became = recovery.outcome(row)
    return {
        "id": str(row.pk),
        "webhookId": str(row.webhook_id),
        "since": moment(row.since),
        "until": moment(row.until),
        "status": row.status,
        "statusReason": row.stopped_reason,
        "total": row.total,
        "requeued": row.requeued,
        "succeeded": became.succeeded,
        "failed": became.failed,
        "waiting": became.waiting,
        "cancelled": became.cancelled,
        "requestedBy": row.requested_by,
        "createdAt": moment(row.created_at),
        "finishedAt": moment(row.finished_at),
    }


def shapes(rows: Sequence[Recovery]) -> list[dict[str, Any]]:
    return [shape(row) for row in rows]


class RecoverView(ApiView):
    """Send again what failed in a window of time, or say how much that would be."""

    @extend_schema(**documents.RECOVER_WEBHOOK)
    def post(self, request: Request, webhook_id: str) -> HttpResponse:
        webhook = scope.webhook(self.account, webhook_id)
        fields = self.fields()
        since = fields.moment("since", required=True)
        until = fields.moment("until")
        dry_run = fields.boolean("dryRun")
        fields.finish()
        assert since is not None
        if dry_run:
            found = recovery.find(webhook, since, until)
            return answer(
                {
                    "dryRun": True,
                    "since": moment(found.since),
                    "until": moment(found.until),
                    "total": found.total,
                    "oldestCreatedAt": moment(found.oldest),
                    "newestCreatedAt": moment(found.newest),
                }
            )
        key = cast(ApiKey, request.auth)
        return answer(shape(recovery.start(webhook, since, until, requested_by=str(key))), 202)


class RecoveriesView(ApiView):
    """The recoveries of a webhook."""

    @extend_schema(**documents.LIST_RECOVERIES)
    def get(self, request: Request, webhook_id: str) -> HttpResponse:
        webhook = scope.webhook(self.account, webhook_id)
        filters.read(request, filters.RECOVERIES)
        return pagination.page(request, Recovery.objects.filter(webhook=webhook), shapes)


class RecoveryView(ApiView):
    """How far a recovery came."""

    @extend_schema(**documents.GET_RECOVERY)
    def get(self, request: Request, webhook_id: str, recovery_id: str) -> HttpResponse:
        webhook = scope.webhook(self.account, webhook_id)
        row = Recovery.objects.filter(webhook=webhook, pk=scope.number(recovery_id)).first()
        if row is None:
            raise Http404("This webhook has no recovery with this id.")
        return answer(shape(row))
