"""POST /signatures/diagnose: which wrong way of computing it gives the caller's signature."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from chatbots import database_clock
from webhooks import diagnosis, rotation, vault
from webhooks.api import documents, scope
from webhooks.api.answer import answer
from webhooks.api.reading import Fields
from webhooks.api.view import ApiView
from webhooks.webhook_fields import MAX_SECRET_LENGTH


class DiagnoseView(ApiView):
    """Compare a signature with the right one, and with those that common mistakes give."""

    @extend_schema(**documents.DIAGNOSE)
    def post(self, request: Request) -> HttpResponse:
        fields = self.fields()
        body = fields.text("body", required=True)
        signature = fields.text("signature", required=True)
        timestamp = fields.text("timestamp") or ""
        message_id = fields.text("webhookMessageId") or ""
        secret, previous = self._secrets(fields)
        fields.finish()
        assert body is not None
        assert signature is not None
        found = diagnosis.diagnose(
            secret,
            body.encode(),
            signature,
            timestamp=timestamp,
            message_id=message_id,
            previous_secret=previous,
        )
        return answer(
            {
                "matches": found.matches,
                "expected": found.expected,
                "diagnosis": found.diagnosis,
                "recipe": found.recipe,
            }
        )

    def _secrets(self, fields: Fields) -> tuple[str, str]:
        """The secret to compare with, and the one before it where a webhook's was rotated."""
        secret = fields.text("secret")
        webhook_id = fields.text("webhookId")
        if "secret" in fields and "webhookId" in fields:
            fields.wrong("secret", "and webhookId cannot both be given; give one of them.")
        elif webhook_id is not None:
            webhook = scope.webhook(self.account, webhook_id)
            before = rotation.still_signing(webhook.previous_secrets, database_clock.now())
            try:
                return webhook.secret, vault.decrypt(before[0][0]) if before else ""
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
        return secret or "", ""
