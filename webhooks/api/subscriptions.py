"""/webhooks: adding, changing, testing, switching off and on, rotating."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from webhooks import sample, subscriptions
from webhooks.api import documents, filters, pagination, scope, shapes
from webhooks.api.answer import answer
from webhooks.api.events import read_simulate
from webhooks.api.reading import Fields
from webhooks.api.view import ApiView

# What a webhook shows and nobody changes by writing it. Putting back what was read is no mistake.
READ_ONLY: Final = ("id", "chatbotId", "status", "secretHint", "createdAt")
# How it does may have changed since it was read.
ITS_HEALTH: Final = (
    "statusReason",
    "failingSince",
    "lastSuccessAt",
    "heldBackUntil",
    "previousSecretUntil",
)
SWITCHES: Final = "is changed with POST /webhooks/{id}/enable and /disable."


def read_settings(fields: Fields, *, required: bool) -> dict[str, Any]:
    """The settings a request gives, by the names of webhooks.subscriptions; absent ones are not."""
    given: dict[str, Any] = {
        "url": fields.text("url", required=required),
        "event": fields.text("event", required=required),
        "secret": fields.text("secret"),
        "description": fields.text("description"),
        "retry_schedule": fields.text("retrySchedule"),
        "standard_headers": fields.boolean("standardHeaders"),
        "ordered": fields.boolean("ordered"),
    }
    read = {name: value for name, value in given.items() if value is not None}
    rate_limit = fields.integer("rateLimit")
    if "rateLimit" in fields:
        read["rate_limit"] = rate_limit
    return read


class WebhooksView(ApiView):
    """Add a webhook, or list them."""

    @extend_schema(**documents.LIST_WEBHOOKS)
    def get(self, request: Request) -> HttpResponse:
        given = filters.read(request, filters.WEBHOOKS)
        rows = filters.narrow(scope.webhooks(self.account), filters.WEBHOOKS, given)
        return pagination.page(request, rows, shapes.webhooks)

    @extend_schema(**documents.POST_WEBHOOK)
    def post(self, request: Request) -> HttpResponse:
        fields = self.fields()
        chatbot_id = fields.text("chatbotId", required=True)
        given = read_settings(fields, required=True)
        fields.finish()
        assert chatbot_id is not None
        chatbot = scope.chatbot(self.account, chatbot_id)
        webhook, secret = subscriptions.create(chatbot, **given)
        shown = {} if "secret" in given else {"secret": secret}
        return answer(shapes.webhook(webhook) | shown, 201)


class WebhookView(ApiView):
    """One webhook."""

    @extend_schema(**documents.GET_WEBHOOK)
    def get(self, request: Request, webhook_id: str) -> HttpResponse:
        return answer(shapes.webhook(scope.webhook(self.account, webhook_id)))

    @extend_schema(**documents.PATCH_WEBHOOK)
    def patch(self, request: Request, webhook_id: str) -> HttpResponse:
        webhook = scope.webhook(self.account, webhook_id)
        fields = self.fields()
        changes = read_settings(fields, required=False)
        shown = shapes.webhook(webhook)
        for name in READ_ONLY:
            if name in fields and fields.put_back(name) != shown[name]:
                fields.wrong(name, SWITCHES if name == "status" else "cannot be changed.")
        for name in ITS_HEALTH:
            fields.put_back(name)
        fields.finish()
        return answer(shapes.webhook(subscriptions.update(webhook, **changes)))

    @extend_schema(**documents.DELETE_WEBHOOK)
    def delete(self, request: Request, webhook_id: str) -> HttpResponse:
        subscriptions.delete(scope.webhook(self.account, webhook_id))
        return HttpResponse(status=204)


class WebhookTestView(ApiView):
    """Send the sample payload."""

    @extend_schema(**documents.TEST_WEBHOOK)
    def post(self, request: Request, webhook_id: str) -> HttpResponse:
        webhook = scope.webhook(self.account, webhook_id)
        fields = self.fields()
        data = fields.mapping("data")
        unset = fields.names("unset")
        simulate = read_simulate(fields)
        fields.finish()
        delivery = sample.send_test(webhook, data=data, unset=unset, simulate=simulate)
        return answer({"deliveryId": str(delivery.pk)}, 202)


class WebhookEnableView(ApiView):
    """Send again, what was held first."""

    @extend_schema(**documents.ENABLE_WEBHOOK)
    def post(self, request: Request, webhook_id: str) -> HttpResponse:
        webhook = scope.webhook(self.account, webhook_id)
        self.fields().finish()
        released = subscriptions.enable(webhook)
        return answer(shapes.webhook(webhook) | {"released": released})


class WebhookDisableView(ApiView):
    """Stop sending; what happens from now on waits."""

    @extend_schema(**documents.DISABLE_WEBHOOK)
    def post(self, request: Request, webhook_id: str) -> HttpResponse:
        webhook = scope.webhook(self.account, webhook_id)
        fields = self.fields()
        reason = fields.text("reason")
        if reason is not None and len(reason) > 300:
            fields.wrong("reason", f"is {len(reason)} characters long; at most 300 fit.")
        fields.finish()
        held = subscriptions.disable(webhook, reason or "Disabled through the API.")
        return answer(shapes.webhook(webhook) | {"held": held})


class WebhookRotateView(ApiView):
    """Sign with a new secret from now on."""

    @extend_schema(**documents.ROTATE_SECRET)
    def post(self, request: Request, webhook_id: str) -> HttpResponse:
        webhook = scope.webhook(self.account, webhook_id)
        fields = self.fields()
        given = fields.text("secret")
        fields.finish()
        secret = subscriptions.rotate_secret(webhook, given)
        shown = {} if given is not None else {"secret": secret}
        return answer(shapes.webhook(webhook) | shown)
