"""The sandbox's demo: an account with a chatbot and webhooks to the inbox, and the way in."""

from __future__ import annotations

import re
import secrets

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction

from chatbots.demo import demo_chatbot
from chatbots.models import (
    KEY_PREFIX_LENGTH,
    Account,
    ApiKey,
    Chatbot,
    EventType,
    Membership,
    Plan,
)
from emitter.sandbox_file import Sandbox
from inbox.models import Inbox
from webhooks import subscriptions
from webhooks.models import Webhook, WebhookStatus

ADMIN_USER = "admin"
KEY_NAME = "Sandbox"


@transaction.atomic
def ensure(known: Sandbox, url: str) -> Sandbox:
    """Make what an empty database lacks; returns the way in at `url`.

    `known` is what the last start wrote: its password and key stay good, even on a new database.
    What a person has since changed or removed is left as they want it.
    """
    sandbox = Sandbox(url=url)
    fresh = not Account.objects.exists()
    account = _make_account() if fresh else _account_of(known)
    sandbox.admin_user, sandbox.admin_password = _admin(known.admin_password, account, fresh)
    sandbox.inbox_url = f"{url}/inbox/{Inbox.ensure_default().token}"
    if account is not None:
        sandbox.api_key = _key(known.api_key, account)
        chatbot = account.chatbots.filter(pk=known.chatbot_id).first() or account.chatbots.first()
        if chatbot is not None:
            sandbox.chatbot_id = chatbot.pk
            if fresh:
                _make_webhooks(chatbot, sandbox.inbox_url)
    _follow_inbox(sandbox.inbox_url)
    return sandbox


def _make_account() -> Account:
    account = Account.objects.create(name="Northwind Outfitters", plan=Plan.BASIC)
    demo_chatbot(account)
    return account


def _make_webhooks(chatbot: Chatbot, inbox_url: str) -> None:
    for event in EventType.values:
        subscriptions.create(
            chatbot, url=inbox_url, event=event, description="The sandbox's built-in inbox"
        )


def _account_of(known: Sandbox) -> Account | None:
    """The account the last start used; else the first one with a chatbot; else any."""
    chatbot = Chatbot.objects.filter(pk=known.chatbot_id).first() or Chatbot.objects.first()
    return chatbot.account if chatbot else Account.objects.first()


def _admin(password: str, account: Account | None, fresh: bool) -> tuple[str, str]:
    """The operator's name and password; the password is empty once its owner has changed it."""
    users = get_user_model()
    admin = users.objects.filter(username=ADMIN_USER).first()
    if admin is None:
        password = password or secrets.token_urlsafe(12)
        admin = users.objects.create_superuser(ADMIN_USER, "admin@example.com", password)
    elif not (password and admin.check_password(password)):
        password = ""
    if fresh and account is not None:
        Membership.objects.get_or_create(account=account, user=admin)
    return ADMIN_USER, password


def _key(known: str, account: Account) -> str:
    """A key of `account` that works: the known one wherever that is possible."""
    if known:
        row = ApiKey.objects.filter(hash=ApiKey.hash_of(known)).first()
        if row is None:  # The database is new, the file is not.
            ApiKey.objects.create(
                account=account,
                name=KEY_NAME,
                prefix=known[:KEY_PREFIX_LENGTH],
                hash=ApiKey.hash_of(known),
            )
            return known
        if row.revoked_at is None and row.account_id == account.pk:
            return known
    return ApiKey.issue(account, name=KEY_NAME)[1]


def _follow_inbox(inbox_url: str) -> None:
    """Webhooks to this sandbox's own inbox go where it now listens: port or host may be others.

    What leads there by way of something else, such as a tunnel, stays as it is.
    """
    token = inbox_url.rsplit("/", 1)[1]
    address = r"(?:localhost|[\d.]+|\[[\da-f:.]+\])"
    own = re.compile(rf"http://{address}:\d+/inbox/{re.escape(token)}")
    webhooks = Webhook.objects.filter(url__endswith=f"/inbox/{token}").exclude(
        status=WebhookStatus.DELETED
    )
    for webhook in webhooks.exclude(url=inbox_url):
        if own.fullmatch(webhook.url):
            try:
                with transaction.atomic():
                    subscriptions.update(webhook, url=inbox_url)
            except ValidationError:
                continue  # The person has one for the new address already.
