"""Sample events: what `Send test payload` and `POST /events` send."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from chatbots import events, jsonbytes
from chatbots.models import Chatbot, Event, EventSource
from webhooks import outbox, simulation, subscriptions
from webhooks.models import Delivery, Webhook, WebhookStatus


def compose(
    chatbot: Chatbot,
    event: str,
    *,
    source: EventSource,
    data: Mapping[str, Any] | None = None,
    unset: Iterable[str] = (),
    occurred_at: datetime | None = None,
    simulate: Mapping[str, Any] | None = None,
) -> Event:
    """An unsaved Event of `chatbot`: `data` laid over the sample, without the keys in `unset`.

    Raises jsonbytes.NotExact for data that JavaScript would not give back as they are, and
    events.TooLarge.
    """
    merged = events.lay_over(event, chatbot, data or {}, frozenset(unset))
    made = events.build(chatbot, event, merged, source=source, occurred_at=occurred_at)
    if simulate and simulate.get("unknownEvent"):
        made.body = events.body_of(simulation.UNKNOWN_EVENT, made.occurred_at, merged)
    return made


def copies_of(simulate: Mapping[str, Any] | None) -> int:
    """How many deliveries a checked simulation asks for."""
    return int((simulate or {}).get("copies", 1))


def send_test(
    webhook: Webhook,
    *,
    data: Mapping[str, Any] | None = None,
    unset: Iterable[str] = (),
    simulate: Mapping[str, Any] | None = None,
) -> Delivery:
    """Send the webhook's sample event to it alone, on the very path that real events take.

    Works for a disabled webhook too. `simulate` is what simulation.check gave; with copies, the
    first delivery is returned. Raises PlanWithoutWebhooks, and ValidationError: keyed `data` for
    data that cannot be sent as they are, with the code "too_large" for too much of them.
    """
    subscriptions.require_plan(webhook.account)
    if webhook.status == WebhookStatus.DELETED:
        raise ValidationError("This webhook was deleted.", code="deleted")
    try:
        event = compose(
            webhook.chatbot,
            webhook.event,
            source=EventSource.TEST,
            data=data,
            unset=unset,
            simulate=simulate,
        )
    except jsonbytes.NotExact as error:
        raise ValidationError({"data": f"{error.path} {error.sentence}".strip()}) from None
    except events.TooLarge as error:
        raise ValidationError(str(error), code="too_large") from None
    with transaction.atomic():
        event.save(force_insert=True)
        deliveries = [
            outbox.send_to(webhook, event, is_test=True, simulate=simulation.of(simulate))
            for _ in range(copies_of(simulate))
        ]
    return deliveries[0]
