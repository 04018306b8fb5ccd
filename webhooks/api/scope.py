"""What a key may see: its account's own things. Every view finds things through here."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404

from chatbots import standing
from chatbots.models import Account, Chatbot, Event
from chatbots.whole_number import whole_number
from webhooks.models import Delivery, Webhook, WebhookStatus

# What is shown of a delivery comes with it.
WITH_A_DELIVERY = ("event", "webhook__endpoint", "webhook__chatbot__account")
# A database id from a path or a query.
number = whole_number


def is_id(text: str) -> bool:
    """Whether `text` could be an id at all; a NUL, for one, cannot be asked of a database."""
    return 0 < len(text) <= 64 and text.isascii() and text.isprintable()


def chatbot(account: Account, chatbot_id: str, *, fresh: bool = True) -> Chatbot:
    """The account's chatbot; not `fresh`, as remembered. Raises Http404 for any other."""
    found = standing.chatbot(account, chatbot_id, fresh=fresh) if is_id(chatbot_id) else None
    if found is None:
        raise Http404("There is no chatbot with this id in your account.")
    return found


def webhooks(account: Account) -> QuerySet[Webhook]:
    return (
        Webhook.objects.filter(chatbot__account=account)
        .exclude(status=WebhookStatus.DELETED)
        .select_related("chatbot__account", "endpoint")
    )


def webhook(account: Account, webhook_id: str) -> Webhook:
    """The account's webhook, unless deleted. Raises Http404 for any other."""
    found = webhooks(account).filter(pk=whole_number(webhook_id)).first()
    if found is None:
        raise Http404("There is no webhook with this id in your account.")
    return found


def deliveries(account: Account) -> QuerySet[Delivery]:
    return Delivery.objects.filter(webhook__chatbot__account=account).select_related(
        *WITH_A_DELIVERY
    )


def delivery(account: Account, delivery_id: str) -> Delivery:
    """The account's delivery. Raises Http404 for any other."""
    found = deliveries(account).filter(pk=whole_number(delivery_id)).first()
    if found is None:
        raise Http404("There is no delivery with this id in your account.")
    return found


def events(account: Account) -> QuerySet[Event]:
    return Event.objects.filter(chatbot__account=account)


def event(account: Account, event_id: str) -> Event:
    """The account's event. Raises Http404 for any other."""
    found = events(account).filter(pk=event_id).first() if is_id(event_id) else None
    if found is None:
        raise Http404("There is no event with this id in your account.")
    return found
