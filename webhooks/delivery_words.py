"""Where a delivery stands, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from webhooks import breaker, in_order
from webhooks.models import Attempt, Delivery, DeliveryStatus, WebhookStatus

# A page that shows a delivery asks again every second while it is due within this time.
SOON_SECONDS = 20
LONGEST_WAIT_SECONDS = 3600


@dataclass(frozen=True)
class Standing:
    """A label with its colour and icon, a title, a sentence, and whether it can still change."""

    colour: str
    icon: str
    label: str
    title: str
    sentence: str = ""
    # When the next attempt is due, if that is what the sentence is about.
    next_at: datetime | None = None
    is_final: bool = False
    in_flight: bool = False

    def seconds_to_wait(self, now: datetime) -> int | None:
        """How long a page may wait until it asks again; None for never, 0 for every second."""
        if self.is_final:
            return None
        if self.in_flight or self.next_at is None:
            return 0
        left = int((self.next_at - now).total_seconds())
        return 0 if left <= SOON_SECONDS else min(left, LONGEST_WAIT_SECONDS)


def in_flight(delivery: Delivery, now: datetime) -> bool:
    """Whether a worker has the delivery in hand."""
    return (
        delivery.status == DeliveryStatus.PENDING
        and delivery.lease_until is not None
        and delivery.lease_until > now
    )


def _times(count: int) -> str:
    return "1 attempt" if count == 1 else f"{count} attempts"


def _pending(delivery: Delivery, last: Attempt | None, now: datetime) -> Standing:
    if in_flight(delivery, now):
        return Standing(
            "blue",
            "progress_activity",
            "Sending",
            f"Attempt {delivery.attempts} is on its way",
            "The answer appears here by itself.",
            in_flight=True,
        )
    if (front := in_order.waits_for([delivery]).get(delivery.pk)) is not None:
        return Standing(
            "blue",
            "hourglass_top",
            "Waiting its turn",
            "Waiting for the one before it",
            f"Delivery {front} of the same conversation comes first; this webhook wants them in "
            "order.",
        )
    if delivery.due_at <= now and (held_back := breaker.sentence(delivery.webhook.endpoint)):
        return Standing(
            "amber",
            "front_hand",
            "Held back",
            "Its endpoint is held back",
            held_back,
            next_at=delivery.webhook.endpoint.held_until,
        )
    webhook = delivery.webhook
    if webhook.rate_limit and delivery.due_at <= now:
        return Standing(
            "blue",
            "hourglass_top",
            "Waiting its turn",
            "Waiting its turn",
            f"At most {webhook.rate_limit} deliveries of this webhook leave in a second.",
        )
    if delivery.failures and last is not None:
        return Standing(
            "amber",
            "schedule",
            "Retrying",
            "Retrying",
            f"Attempt {last.number} failed. {last.error}",
            next_at=delivery.due_at,
        )
    if delivery.due_at > now:
        return Standing("amber", "schedule", "Waiting", "Waiting", next_at=delivery.due_at)
    return Standing(
        "blue",
        "hourglass_top",
        "Due",
        "About to be sent",
        "A worker takes it in a moment. If nothing happens, see that a worker runs.",
    )


def standing(delivery: Delivery, last: Attempt | None, now: datetime) -> Standing:
    """Where `delivery` stands; `last` is its last attempt."""
    match delivery.status:
        case DeliveryStatus.SUCCEEDED:
            where = (
                "at the first attempt"
                if delivery.attempts == 1
                else (f"on attempt {delivery.attempts}")
            )
            answer = (
                f"The receiver answered {last.status_code} in {last.duration_ms} ms."
                if last
                else ""
            )
            return Standing(
                "green", "check_circle", "Succeeded", f"Succeeded {where}", answer, is_final=True
            )
        case DeliveryStatus.FAILED:
            title = f"Failed after {_times(delivery.attempts)}"
            return Standing(
                "red", "error", "Failed", title, last.error if last else "", is_final=True
            )
        case DeliveryStatus.CANCELLED:
            why = (
                "The webhook was deleted before this was sent."
                if delivery.webhook.status == WebhookStatus.DELETED
                else "It will not be sent."
            )
            return Standing("grey", "block", "Cancelled", "Cancelled", why, is_final=True)
        case DeliveryStatus.HELD:
            why = (
                "The account's plan has no webhooks. With Basic or above, this is sent."
                if delivery.webhook.status == WebhookStatus.ACTIVE
                else "The webhook is disabled. Enable it, and this is sent."
            )
            return Standing(
                "amber",
                "pause_circle",
                "Held",
                "Waits for its webhook",
                why,
                is_final=True,
            )
        case _:
            return _pending(delivery, last, now)
