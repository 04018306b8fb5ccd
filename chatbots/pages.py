"""The chat page of a chatbot, and the JSON calls its script makes.

A visitor has no login. Who holds a chatlog's id (82 random bits, kept in the visitor's browser,
sent in a header and never in an address) holds the conversation, so there is no ambient authority
that another site could borrow; Django's CSRF check is on all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from rest_framework import serializers

from chatbots import conversation as chat
from chatbots import jsonbytes, visitor_input, visitor_throttle
from chatbots.models import Channel, Chatbot, Conversation, Message, MessageType
from chatbots.timestamp import iso
from chatbots.visitor_input import MAX_MESSAGE_LENGTH, ContactShape, Said, optional

SUGGESTIONS = 4
MESSAGES_AT_ONCE = 200
# More than a full message, its details and JSON's escapes can take.
MAX_BODY_BYTES = 64 * 1024
CHATLOG_HEADER = "X-Chatlog-Id"
NO_CONVERSATION = "This conversation is no longer there. Start a new one."

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

Shape = TypeVar("Shape", bound=serializers.Serializer[Any])
View = Callable[..., HttpResponse]


class SaidShape(ContactShape):
    """A message of the page: what is said, and in which conversation."""

    text = Said()
    chatlogId = optional()


class LeftShape(SaidShape):
    """A message left for an answer by e-mail, which needs an address to answer to."""

    email = visitor_input.Text(max_length=254)


class DetailsShape(ContactShape):
    """What a visitor tells of themselves."""

    chatlogId = optional()


class Refused(Exception):
    """The request is answered with `status` and a sentence that the page shows."""

    def __init__(self, status: int, sentence: str, wait_seconds: int = 0) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.wait_seconds = wait_seconds


def in_words(view: View) -> View:
    """Answer what a call of the page raises with a sentence in JSON."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Refused as error:
            response = JsonResponse({"error": error.sentence}, status=error.status)
            if error.wait_seconds:
                response["Retry-After"] = str(error.wait_seconds)
            return response
        except (Http404, Conversation.DoesNotExist):
            return JsonResponse({"error": NO_CONVERSATION}, status=404)

    return answer


@require_GET
@ensure_csrf_cookie
def page(request: HttpRequest, chatbot_id: str) -> HttpResponse:
    """The chat page."""
    try:
        chatbot = find(chatbot_id)
    except Http404:
        return secured(render(request, "chatbots/unknown.html", status=404))
    suggestions = chatbot.answers.order_by("id").values_list("question", flat=True)[:SUGGESTIONS]
    handover = chatbot.email_handover_enabled and bool(chatbot.support_email)
    return secured(
        render(
            request,
            "chatbots/chat.html",
            {
                "chatbot": chatbot,
                "suggestions": suggestions,
                "handover": handover,
                "reachable": handover or chatbot.live_chat_enabled,
                "max_length": MAX_MESSAGE_LENGTH,
                "sandbox": settings.SANDBOX,
            },
        )
    )


@never_cache
@require_http_methods(["GET", "POST"])
@in_words
def messages(request: HttpRequest, chatbot_id: str) -> HttpResponse:
    """POST says something to the chatbot; GET gives what was said since `after`."""
    chatbot = find(chatbot_id)
    if request.method == "GET":
        return JsonResponse(history(request, chatbot))
    shape = read(request, chatbot, SaidShape)
    given = shape.validated_data
    reply = chat.ask(
        chatbot,
        given["text"],
        chatlog_id=given.get("chatlogId") or None,
        channel=Channel.WEB,
        contact=shape.contact,
    )
    return said(reply)


@never_cache
@require_POST
@in_words
def live_chat(request: HttpRequest, chatbot_id: str) -> HttpResponse:
    """The visitor wants to talk to a person now."""
    chatbot = find(chatbot_id)
    shape = read(request, chatbot, SaidShape)
    given = shape.validated_data
    reply = chat.live_message(
        chatbot,
        given["text"],
        chatlog_id=given.get("chatlogId") or None,
        contact=shape.contact,
    )
    return said(reply)


@never_cache
@require_POST
@in_words
def handover(request: HttpRequest, chatbot_id: str) -> HttpResponse:
    """The visitor leaves a message and an address to be answered at."""
    chatbot = find(chatbot_id)
    shape = read(request, chatbot, LeftShape)
    given = shape.validated_data
    reply = chat.hand_over(
        chatbot,
        given["text"],
        chatlog_id=given.get("chatlogId") or None,
        contact=shape.contact,
    )
    return said(reply)


@never_cache
@require_POST
@in_words
def details(request: HttpRequest, chatbot_id: str) -> HttpResponse:
    """The visitor tells who they are."""
    chatbot = find(chatbot_id)
    shape = read(request, chatbot, DetailsShape)
    kept = chat.set_contact(chatbot, shape.validated_data.get("chatlogId") or None, shape.contact)
    return JsonResponse({"chatlogId": kept.pk, "details": known(kept)})


def find(chatbot_id: str) -> Chatbot:
    try:
        return Chatbot.objects.select_related("account").get(pk=chatbot_id)
    except Chatbot.DoesNotExist:
        raise Http404 from None


def read(request: HttpRequest, chatbot: Chatbot, shape: type[Shape]) -> Shape:
    """The request's JSON in `shape`, if this visitor does not write too often."""
    wait_seconds = visitor_throttle.seconds_to_wait(request, chatbot.pk)
    if wait_seconds:
        raise Refused(
            429, f"That was quick! Please wait {wait_seconds} seconds and try again.", wait_seconds
        )
    if request.content_type != "application/json":
        raise Refused(415, "Send JSON.")
    body = request.read(MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        raise Refused(413, f"A message may have up to {MAX_MESSAGE_LENGTH} characters.")
    try:
        given = shape(data=jsonbytes.decode(body))
    except jsonbytes.NotExact as error:
        raise Refused(400, f"{error.path} {error.sentence}".strip()) from None
    if not given.is_valid():
        raise Refused(400, sentence_of(given.errors))
    return given


def sentence_of(errors: Any) -> str:
    """The first thing wrong, in words for a visitor."""
    names = {
        "non_field_errors": "",
        "text": "Your message",
        "email": "Your e-mail",
        "phoneNumber": "Your phone number",
    }
    field, messages = next(iter(errors.items()))
    return f"{names.get(field, field.capitalize())}: {messages[0]}".removeprefix(": ")


def said(reply: chat.Reply) -> JsonResponse:
    """What the page shows after the visitor said something."""
    shown = [reply.message] + ([reply.response] if reply.response else [])
    rows = [row(message) for message in shown]
    rows[-1]["sources"] = [{"url": s.url, "title": s.title} for s in reply.sources]
    return JsonResponse(
        {
            "chatlogId": reply.conversation.pk,
            "state": reply.conversation.state,
            "details": known(reply.conversation),
            "messages": rows,
        }
    )


def history(request: HttpRequest, chatbot: Chatbot) -> dict[str, Any]:
    """The conversation since message `after`, as far as one answer holds."""
    chatlog_id = request.headers.get(CHATLOG_HEADER, "")
    after = request.GET.get("after", "")
    number = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else 0
    if not chatlog_id.isalnum():
        raise Http404
    conversation = chatbot.conversations.get(pk=chatlog_id)
    said_since = conversation.messages.filter(pk__gt=number).order_by("id")
    return {
        "chatlogId": conversation.pk,
        "state": conversation.state,
        "details": known(conversation),
        "messages": [row(message) for message in said_since[:MESSAGES_AT_ONCE]],
    }


def row(message: Message) -> dict[str, Any]:
    return {
        "id": message.pk,
        "type": MessageType(message.type).value,
        "content": message.content,
        "createdAt": iso(message.created_at),
    }


def known(conversation: Conversation) -> dict[str, str]:
    return {
        "email": conversation.email,
        "name": conversation.name,
        "phoneNumber": conversation.phone_number,
    }


def secured(response: HttpResponse) -> HttpResponse:
    response["Content-Security-Policy"] = POLICY
    return response
