"""The JSON that a chat page sends and gets: read with care, answered with a sentence when wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import serializers

from chatbots import database_trouble, jsonbytes, transcript, unreadable, visitor_throttle
from chatbots import visitor as visitors
from chatbots.conversation import Reply
from chatbots.counting import counted
from chatbots.models import Chatbot, Conversation, Message, MessageType
from chatbots.timestamp import iso
from chatbots.visitor import Visitor
from chatbots.visitor_input import MAX_MESSAGE_LENGTH
from chatbots.visitor_throttle import Kind
from chatbots.whole_number import whole_number

logger = logging.getLogger(__name__)

# More than a full form or message, its details and JSON's escapes can take.
MAX_BODY_BYTES = 64 * 1024
CHATLOG_HEADER = "X-Chatlog-Id"
TOO_LARGE = f"A message may have up to {MAX_MESSAGE_LENGTH} characters."
NO_CONVERSATION = "This conversation is no longer there. Start a new one."
FIELD_NAMES = {
    "non_field_errors": "",
    "text": "Your message",
    "email": "Your e-mail",
    "name": "Your name",
    "phoneNumber": "Your phone number",
    "values": "The form",
}

Shape = TypeVar("Shape", bound=serializers.Serializer[Any])
View = Callable[..., HttpResponse]


class Refused(Exception):
    """The request is answered with `status` and a sentence that the page shows."""

    def __init__(self, status: int, sentence: str, wait_seconds: int = 0, field: str = "") -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.wait_seconds = wait_seconds
        self.field = field


def in_words(view: View) -> View:
    """Answer what a call of the page raises with a sentence in JSON."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Refused as error:
            body = {"error": error.sentence} | ({"field": error.field} if error.field else {})
            response = JsonResponse(body, status=error.status)
            if error.wait_seconds:
                response["Retry-After"] = str(error.wait_seconds)
            return response
        except (Http404, Conversation.DoesNotExist):
            return JsonResponse({"error": NO_CONVERSATION}, status=404)
        except unreadable.REFUSALS as error:
            return JsonResponse(
                {"error": unreadable.sentence(error)}, status=unreadable.status(error)
            )
        except (OperationalError, InterfaceError) as error:
            logger.error("The database did not serve a visitor: %s", error)  # noqa: TRY400
            response = JsonResponse({"error": database_trouble.sentence(error)}, status=503)
            response["Retry-After"] = str(database_trouble.retry_after_seconds(error))
            return response

    return answer


def find(chatbot_id: str) -> Chatbot:
    """The chatbot at this address. Raises Http404."""
    try:
        return Chatbot.objects.select_related("account").get(pk=chatbot_id)
    except Chatbot.DoesNotExist:
        raise Http404 from None


def count(request: HttpRequest, chatbot_id: str, kind: Kind) -> None:
    """Count one request of this visitor. Raises Refused when it is one too many."""
    _pass(visitor_throttle.visitor_waits(request, chatbot_id, kind))


def visitor_of(request: HttpRequest) -> Visitor:
    """Who asks. Raises Refused for a token that is none."""
    try:
        return visitors.of(request)
    except visitors.NotAToken as error:
        raise Refused(400, str(error)) from None


def charge(chatbot: Chatbot, chatlog_id: str | None, visitor: Visitor, kind: Kind) -> None:
    """Count one request for all visitors together; call it when nothing is left to refuse.

    Raises Refused when it is one too many, and Conversation.DoesNotExist for one that is not this
    visitor's with this chatbot.
    """
    if chatlog_id:
        own = chatbot.conversations.filter(pk=chatlog_id, visitor_digest=visitor.digest)
        if not own.exists():
            raise Conversation.DoesNotExist
    _pass(visitor_throttle.chatbot_waits(chatbot.pk, kind))


def _pass(wait_seconds: int) -> None:
    if wait_seconds:
        wait = counted(wait_seconds, "second")
        raise Refused(429, f"That was quick! Please wait {wait} and try again.", wait_seconds)


def read(request: HttpRequest, chatbot_id: str, shape: type[Shape]) -> Shape:
    """The request's JSON in `shape`, if this visitor does not write too often."""
    count(request, chatbot_id, Kind.WRITE)
    if request.content_type != "application/json":
        raise Refused(415, "Send JSON.")
    body = request.read(MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        raise Refused(413, TOO_LARGE)
    try:
        given = shape(data=jsonbytes.decode(body))
    except jsonbytes.NotExact as error:
        raise Refused(400, f"{error.path} {error.sentence}".strip()) from None
    if not given.is_valid():
        raise Refused(400, sentence_of(given.errors))
    return given


def sentence_of(errors: Any) -> str:
    """The first thing wrong, in words for a visitor."""
    field, messages = next(iter(errors.items()))
    return f"{FIELD_NAMES.get(field, field.capitalize())}: {messages[0]}".removeprefix(": ")


def said(reply: Reply, visitor: Visitor) -> JsonResponse:
    """What the page shows after the visitor said something."""
    shown = [reply.message] + ([reply.response] if reply.response else [])
    return JsonResponse(of(reply.conversation, visitor) | {"messages": [row(one) for one in shown]})


def history(request: HttpRequest, chatbot: Chatbot) -> JsonResponse:
    """The visitor's conversation since message `after`, as far as one answer holds."""
    visitor = visitor_of(request)
    chatlog_id = request.headers.get(CHATLOG_HEADER, "")
    after = request.GET.get("after", "")
    if not chatlog_id.isalnum():
        raise Http404
    conversation = chatbot.conversations.get(pk=chatlog_id, visitor_digest=visitor.digest)
    charge(chatbot, None, visitor, Kind.READ)
    said_since, more = transcript.since(conversation, whole_number(after))
    messages = [row(one) for one in said_since]
    return JsonResponse(of(conversation, visitor) | {"messages": messages, "more": more})


def of(conversation: Conversation, visitor: Visitor) -> dict[str, Any]:
    """The conversation itself: its id, its state, and what is known of the visitor.

    With the token that was made for somebody who showed none.
    """
    made = {"visitorToken": visitor.token} if visitor.is_new else {}
    return made | {
        "chatlogId": conversation.pk,
        "state": conversation.state,
        "details": {
            "email": conversation.email,
            "name": conversation.name,
            "phoneNumber": conversation.phone_number,
        },
    }


def row(message: Message) -> dict[str, Any]:
    return {
        "id": message.pk,
        "type": MessageType(message.type).value,
        "by": message.agent_name,
        "content": message.content,
        "sources": message.sources,
        "createdAt": iso(message.created_at),
    }
