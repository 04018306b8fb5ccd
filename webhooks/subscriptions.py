"""What a person can do with a webhook: add, change, enable, disable, delete it, rotate its secret.

The dashboard and the REST API call these; the rules are here, once. A rule that is broken raises
django's ValidationError, by the model's field name where a field is to blame.

What waits for a webhook follows its changes: see webhooks/settling.py, also for the order of locks.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from chatbots import database_clock
from chatbots.counting import counted
from chatbots.models import Account, Chatbot, EventType, Plan
from webhooks import breaker, destination, given_up, outbox, rotation, settling, vault
from webhooks.models import Endpoint, Webhook, WebhookStatus
from webhooks.row_locks import RowHeld, unheld
from webhooks.webhook_fields import check

# Standard Webhooks 1.0, "Signature scheme": 24 to 64 bytes of key.
MADE_SECRET_BYTES: Final = 24
# What stands for the secret of a webhook until its row has an id, to which it is bound.
NOT_SEALED_YET: Final = "-"
# Each event of a chatbot becomes a delivery for every webhook that wants it, in one transaction.
MOST_PER_CHATBOT: Final = 100
CHANGEABLE: Final = frozenset(
    {
        "url",
        "event",
        "secret",
        "description",
        "retry_schedule",
        "standard_headers",
        "ordered",
        "rate_limit",
    }
)


class PlanWithoutWebhooks(ValidationError):
    """The account's plan has no webhooks (Wonderchat webhooks page, Requirements)."""

    def __init__(self, account: Account) -> None:
        super().__init__(
            "Webhooks are available on Basic plans and above; this account is on the "
            f"{Plan(account.plan).label} plan.",
            code="plan",
        )


def require_plan(account: Account) -> None:
    """Raise PlanWithoutWebhooks unless the account's plan includes webhooks."""
    if not account.has_webhooks:
        raise PlanWithoutWebhooks(account)


def make_secret() -> str:
    """A new secret in Standard Webhooks' form: `whsec_` and the base64 of 24 random bytes."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(MADE_SECRET_BYTES)).decode()


def endpoint_of(url: str) -> Endpoint:
    """The server that `url`, a checked one, leads to; made when it is new."""
    endpoint, _ = Endpoint.objects.get_or_create(origin=destination.parse(url).origin)
    return endpoint


def create(
    chatbot: Chatbot,
    *,
    url: str,
    event: str,
    secret: str | None = None,
    description: str = "",
    retry_schedule: str = "standard",
    standard_headers: bool = False,
    ordered: bool = False,
    rate_limit: int | None = None,
) -> tuple[Webhook, str]:
    """Add a webhook. Returns it and its secret in clear: the one given, or one made for None.

    Raises PlanWithoutWebhooks, or ValidationError: by field name, or with the code
    "too_many_webhooks" for a chatbot that has MOST_PER_CHATBOT.
    """
    require_plan(chatbot.account)
    clear = make_secret() if secret is None else secret
    check(
        url=url,
        event=event,
        secret=clear,
        description=description,
        retry_schedule=retry_schedule,
        rate_limit=rate_limit,
    )
    with transaction.atomic():
        _require_room(chatbot)
        webhook = Webhook(
            chatbot=chatbot,
            endpoint=endpoint_of(url),
            url=url,
            url_key=destination.key(url),
            event=event,
            # Bound to its row, which has no id yet.
            encrypted_secret=NOT_SEALED_YET,
            description=description,
            retry_schedule=retry_schedule,
            standard_headers=standard_headers,
            ordered=ordered,
            rate_limit=rate_limit,
        )
        _save(webhook)
        webhook.encrypted_secret = vault.encrypt(clear, webhook.pk)
        webhook.save(update_fields=["encrypted_secret"])
    return webhook, clear


def _require_room(chatbot: Chatbot) -> None:
    """Raise ValidationError where `chatbot` has all the webhooks that it may have."""
    # Two that are added at one time come one after the other; no event waits for this lock.
    list(Chatbot.objects.select_for_update(no_key=True).filter(pk=chatbot.pk))
    count = chatbot.webhooks.exclude(status=WebhookStatus.DELETED).count()
    if count >= MOST_PER_CHATBOT:
        raise ValidationError(
            f"This chatbot has {counted(count, 'webhook')}; a chatbot can have {MOST_PER_CHATBOT} "
            "at most. Delete one that is not needed any more.",
            code="too_many_webhooks",
        )


def update(webhook: Webhook, **changes: Any) -> Webhook:
    """Change what a person may change (CHANGEABLE), all of it or nothing.

    A new URL takes the deliveries that still wait along. A new secret is a rotation. Raises
    ValidationError by field name, TypeError for a field that nobody may change.
    """
    if strangers := changes.keys() - CHANGEABLE:
        raise TypeError(f"not changeable: {', '.join(sorted(strangers))}")
    check(**changes)
    with transaction.atomic():
        _lock(webhook)
        secret = changes.pop("secret", None)
        former = webhook.url_key, webhook.event
        for name, value in changes.items():
            setattr(webhook, name, value)
        if "url" in changes:
            webhook.url_key = destination.key(webhook.url)
        if webhook.url_key != former[0]:
            webhook.endpoint = endpoint_of(webhook.url)
            # Of the new URL nothing is known yet.
            webhook.failing_since = webhook.last_success_at = None
            webhook.asked_to_wait_until = None
            breaker.forget(webhook)
        if (webhook.url_key, webhook.event) != former:
            webhook.generation += 1
        if secret is not None:
            _rotate(webhook, secret)
        _save(webhook)
        if webhook.url_key != former[0]:
            settling.go_another_way(webhook, former[0])
    return webhook


def enable(webhook: Webhook) -> int:
    """Send again. The deliveries that were held are due, the first at once; returns how many.

    Raises PlanWithoutWebhooks, and ValidationError for a deleted webhook.
    """
    require_plan(webhook.account)
    with transaction.atomic():
        _lock(webhook)
        webhook.status = WebhookStatus.ACTIVE
        webhook.status_reason = ""
        webhook.failing_since = webhook.asked_to_wait_until = None
        webhook.generation += 1
        webhook.save(
            update_fields=[
                "status",
                "status_reason",
                "failing_since",
                "asked_to_wait_until",
                "generation",
                "updated_at",
            ]
        )
        released = settling.held(webhook).count()
        settling.begin(webhook)
    return released


def disable(webhook: Webhook, reason: str) -> int:
    """Stop sending, for `reason` (a sentence people see). What waits is held; returns how much.

    Attempts in flight are let finish. Raises ValidationError for a deleted webhook.
    """
    with transaction.atomic():
        _lock(webhook)
        return _disable(webhook, reason, notify=False)


def disable_if(webhook: Webhook, reason: str, is_still: Callable[[Webhook], bool]) -> bool:
    """Disable a webhook for what its endpoint did; the people of its account get an e-mail.

    `is_still` is asked of the locked row. Where it says no, somebody changed the webhook since the
    reason was found: nothing is done, and the answer is False. Raises RowHeld where somebody else
    holds the row: whoever calls this works for others too, and comes back.
    """
    with transaction.atomic():
        if not unheld(Webhook.objects.filter(pk=webhook.pk)).exists():
            raise RowHeld
        _lock(webhook, deleted_too=True)
        disables = webhook.status == WebhookStatus.ACTIVE and is_still(webhook)
        if disables:
            _disable(webhook, reason, notify=True)
    return disables


def _disable(webhook: Webhook, reason: str, *, notify: bool) -> int:
    webhook.status = WebhookStatus.DISABLED
    webhook.status_reason = (given_up.with_count(reason, webhook) if notify else reason)[:300]
    webhook.notice_due = notify
    webhook.notice_taken_until = None
    webhook.save(
        update_fields=["status", "status_reason", "notice_due", "notice_taken_until", "updated_at"]
    )
    waiting = sum(rows.filter(is_test=False).count() for rows in settling.pending(webhook))
    settling.begin(webhook)
    return waiting


def let_go(webhook: Webhook) -> bool:
    """Hold the webhook back no more, whether it or its server could not be reached or its receiver
    asked for it; False when it was not. What is due goes out."""
    with transaction.atomic():
        asked = Webhook.objects.filter(pk=webhook.pk, asked_to_wait_until__gt=Now())
        released = breaker.release_webhook(webhook) | bool(asked.update(asked_to_wait_until=None))
        outbox.wake_after_commit()
    return released


def delete(webhook: Webhook) -> None:
    """Delete the webhook and cancel what waits for it. Its log stays. Twice is no error."""
    with transaction.atomic():
        _lock(webhook, deleted_too=True)
        webhook.status = WebhookStatus.DELETED
        webhook.status_reason = ""
        webhook.save(update_fields=["status", "status_reason", "updated_at"])
        settling.begin(webhook)


def rotate_secret(webhook: Webhook, secret: str | None = None) -> str:
    """Sign with a new secret from now on: the given one, or one made for None. Returns it.

    The one before signs the Standard Webhooks header beside it for 24 hours (Standard Webhooks
    1.0, "Signature scheme": zero downtime secret rotation).
    """
    clear = make_secret() if secret is None else secret
    check(secret=clear)
    with transaction.atomic():
        _lock(webhook)
        _rotate(webhook, clear)
        _save(webhook)
    return clear


def not_sending_reason(chatbot: Chatbot, event_type: str) -> str:
    """Why an event of `chatbot` is not sent now, in a sentence; "" when it is.

    With webhooks that are all disabled, deliveries are made and wait, and the sentence says so.
    """
    account = chatbot.account
    if not account.has_webhooks:
        return PlanWithoutWebhooks(account).messages[0]
    if event_type not in EventType.values:
        return f"{event_type} is not an event that a webhook can subscribe to."
    statuses = set(
        Webhook.objects.filter(chatbot=chatbot, event=event_type)
        .exclude(status=WebhookStatus.DELETED)
        .values_list("status", flat=True)
    )
    if not statuses:
        return f"No webhook of this chatbot subscribes to {event_type}."
    if WebhookStatus.ACTIVE not in statuses:
        return (
            f"The webhook for {event_type} is disabled. "
            "What was made for it waits, and is sent when it is enabled."
        )
    return ""


def _lock(webhook: Webhook, *, deleted_too: bool = False) -> None:
    """Take the webhook's row for this transaction and read it afresh."""
    webhook.refresh_from_db(from_queryset=Webhook.objects.select_for_update())
    if webhook.status == WebhookStatus.DELETED and not deleted_too:
        raise ValidationError("This webhook was deleted.", code="deleted")


def _rotate(webhook: Webhook, secret: str) -> None:
    before = webhook.previous_secrets
    try:
        if secret == webhook.secret:
            return
    except vault.SecretUnreadable:
        pass  # Its key is lost; a new secret is the way out, with nothing to keep of the old one.
    else:
        before = rotation.replaced(before, webhook.encrypted_secret, database_clock.now())
    # One that comes back is the present one, and signs once.
    webhook.previous_secrets = [kept for kept in before if not _holds(kept[0], webhook, secret)]
    webhook.encrypted_secret = vault.encrypt(secret, webhook.pk)
    webhook.generation += 1


def _holds(token: str, webhook: Webhook, secret: str) -> bool:
    try:
        return vault.decrypt(token, webhook.pk) == secret
    except vault.SecretUnreadable:
        return False


def _save(webhook: Webhook) -> None:
    """Check the fields and constraints, then save."""
    webhook.clean_fields(exclude=["endpoint", "chatbot"])
    _check_constraints(webhook)
    try:
        with transaction.atomic():
            webhook.save()
    except IntegrityError:
        # Somebody else was first: the check finds their row now, and has the sentence for it.
        _check_constraints(webhook)
        raise


def _check_constraints(webhook: Webhook) -> None:
    try:
        webhook.validate_constraints()
    except ValidationError as error:
        raise ValidationError({"url": error.messages}) from None
