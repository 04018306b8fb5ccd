"""What the chat pages' script calls: say something, ask for a person, leave a message, fill a form.

A visitor has no login. Who shows the token that a conversation was begun with (visitor.py: kept in
the visitor's browser, sent in a header and never in an address) holds it; its id alone opens
nothing. Django's CSRF check is on all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from rest_framework import serializers

from chatbots import conversation as chat
from chatbots import handover_form, page_json, phone_number
from chatbots.conversation import Contact, Reply
from chatbots.models import Channel, Chatbot
from chatbots.page_json import Refused
from chatbots.said_once import of_visitor, said_once
from chatbots.visitor_input import ContactShape, FormFields, Said, Text, optional
from chatbots.visitor_throttle import Kind


class SentShape(serializers.Serializer[Any]):
    """What every call of a page has: the conversation, and an id of its own for what is sent."""

    chatlogId = optional()
    clientId = optional(max_length=64)


class SaidShape(ContactShape, SentShape):
    """A message of the page: what is said, and in which conversation."""

    text = Said()


class LeftShape(SaidShape):
    """A message left for an answer by e-mail, which needs an address to answer to."""

    email = Text(max_length=254)


class WhatsAppShape(SentShape):
    """A message on WhatsApp, which tells a phone number and a profile name, and no e-mail."""

    text = Said()
    name = optional(max_length=200)
    phoneNumber = optional(max_length=40)

    def validate_phoneNumber(self, value: str | None) -> str | None:
        try:
            return phone_number.international(value) if value else value
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.get("chatlogId") and not attrs.get("phoneNumber"):
            raise serializers.ValidationError({"phoneNumber": [phone_number.HOW]})
        return attrs

    @property
    def contact(self) -> Contact:
        """Call after `is_valid`."""
        given = self.validated_data
        return Contact(
            name=(given.get("name") or "").strip(), phone_number=given.get("phoneNumber") or ""
        )


class FilledShape(SentShape):
    """The chatbot's own handover form, by label."""

    values = FormFields()


class DetailsShape(ContactShape, SentShape):
    """What a visitor tells of themselves."""


def shape_of(channel: str) -> type[SaidShape] | type[WhatsAppShape]:
    return WhatsAppShape if channel == Channel.WHATSAPP else SaidShape


@never_cache
@require_http_methods(["GET", "POST"])
@page_json.in_words
def messages(request: HttpRequest, chatbot_id: str, channel: str = Channel.WEB) -> HttpResponse:
    """POST says something to the chatbot; GET gives what was said since `after`."""
    chatbot = page_json.find(chatbot_id)
    if request.method == "GET":
        page_json.count(request, chatbot.pk, Kind.READ)
        return page_json.history(request, chatbot)
    shape = page_json.read(request, chatbot.pk, shape_of(channel))
    return _say(request, chatbot, chat.ask, shape, channel=channel)


@never_cache
@require_POST
@page_json.in_words
def live_chat(request: HttpRequest, chatbot_id: str, channel: str = Channel.WEB) -> HttpResponse:
    """The visitor wants to talk to a person now."""
    chatbot = page_json.find(chatbot_id)
    shape = page_json.read(request, chatbot.pk, shape_of(channel))
    return _say(request, chatbot, chat.live_message, shape, channel=channel)


@never_cache
@require_POST
@page_json.in_words
def leave_email(request: HttpRequest, chatbot_id: str) -> HttpResponse:
    """Leave Email: a message and an address to be answered at."""
    chatbot = page_json.find(chatbot_id)
    return _say(request, chatbot, chat.hand_over, page_json.read(request, chatbot.pk, LeftShape))


@never_cache
@require_POST
@page_json.in_words
def submit_form(request: HttpRequest, chatbot_id: str) -> HttpResponse:
    """The visitor submits the chatbot's own handover form."""
    chatbot = page_json.find(chatbot_id)
    given = page_json.read(request, chatbot.pk, FilledShape).validated_data
    asked = list(chatbot.form_fields.all())
    if not asked:
        raise Refused(404, "This form is no longer there. Reload the page, please.")
    labels = {field.label for field in asked}
    values = {label: value for label, value in given["values"].items() if label in labels}
    try:
        filled = handover_form.read(asked, values)
    except handover_form.Invalid as error:
        label, sentence = next(iter(error.sentences.items()))
        raise Refused(400, f"{label}: {sentence}", field=label) from None
    if not filled.text.strip():
        raise Refused(400, "Please fill in at least one field.", field=asked[0].label)
    return _once(
        request,
        chatbot,
        chat.hand_over,
        given,
        filled.text,
        contact=filled.contact,
        form_fields=filled.values,
    )


def _say(
    request: HttpRequest,
    chatbot: Chatbot,
    act: Callable[..., Reply],
    shape: SaidShape | WhatsAppShape,
    **more: Any,
) -> HttpResponse:
    """A message of the page, with who says it, for `act` to do."""
    given = shape.validated_data
    return _once(request, chatbot, act, given, given["text"], contact=shape.contact, **more)


def _once(
    request: HttpRequest,
    chatbot: Chatbot,
    act: Callable[..., Reply],
    given: dict[str, Any],
    text: str,
    **more: Any,
) -> HttpResponse:
    """Do one of the acts of conversation.py for what the page sent, once for its clientId."""
    chatlog_id = given.get("chatlogId") or None

    visitor = page_json.visitor_of(request)

    def say(key: str) -> Reply:
        page_json.charge(chatbot, chatlog_id, visitor, Kind.WRITE)
        return act(
            chatbot,
            text,
            chatlog_id=chatlog_id,
            client_id=key,
            visitor=visitor.digest,
            **more,
        )

    client_id = of_visitor(visitor, given.get("clientId") or "")
    return page_json.said(said_once(chatbot, client_id, say), visitor)


@never_cache
@require_POST
@page_json.in_words
def details(request: HttpRequest, chatbot_id: str) -> HttpResponse:
    """The visitor tells who they are."""
    chatbot = page_json.find(chatbot_id)
    shape = page_json.read(request, chatbot.pk, DetailsShape)
    chatlog_id = shape.validated_data.get("chatlogId") or None
    visitor = page_json.visitor_of(request)
    page_json.charge(chatbot, chatlog_id, visitor, Kind.WRITE)
    kept = chat.set_contact(chatbot, chatlog_id, shape.contact, visitor.digest)
    return JsonResponse(page_json.of(kept, visitor))
