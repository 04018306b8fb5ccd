"""The chat pages of a chatbot: the main chat, and the one that is like WhatsApp."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET

from chatbots.form_field import LONGEST_VALUE
from chatbots.handover_form import LONGEST
from chatbots.models import Chatbot
from chatbots.page_json import find
from chatbots.visitor_input import MAX_MESSAGE_LENGTH

SUGGESTIONS = 4


def policy(ancestors: str) -> str:
    """The Content-Security-Policy of a chat page that `ancestors` may show in a frame."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors {ancestors}"
    )


POLICY = policy("'none'")


@require_GET
@ensure_csrf_cookie
def page(request: HttpRequest, chatbot_id: str) -> HttpResponse:
    """The main chat."""
    return _show(request, chatbot_id, "chatbots/chat.html")


@require_GET
@ensure_csrf_cookie
def whatsapp(request: HttpRequest, chatbot_id: str) -> HttpResponse:
    """The chatbot as it is on WhatsApp: with a phone number and a profile name, and no e-mail."""
    return _show(request, chatbot_id, "chatbots/whatsapp.html")


def _show(request: HttpRequest, chatbot_id: str, template: str) -> HttpResponse:
    try:
        chatbot = find(chatbot_id)
    except Http404:
        return secured(render(request, "chatbots/unknown.html", status=404))
    return secured(show(request, chatbot, template))


def show(request: HttpRequest, chatbot: Chatbot, template: str) -> HttpResponse:
    """The page itself; who may frame it is for the caller to say."""
    suggestions = chatbot.answers.order_by("id").values_list("question", flat=True)[:SUGGESTIONS]
    context = {
        "chatbot": chatbot,
        "suggestions": suggestions,
        "handover": chatbot.can_hand_over,
        "form": form_of(chatbot),
        "max_length": MAX_MESSAGE_LENGTH,
        "sandbox": settings.SANDBOX,
    }
    return render(request, template, context)


def form_of(chatbot: Chatbot) -> list[dict[str, Any]]:
    """The chatbot's handover form, field by field; empty where there is none to submit."""
    if not chatbot.can_hand_over:
        return []
    return [
        {
            "label": field.label,
            "kind": field.kind,
            "required": field.required,
            "options": field.options,
            "max_length": LONGEST.get(field.kind, LONGEST_VALUE),
        }
        for field in chatbot.form_fields.all()
    ]


def secured(response: HttpResponse) -> HttpResponse:
    response["Content-Security-Policy"] = POLICY
    return response
