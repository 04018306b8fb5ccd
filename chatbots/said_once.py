"""A message that is sent twice is said once: a double-click, a browser that repeats a request.

The page gives each message an id of its own. The message keeps a digest of it, which may be there
once (a constraint of the database's): of two that come together, one is said, and the other waits
for it, fails, and gets its answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from django.db import IntegrityError

from chatbots.conversation import Reply
from chatbots.models import Chatbot, Message, MessageType
from chatbots.visitor import Visitor

ALREADY = "This message has arrived already; what it led to was not done a second time."


def of_visitor(visitor: Visitor, client_id: str) -> str:
    """`client_id` as this visitor's own: another who has the same gets nothing of theirs."""
    return f"{visitor.digest} {client_id}" if client_id else ""


def said_once(chatbot: Chatbot, client_id: str, say: Callable[[str], Reply]) -> Reply:
    """What `say(key)` gives, or what it gave when the same `client_id` was used before.

    `say` has to keep its key as the message's `client_id`. An empty `client_id` is no id.
    """
    if not client_id:
        return say("")
    key = hashlib.sha256(f"{chatbot.pk} {client_id}".encode()).hexdigest()
    if reply := _earlier(key):
        return reply
    try:
        return say(key)
    except IntegrityError:
        reply = _earlier(key)
        if reply is None:
            raise
        return reply


def _earlier(key: str) -> Reply | None:
    """What the message with this key led to, if there is one."""
    message = (
        Message.objects.select_related("conversation__chatbot__account")
        .filter(type=MessageType.USER, client_id=key)
        .first()
    )
    if message is None:
        return None
    after = message.conversation.messages.filter(pk__gt=message.pk).order_by("id").first()
    response = after if after is not None and after.type == MessageType.BOT else None
    return Reply(message.conversation, message, response, reason=ALREADY)
