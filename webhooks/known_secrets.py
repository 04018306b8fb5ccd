"""What the diagnosis of a signature may look at beside what it is given: an account's own things.

Nothing of it is shown: a secret that fits is named by its webhook.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import Final

from chatbots.events import is_chatlog_id
from chatbots.models import Account, Event
from webhooks import vault
from webhooks.diagnosis import Known, Sent
from webhooks.models import Webhook, WebhookStatus

_MAX_URL_SHOWN: Final = 100
_MAX_EVENTS: Final = 10


def of_account(account: Account, webhook: Webhook | None = None) -> Iterator[Known]:
    """The secrets of the account's webhooks, opened one by one: first those that `webhook`, the one
    that is asked about, had before; deleted webhooks come last."""
    if webhook is not None:
        yield from _before(webhook, "uses the secret from before the rotation", "key")
        yield Known(webhook.chatbot_id, "uses the chatbot's id as the secret", recipe="key")
        yield Known(str(webhook.pk), "uses the webhook's id as the secret", recipe="key")
    others = Webhook.objects.filter(chatbot__account=account)
    if webhook is not None:
        others = others.exclude(pk=webhook.pk)
    for deleted in (False, True):
        rows = (
            others.filter(status=WebhookStatus.DELETED)
            if deleted
            else others.exclude(status=WebhookStatus.DELETED)
        )
        for other in rows.order_by("-pk").iterator(chunk_size=500):
            yield from _of(other, deleted=deleted, another=webhook is not None)


def of_webhooks(webhooks: Iterable[Webhook]) -> Iterator[Known]:
    """Those of these webhooks, the present ones and those before."""
    for webhook in webhooks:
        yield from _of(webhook, deleted=False, another=False)


def _of(webhook: Webhook, *, deleted: bool, another: bool) -> Iterator[Known]:
    kind = "a deleted webhook" if deleted else "another webhook" if another else "the webhook"
    url = webhook.url
    if len(url) > _MAX_URL_SHOWN:
        url = f"{url[:_MAX_URL_SHOWN]}…"
    name = f"{kind}: {webhook.pk} ({webhook.event} → {url})"
    secret = _opened(webhook.encrypted_secret, webhook)
    if secret:
        yield Known(secret, f"uses the secret of {name}", str(webhook.pk))
    yield from _before(webhook, f"uses the secret from before the rotation of {name}")


def _before(webhook: Webhook, said: str, recipe: str = "other webhook") -> Iterator[Known]:
    for token, _ in webhook.previous_secrets:
        secret = _opened(token, webhook)
        if secret:
            yield Known(secret, said, str(webhook.pk), recipe)


def _opened(token: str, webhook: Webhook) -> str:
    """The secret in `token`; "" where there is none, or no key opens it."""
    try:
        return vault.decrypt(token, webhook.pk) if token else ""
    except vault.SecretUnreadable:
        return ""


def sent_bodies(account: Account, body: bytes) -> Iterator[Sent]:
    """The account's last events in the conversation that `body` is of: where its bytes are not
    those of one, it may be a view of one, or come with the signature of another."""
    try:
        payload = json.loads(body)
        chatlog_id = payload["data"]["chatlogId"]
    except (ValueError, RecursionError, LookupError, TypeError):
        return
    if not isinstance(chatlog_id, str) or not chatlog_id or not is_chatlog_id(chatlog_id):
        return
    events = Event.objects.filter(chatbot__account=account, chatlog_id=chatlog_id)
    for event in events.order_by("-id")[:_MAX_EVENTS]:
        moment = event.occurred_at.astimezone(UTC).isoformat(timespec="milliseconds")
        name = f"the event {event.pk} ({event.type} of {moment.replace('+00:00', 'Z')})"
        yield Sent(bytes(event.body), name)
