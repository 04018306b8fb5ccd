"""The sandbox's built-in receiver: an inbox, and the requests that came to it."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import ClassVar

from django.core.validators import MaxValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone

from webhooks.models import Webhook

KEPT_REQUESTS = 500
MAX_BODY_BYTES = 1024 * 1024
MAX_DELAY_SECONDS = 30


def _token() -> str:
    return secrets.token_urlsafe(24)


class AnswerStatus(models.IntegerChoices):
    """What an inbox can be told to answer."""

    OK = 200, "200 OK"
    NO_CONTENT = 204, "204 No Content"
    FOUND = 302, "302 Found (a redirect)"
    BAD_REQUEST = 400, "400 Bad Request"
    UNAUTHORIZED = 401, "401 Unauthorized"
    NOT_FOUND = 404, "404 Not Found"
    GONE = 410, "410 Gone (disables the webhook)"
    TOO_MANY_REQUESTS = 429, "429 Too Many Requests"
    INTERNAL_SERVER_ERROR = 500, "500 Internal Server Error"
    SERVICE_UNAVAILABLE = 503, "503 Service Unavailable"


class Inbox(models.Model):
    """A receiver at `/inbox/<token>`. Whoever knows the token may look inside."""

    token = models.CharField(max_length=64, unique=True, default=_token, editable=False)
    # The sandbox's own inbox; true once, null for every other, so that there is only one.
    is_default = models.BooleanField(null=True, unique=True, default=None, editable=False)
    answer_status = models.PositiveSmallIntegerField(choices=AnswerStatus, default=AnswerStatus.OK)
    answer_delay_seconds = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(MAX_DELAY_SECONDS)]
    )
    retry_after_seconds = models.PositiveIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(86_400)]
    )
    answer_body = models.CharField(max_length=2000, blank=True, default="OK")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "inboxes"

    def __str__(self) -> str:
        return f"Inbox {self.token[:6]}…"

    def get_absolute_url(self) -> str:
        return reverse("inbox:page", args=[self.token])

    @classmethod
    def ensure_default(cls) -> Inbox:
        """The sandbox's inbox, made the first time. Safe to call from several processes."""
        # Every page of the dashboard asks: look first, without the lock that a transaction takes.
        found = cls.objects.filter(is_default=True).first()
        return found or cls.objects.get_or_create(is_default=True)[0]

    def prune(self) -> None:
        """Keep only the newest requests."""
        oldest_kept = self.requests.order_by("-id").values_list("id", flat=True)[
            KEPT_REQUESTS - 1 :
        ][:1]
        for pk in oldest_kept:
            self.requests.filter(id__lt=pk).delete()


class Verdict(models.TextChoices):
    """What the inbox says about a request's signature."""

    VALID = "valid", "Valid signature"
    WRONG = "wrong", "Wrong signature"
    MISSING = "missing", "No signature header"
    NO_WEBHOOK = "no_webhook", "No webhook with this URL"


class InboxRequest(models.Model):
    """One request as it arrived, and what was made of it then."""

    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, related_name="requests")
    received_at = models.DateTimeField(default=timezone.now)
    method = models.CharField(max_length=20)
    # With the query string, as it was asked for.
    path = models.TextField()
    # Pairs of name and value. WSGI has lost the case of the names; HTTP does not care for it.
    headers = models.JSONField(default=list)
    body = models.BinaryField()
    event = models.CharField(max_length=60, blank=True)
    verdict = models.CharField(max_length=10, choices=Verdict)
    verdict_sentence = models.CharField(max_length=400)
    # Sentences on what else is not as a receiver should expect it.
    remarks = models.JSONField(default=list)
    # The webhook whose secret fits.
    webhook = models.ForeignKey(
        Webhook, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    answered_status = models.PositiveSmallIntegerField()
    answered_after = models.DurationField(default=timedelta)

    class Meta:
        verbose_name = "request"
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["inbox", "id"], name="inbox_request_newest")]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"
