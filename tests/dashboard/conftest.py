from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from chatbots import events
from chatbots.models import Account, ApiKey, Chatbot, Conversation, EventSource, EventType, Message
from webhooks import outbox, subscriptions
from webhooks.models import Attempt, Delivery, DeliveryStatus, Recovery, Webhook

SECRET = "a-very-secret-secret-4711"
OTHER_SECRET = "the-others-secret-0815"


@pytest.fixture(autouse=True)
def _sandbox(settings: Any) -> None:
    settings.SANDBOX = True


@pytest.fixture
def browser_of_member(member: User) -> Client:
    client = Client()
    client.force_login(member)
    return client


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("operator", "operator@example.com", "password")


@pytest.fixture
def browser_of_operator(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    return client


@pytest.fixture
def webhook(chatbot: Chatbot) -> Webhook:
    return subscriptions.create(
        chatbot,
        url="http://127.0.0.1:8000/hooks",
        event=EventType.USER_MESSAGE_SENT,
        secret=SECRET,
    )[0]


def deliver(
    webhook: Webhook,
    status: str = DeliveryStatus.SUCCEEDED,
    *,
    data: dict[str, Any] | None = None,
    attempts: int = 1,
    response_body: bytes = b'{"ok": true}',
) -> Delivery:
    """A delivery of a real event, with attempts as the engine records them."""
    event = events.build(
        webhook.chatbot,
        webhook.event,
        events.lay_over(webhook.event, webhook.chatbot, data or {}),
        source=EventSource.CHAT,
    )
    event.save(force_insert=True)
    delivery = outbox.send_to(webhook, event)
    failed = status != DeliveryStatus.SUCCEEDED
    now = timezone.now()
    for number in range(1, attempts + 1):
        bad = failed or number < attempts
        Attempt.objects.create(
            delivery=delivery,
            number=number,
            started_at=now,
            duration_ms=12,
            status_code=500 if bad else 200,
            error_kind="http_status" if bad else "",
            error="Your endpoint answered 500." if bad else "",
            url=webhook.url,
            request_head=b"POST /hooks HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n"
            b"X-Wonderchat-Signature: 00ff\r\n\r\n",
            response_head=b"HTTP/1.1 200 OK\r\nX-Evil: <script>alert(3)</script>\r\n\r\n",
            response_body=response_body,
        )
    delivery.status = status
    delivery.attempts = attempts
    delivery.failures = attempts if failed else attempts - 1
    delivery.due_at = now + timedelta(minutes=4)
    delivery.save()
    return delivery


class Everything:
    """One of each thing of an account, every text of it carrying `word`."""

    def __init__(self, word: str, secret: str, user: User | None = None) -> None:
        self.word = word
        self.account = Account.objects.create(name=f"{word} account")
        if user:
            self.account.members.add(user)
        self.key, self.clear_key = ApiKey.issue(self.account, f"{word} key")
        self.chatbot = Chatbot.objects.create(
            account=self.account, name=f"{word} bot", support_email="s@example.com"
        )
        self.conversation = Conversation.objects.create(chatbot=self.chatbot, name=f"{word} guest")
        Message.objects.create(conversation=self.conversation, type="user", content=f"{word} said")
        self.webhook, _ = subscriptions.create(
            self.chatbot,
            url=f"http://127.0.0.1:8000/{word}",
            event=EventType.USER_MESSAGE_SENT,
            secret=secret,
        )
        self.delivery = deliver(
            self.webhook,
            DeliveryStatus.FAILED,
            data={"chatlogId": self.conversation.pk, "userMessage": f"{word} asked"},
        )
        self.event = self.delivery.event
        now = timezone.now()
        self.recovery = Recovery.objects.create(
            webhook=self.webhook, since=now, until=now, total=0, created_at=now, finished_at=now
        )


@pytest.fixture
def others(db: None) -> Everything:
    """Another account's things."""
    return Everything("zebra", OTHER_SECRET)


@pytest.fixture
def own(member: User) -> Everything:
    """The member's own things."""
    return Everything("heron", SECRET, member)
