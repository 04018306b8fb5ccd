"""Rows as the API shows them: camelCase, ids as strings, moments in ISO 8601 with milliseconds."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from chatbots import database_clock
from chatbots.models import Event
from chatbots.timestamp import iso
from webhooks import attempt_view, experiment, rotation, vault, waiting
from webhooks.models import Attempt, Delivery, Webhook, WebhookStatus
from webhooks.next_attempt import Waiting, WaitingFor


def moment(value: datetime | None) -> str | None:
    return iso(value) if value else None


def webhook(row: Webhook, now: datetime | None = None) -> dict[str, Any]:
    """A webhook. `now` is the database's, for whoever shows many."""
    now = now or database_clock.now()
    held = waiting.held_back(row, now) if row.status == WebhookStatus.ACTIVE else None
    try:
        hint = row.secret_hint
    except vault.SecretUnreadable:
        hint = "unreadable: rotate it"
    return {
        "id": str(row.pk),
        "chatbotId": row.chatbot_id,
        "url": row.url,
        "event": row.event,
        "status": row.status,
        "statusReason": row.status_reason or (held.sentence if held else ""),
        "description": row.description,
        "secretHint": hint,
        "retrySchedule": row.retry_schedule,
        "standardHeaders": row.standard_headers,
        "ordered": row.ordered,
        "rateLimit": row.rate_limit,
        "createdAt": moment(row.created_at),
        "failingSince": moment(row.failing_since),
        "lastSuccessAt": moment(row.last_success_at),
        "heldBackUntil": moment(held.until) if held else None,
        "previousSecretUntil": moment(rotation.until(row.previous_secrets, now)),
    }


def webhooks(rows: Sequence[Webhook]) -> list[dict[str, Any]]:
    now = database_clock.now()
    return [webhook(row, now) for row in rows]


def event(row: Event) -> dict[str, Any]:
    return {
        "id": row.pk,
        "event": row.type,
        "timestamp": moment(row.occurred_at),
        "chatbotId": row.chatbot_id,
        "chatlogId": row.chatlog_id or None,
        "source": row.source,
        "payload": msgspec.Raw(bytes(row.body)),
        "createdAt": moment(row.created_at),
    }


def events(rows: Sequence[Event]) -> list[dict[str, Any]]:
    return [event(row) for row in rows]


def sent_to(rows: Sequence[Delivery]) -> list[dict[str, Any]]:
    """An event's deliveries, in short."""
    return [
        {"id": str(row.pk), "webhookId": str(row.webhook_id), "url": row.webhook.url}
        for row in rows
    ]


def delivery(row: Delivery) -> dict[str, Any]:
    last = experiment.last_attempts([row]) if row.is_experiment else {}
    return _delivery(row, waiting.of(row), last.get(row.pk))


def _delivery(row: Delivery, waits: Waiting | None, last: Attempt | None) -> dict[str, Any]:
    verdict = experiment.verdict(row, last)
    return {
        "id": str(row.pk),
        "eventId": row.event_id,
        "event": row.event.type,
        "chatbotId": row.event.chatbot_id,
        "webhookId": str(row.webhook_id),
        "url": row.webhook.url,
        "status": row.status,
        "inFlight": waits is not None and waits.word == WaitingFor.ANSWER,
        "isTest": row.is_test,
        "simulate": row.simulate,
        "expected": experiment.expected(row, last),
        "verdict": verdict.words if verdict else None,
        "asExpected": verdict.is_good if verdict else None,
        "attemptCount": row.attempts,
        "nextAttemptAt": moment(waits.next_at) if waits else None,
        "waitingFor": waits.word if waits else None,
        "waitingReason": waits.sentence if waits else None,
        "createdAt": moment(row.created_at),
        "finishedAt": moment(row.finished_at),
    }


def deliveries(rows: Sequence[Delivery]) -> list[dict[str, Any]]:
    """Deliveries, each with how its latest recorded attempt went."""
    latest = experiment.last_attempts(rows)
    waits = waiting.of_each(rows)
    return [
        _delivery(row, waits.get(row.pk), latest.get(row.pk))
        | {"lastAttempt": outcome(latest[row.pk]) if row.pk in latest else None}
        for row in rows
    ]


def outcome(row: Attempt) -> dict[str, Any]:
    return {
        "number": row.number,
        "startedAt": moment(row.started_at),
        "durationMs": row.duration_ms,
        "statusCode": row.status_code,
        "errorKind": row.error_kind or None,
        "error": row.error or None,
    }


def attempt(row: Attempt) -> dict[str, Any]:
    """An attempt with its request and response: the body of an answer as people read it, and as it
    came."""
    came = bytes(row.response_body)
    received = attempt_view.response_headers(row)
    body = attempt_view.response_body(row, received)
    return outcome(row) | {
        "remoteAddress": row.remote_address or None,
        "request": {
            "method": "POST",
            "url": row.url,
            "headers": attempt_view.request_headers(row),
            "body": attempt_view.body_text(attempt_view.request_body(row)),
        },
        "response": {
            "headers": received,
            "body": body.text or (body.note and f"[{body.note}]"),
            "bodyBase64": base64.b64encode(came).decode(),
            "truncated": row.response_truncated,
        },
    }
