"""Conversations of a webhook that wants them in order."""

from __future__ import annotations

from chatbots import events
from chatbots.models import Chatbot, Event, EventSource
from tests.webhooks.due import (
    EVENT,
    add_webhook,
)
from webhooks import outbox, queue
from webhooks.models import Delivery, Webhook


def add_events(chatbot: Chatbot, *chatlogs: str) -> list[Event]:
    """Events of these conversations, in one batch, with their deliveries."""
    made = [
        events.build(
            chatbot,
            EVENT,
            events.lay_over(EVENT, chatbot, {"chatlogId": chatlog, "place": place}),
            source=EventSource.API,
        )
        for place, chatlog in enumerate(chatlogs)
    ]
    Event.objects.bulk_create(made)
    outbox.fan_out(made)
    return made


def ordered_webhook(chatbot: Chatbot, url: str = "https://hooks.example.com/") -> Webhook:
    return add_webhook(chatbot, url, ordered=True)


def places(claimed: list[queue.Claimed]) -> list[int]:
    order = list(Delivery.objects.order_by("id").values_list("pk", flat=True))
    return sorted(order.index(one.delivery_id) for one in claimed)
