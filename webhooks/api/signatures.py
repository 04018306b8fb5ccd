"""POST /signatures/diagnose: which wrong way of computing it gives the caller's signature."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from webhooks import diagnosis, known_secrets, vault
from webhooks.api import documents, scope
from webhooks.api.answer import answer
from webhooks.api.authentication import key_of
from webhooks.api.reading import Fields
from webhooks.api.view import ApiView
from webhooks.models import Webhook
from webhooks.webhook_fields import MAX_SECRET_LENGTH


class DiagnoseView(ApiView):
    """Compare a signature with the right one, and with those that common mistakes give."""

    @extend_schema(**documents.DIAGNOSE)
    def post(self, request: Request) -> HttpResponse:
        budget = diagnosis.Budget()
        fields = self.fields()
        body = fields.text("body", required=True)
        signature = fields.text("signature", required=True)
        timestamp = fields.text("timestamp") or ""
        message_id = fields.text("webhookMessageId") or ""
        secret, webhook = self._secret(fields)
        fields.finish()
        assert body is not None
        assert signature is not None
        raw = body.encode()
        found = diagnosis.diagnose(
            secret,
            raw,
            signature,
            timestamp=timestamp,
            message_id=message_id,
            url=webhook.url if webhook else "",
            known=chain(self._key(request), known_secrets.of_account(self.account, webhook)),
            sent=known_secrets.sent_bodies(self.account, raw),
            budget=budget,
        )
        return answer(_shown(found, gives_expected=webhook is None))

    def _key(self, request: Request) -> Iterator[diagnosis.Known]:
        """The key that asks: of the account's others only hashes are kept."""
        key = key_of(request._request, lambda: request.data)
        yield diagnosis.Known(key, "uses the API key instead of the webhook's secret", recipe="key")

    def _secret(self, fields: Fields) -> tuple[str, Webhook | None]:
        """The secret to compare with, and the webhook whose it is if one was named."""
        secret = fields.text("secret")
        webhook_id = fields.text("webhookId")
        if "secret" in fields and "webhookId" in fields:
            fields.wrong("secret", "and webhookId cannot both be given; give one of them.")
        elif webhook_id is not None:
            webhook = scope.webhook(self.account, webhook_id)
            try:
                return webhook.secret, webhook
            except vault.SecretUnreadable as error:
                fields.wrong("webhookId", str(error))
        elif secret is not None and len(secret) > MAX_SECRET_LENGTH:
            fields.wrong(
                "secret",
                f"is {len(secret)} characters long; a webhook's has at most {MAX_SECRET_LENGTH}.",
            )
        elif secret == "":
            fields.wrong("secret", "is empty; a webhook has a secret.")
        elif secret is None and not fields.errors:
            fields.wrong("secret", "is missing; give it, or a webhookId whose secret to take.")
        return secret or "", None


def _shown(found: diagnosis.Diagnosis, *, gives_expected: bool) -> dict[str, Any]:
    """The answer. The right signature is for those who have the secret: who could ask for it by a
    webhook's id could sign whatever they like."""
    return {
        "matches": found.matches,
        "expected": found.expected if gives_expected else None,
        "diagnosis": found.diagnosis,
        "recipe": found.recipe,
        "candidates": [
            {
                "diagnosis": candidate.said,
                "library": candidate.library or None,
                "language": candidate.language or None,
            }
            for candidate in found.candidates
        ],
        "webhookId": found.webhook_id or None,
        "notTried": found.not_tried or None,
    }
