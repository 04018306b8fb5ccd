"""Subscriptions (Webhook), where they lead (Endpoint), and what was sent (Delivery, Attempt)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from chatbots.models import Account, Chatbot, Event, EventType
from webhooks import vault
from webhooks.url_key import UrlKey


class HeldBack(models.Model):
    """What may be held back while nothing gets through to it: see webhooks/breaker.py."""

    # Set while it is held back; `held_until` is the next probe.
    held_since = models.DateTimeField(null=True, editable=False)
    held_until = models.DateTimeField(null=True, editable=False)
    held_pause_seconds = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    held_reason = models.CharField(
        max_length=100, blank=True, default="", db_default="", editable=False
    )

    class Meta:
        abstract = True


class Endpoint(HeldBack):
    """One server that webhooks lead to: scheme, host and port.

    Many webhooks of many accounts may lead to one: what they share is whether it can be reached.
    """

    origin = models.CharField(max_length=300, unique=True, editable=False)

    def __str__(self) -> str:
        return self.origin


class WebhookStatus(models.TextChoices):
    ACTIVE = "active", "Active"
    DISABLED = "disabled", "Disabled"
    # Kept, so that the log of what was sent outlives the subscription.
    DELETED = "deleted", "Deleted"


class RetrySchedule(models.TextChoices):
    STANDARD = "standard", "Standard: 9 retries over 3 days"
    QUICK = "quick", "Quick: 4 retries over 81 seconds"
    NONE = "none", "None: one attempt"


class Webhook(HeldBack):
    """Send one kind of event of one chatbot to one URL."""

    chatbot = models.ForeignKey(Chatbot, on_delete=models.CASCADE, related_name="webhooks")
    endpoint = models.ForeignKey(
        Endpoint, on_delete=models.PROTECT, related_name="webhooks", editable=False
    )
    url = models.CharField("endpoint URL", max_length=2000)
    # The same for every spelling of it; the URL as typed is what is sent to.
    url_key = UrlKey(max_length=64, default="", editable=False)
    event = models.CharField("event type", max_length=30, choices=EventType)
    encrypted_secret = models.TextField(editable=False)
    # The secrets before, the newest first, each as [token, when it ends]: webhooks/rotation.py.
    previous_secrets = models.JSONField(default=list, blank=True, editable=False)
    # Counts what makes an answer that is still on its way say nothing of the webhook any more: a
    # new URL, event type or secret, and enabling.
    generation = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    status = models.CharField(
        max_length=8, choices=WebhookStatus, default=WebhookStatus.ACTIVE, editable=False
    )
    status_reason = models.CharField(max_length=300, blank=True, editable=False)
    description = models.CharField(max_length=200, blank=True)
    retry_schedule = models.CharField(
        max_length=8, choices=RetrySchedule, default=RetrySchedule.STANDARD
    )
    standard_headers = models.BooleanField(
        "Standard Webhooks headers",
        default=False,
        help_text="Send webhook-id, webhook-timestamp and webhook-signature beside Wonderchat's.",
    )
    ordered = models.BooleanField(
        "in order per conversation",
        default=False,
        help_text="Deliveries of one conversation never overtake each other.",
    )
    rate_limit = models.PositiveSmallIntegerField(
        "most per second",
        null=True,
        blank=True,
        help_text="Deliveries that may leave in a second, over all workers. Empty: no limit.",
    )
    # With a rate limit: when the next delivery may leave (webhooks/rate.py).
    rate_next_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Since when every delivery has failed; null after a success.
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    last_success_at = models.DateTimeField(null=True, blank=True, editable=False)
    # When a delivery failed last, to within a minute (queue.LAST_FAILURE_SECONDS).
    last_failure_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Its receiver answered 429 or 503 with Retry-After: nothing but a test is sent until then.
    asked_to_wait_until = models.DateTimeField(null=True, blank=True, editable=False)
    # The people of the account are yet to be told that it was disabled.
    notice_due = models.BooleanField(default=False, editable=False)
    # Somebody is telling them, until then.
    notice_taken_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["chatbot", "url_key", "event"],
                condition=~models.Q(status="deleted"),
                name="webhook_once",
                violation_error_message=(
                    "This chatbot already sends this event to this URL. "
                    "Change the existing webhook instead."
                ),
            ),
            models.CheckConstraint(
                condition=~models.Q(encrypted_secret=""),
                name="webhook_has_secret",
                violation_error_message="A webhook needs a secret.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} → {self.url}"

    @property
    def account(self) -> Account:
        return self.chatbot.account

    @property
    def secret(self) -> str:
        """The signing secret in clear: for signing, and for nothing that is shown or logged."""
        return vault.decrypt(self.encrypted_secret, self.pk)

    @property
    def secret_hint(self) -> str:
        """Enough of the secret to recognise it: its last three characters, if it is long enough."""
        secret = self.secret
        return "…" + secret[-3:] if len(secret) >= 12 else "…"


class DeliveryStatus(models.TextChoices):
    """Where a delivery stands.

    `pending` is ready, waits (see Wait), or is in flight.
    `held` waits for its webhook to be enabled. The other three are final.
    """

    PENDING = "pending", "Pending"
    HELD = "held", "Waiting for the webhook"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class Wait(models.TextChoices):
    """What a pending delivery waits for. What waits for nothing is ready: a worker may take it."""

    NOTHING = "", "Nothing"
    # Until `due_at`, its retry.
    TIME = "time", "A time"
    # In flight; until `due_at`, the end of its lease, after which its worker is taken for lost.
    LEASE = "lease", "Its answer"
    # Until an earlier delivery of its conversation is over; `due_at` is when to look all the same.
    TURN = "turn", "Its turn"


class Delivery(models.Model):
    """One event on its way to one webhook.

    The hottest table: its links carry no constraint of the database's (an event and its deliveries
    commit together, webhooks and endpoints are never removed), and its indexes are partial but one.
    """

    event = models.ForeignKey(
        Event, on_delete=models.CASCADE, related_name="deliveries", db_constraint=False
    )
    webhook = models.ForeignKey(
        Webhook,
        on_delete=models.CASCADE,
        related_name="deliveries",
        db_constraint=False,
        db_index=False,
    )
    # Its webhook's account, repeated here for the index that finds ready work account by account.
    account = models.ForeignKey(
        Account,
        on_delete=models.CASCADE,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    status = models.CharField(max_length=9, choices=DeliveryStatus, default=DeliveryStatus.PENDING)
    wait = models.CharField(max_length=5, choices=Wait, blank=True, default=Wait.NOTHING)
    is_test = models.BooleanField(default=False)
    # How to misbehave on purpose: see webhooks/simulation.py.
    simulate = models.JSONField(null=True, blank=True)
    # The chatlog, where the webhook wants each conversation in order: while an earlier delivery of
    # the same conversation is not over, this one is not sent.
    conversation = models.CharField(max_length=64, blank=True, default="")
    due_at = models.DateTimeField()
    # Set while a worker has the delivery in hand; past it, the worker is taken for lost.
    lease_until = models.DateTimeField(null=True)
    # Attempts begun. The number of the attempt in flight, when there is one.
    attempts = models.PositiveIntegerField(default=0)
    # Failed attempts since the delivery was made or resent: the place in its retry schedule.
    failures = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(
                fields=["account", "webhook", "due_at"],
                name="delivery_ready",
                condition=models.Q(status="pending", wait=""),
            ),
            models.Index(
                fields=["due_at"],
                name="delivery_waiting",
                condition=models.Q(status="pending", wait__in=["time", "turn"]),
            ),
            models.Index(
                fields=["due_at"],
                name="delivery_leased",
                condition=models.Q(status="pending", wait="lease"),
            ),
            models.Index(
                fields=["webhook", "id"],
                name="delivery_retry",
                condition=models.Q(status="pending", wait="time", failures__gt=0),
            ),
            models.Index(fields=["webhook", "id"], name="delivery_of_webhook"),
            models.Index(
                fields=["webhook", "id"], name="delivery_held", condition=models.Q(status="held")
            ),
            models.Index(
                fields=["webhook", "id"],
                name="delivery_failed",
                condition=models.Q(status="failed", is_test=False),
            ),
            models.Index(
                fields=["webhook", "conversation", "id"],
                name="delivery_in_order",
                condition=models.Q(status__in=["pending", "held"]) & ~models.Q(conversation=""),
            ),
        ]

    def __str__(self) -> str:
        return f"Delivery {self.pk}"

    @property
    def is_experiment(self) -> bool:
        """A test, or made to misbehave: see webhooks/experiment.py."""
        return self.is_test or bool(self.simulate)


class Unsettled(models.Model):
    """Deliveries of a webhook that are yet to follow a change of it: see webhooks/settling.py."""

    webhook = models.OneToOneField(Webhook, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"Unsettled deliveries of webhook {self.webhook_id}"


class Recovery(models.Model):
    """A person asked to send again what failed for a webhook in a window of time.

    Worked off in batches (webhooks/recovery.py); the row is how far that has come.
    """

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="recoveries")
    since = models.DateTimeField()
    until = models.DateTimeField()
    # How many had failed in the window when it was asked for.
    total = models.PositiveIntegerField()
    requeued = models.PositiveIntegerField(default=0)
    # The batches go by the deliveries' ids; this one was the last.
    last_delivery_id = models.PositiveBigIntegerField(default=0)
    requested_by = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    # Why it ended before its time.
    stopped_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = "recoveries"
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(
                fields=["id"],
                name="recovery_unfinished",
                condition=models.Q(finished_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"Recovery {self.pk}"

    @property
    def status(self) -> str:
        """running, finished, or stopped before its time."""
        if self.finished_at is None:
            return "running"
        return "stopped" if self.stopped_reason else "finished"


class RecoveredDelivery(models.Model):
    """A delivery that a recovery sent again, to tell what became of it."""

    pk = models.CompositePrimaryKey("recovery_id", "delivery_id")
    recovery = models.ForeignKey(
        Recovery, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )

    def __str__(self) -> str:
        return f"Delivery {self.delivery_id} of recovery {self.recovery_id}"


class ErrorKind(models.TextChoices):
    """Why an attempt failed. Each has its sentence in webhooks/outcome.py."""

    DNS = "dns", "Name not found"
    REFUSED_ADDRESS = "refused_address", "Address not allowed"
    CONNECT = "connect", "No connection"
    TLS = "tls", "TLS failed"
    TIMEOUT = "timeout", "Too slow"
    CLOSED = "closed", "Connection closed"
    PROTOCOL = "protocol", "Not HTTP"
    TOO_LARGE = "too_large", "Answer too large"
    REDIRECT = "redirect", "Redirect"
    HTTP_STATUS = "http_status", "Not a 2xx"
    INTERRUPTED = "interrupted", "Interrupted"
    INTERNAL = "internal", "Our fault"


class Attempt(models.Model):
    """One POST that left, as it was. Rows are appended and never changed."""

    pk = models.CompositePrimaryKey("delivery_id", "number")
    delivery = models.ForeignKey(
        Delivery,
        on_delete=models.CASCADE,
        related_name="attempt_rows",
        db_constraint=False,
        db_index=False,
    )
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    status_code = models.PositiveSmallIntegerField(null=True)
    # "" when the attempt succeeded.
    error_kind = models.CharField(max_length=16, choices=ErrorKind, blank=True)
    error = models.TextField(blank=True)
    url = models.TextField()
    remote_address = models.CharField(max_length=45, blank=True)
    # The bytes of the request line and headers, as they left.
    request_head = models.BinaryField()
    # Only where a simulation changed it; otherwise the event's body.
    request_body = models.BinaryField(null=True)
    # The bytes of the status line and headers, as they came; at most 16 KiB.
    response_head = models.BinaryField()
    # At most 64 KiB.
    response_body = models.BinaryField()
    response_truncated = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["delivery_id", "number"]

    def __str__(self) -> str:
        return f"Attempt {self.number} of delivery {self.delivery_id}"


class Worker(models.Model):
    """A worker process that delivers at this moment: see webhooks/presence.py."""

    name = models.CharField(max_length=100, primary_key=True)
    # It runs, whether or not there is something to deliver.
    alive_at = models.DateTimeField(db_default=Now())
    # It delivers: it takes its share of each room.
    seen_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class IdempotencyKey(models.Model):
    """What `POST /events` answered to an Idempotency-Key, for 24 hours."""

    # Written with every keyed request, for an account that was just proved to be there: no foreign
    # key in the database. The unique constraint below is its index.
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    status_code = models.PositiveSmallIntegerField(default=0)
    answer = models.BinaryField(default=b"")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "key"], name="idempotency_key_once")
        ]
        indexes: ClassVar = [models.Index(fields=["created_at"], name="idempotency_key_age")]

    def __str__(self) -> str:
        return self.key
