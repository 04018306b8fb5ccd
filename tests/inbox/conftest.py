from __future__ import annotations

from typing import Any

import pytest

from chatbots.models import Chatbot, EventType
from inbox.models import Inbox
from webhooks import subscriptions
from webhooks.models import Webhook

SECRET = "the secret of the inbox"


@pytest.fixture(autouse=True)
def _sandbox(settings: Any) -> None:
    settings.SANDBOX = True


@pytest.fixture
def inbox(db: None) -> Inbox:
    return Inbox.ensure_default()


@pytest.fixture
def webhook(inbox: Inbox, chatbot: Chatbot) -> Webhook:
    """A webhook for USER_MESSAGE_SENT that leads to the inbox."""
    return subscriptions.create(
        chatbot,
        url=f"http://127.0.0.1:8000{inbox.get_absolute_url()}",
        event=EventType.USER_MESSAGE_SENT,
        secret=SECRET,
    )[0]
