"""Live chat: who waits for a person, and the conversation an agent has open beside it.

The page's script (static/chatbots/live_chat.js) asks `news` for what has changed: the list, how the
open conversation stands, and what was said in it. It names what it has seen, and is answered 204
while there is nothing new. Without the script the same forms work with a reload.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.crypto import get_random_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from rest_framework import serializers

from chatbots import agents, transcript
from chatbots.admin import live_chat_list
from chatbots.chat_state import LIVE_STATES
from chatbots.membership import chatbots_of
from chatbots.models import Conversation, Message
from chatbots.visitor_input import MAX_MESSAGE_LENGTH, Said
from chatbots.whole_number import whole_number


def urls(site: AdminSite) -> list[URLPattern]:
    """The screen and its calls, under /live-chat/."""
    view = site.admin_view

    def at(route: str, made: Callable[..., HttpResponse], name: str) -> URLPattern:
        return path(f"live-chat/{route}", view(never_cache(made)), {"site": site}, name=name)

    return [
        at("", require_GET(screen), "live_chat"),
        at("news", require_GET(news), "live_chat_news"),
        at("<slug:pk>/", require_GET(screen), "live_chat_open"),
        at("<slug:pk>/news", require_GET(news), "live_chat_open_news"),
        *(
            at(f"<slug:pk>/{name}", require_POST(_action(done)), f"live_chat_{name}")
            for name, done in ACTIONS.items()
        ),
    ]


def find(request: HttpRequest, pk: str) -> Conversation:
    """A conversation of this person's accounts. Raises Http404 for any other."""
    own = Conversation.objects.filter(chatbot__in=chatbots_of(request.user), pk=pk)
    conversation = own.select_related("chatbot", "agent").first()
    if conversation is None:
        raise Http404("There is no such conversation.")
    return conversation


def agent_of(request: HttpRequest) -> AbstractUser:
    assert isinstance(request.user, AbstractUser)
    return request.user


def screen(request: HttpRequest, site: AdminSite, pk: str = "") -> HttpResponse:
    """The list, and the conversation that is open, if one is."""
    listed = live_chat_list.of(request.user)
    context = {
        **site.each_context(request),
        "title": "Live chat",
        "listed": listed,
        "open_pk": pk,
        "version": live_chat_list.version(request.user),
    }
    if pk:
        conversation = find(request, pk)
        said = transcript.latest(conversation)
        context |= {
            "conversation": conversation,
            "said": said.messages,
            "before": said.before,
            "newest": said.newest,
            "client_id": get_random_string(22),
            "max_length": MAX_MESSAGE_LENGTH,
            **_standing(request, conversation),
        }
    return render(request, "admin/live_chat.html", context)


def news(request: HttpRequest, site: AdminSite, pk: str = "") -> HttpResponse:
    """What has changed since the caller last looked, or 204.

    The caller says what it has: `list` and `stands` are versions it was given, `after` is the
    number of the newest message it shows.
    """
    conversation = find(request, pk) if pk else None
    changed = _changes(request, conversation)
    return JsonResponse(changed) if changed else HttpResponse(status=204)


def _changes(request: HttpRequest, conversation: Conversation | None) -> dict[str, Any]:
    given = request.GET if request.method == "GET" else request.POST
    changed: dict[str, Any] = {}
    version = live_chat_list.version(request.user)
    if given.get("list") != version:
        listed = live_chat_list.of(request.user)
        context = {"listed": listed, "open_pk": conversation.pk if conversation else ""}
        changed["list"] = {
            "version": version,
            "waiting": listed.waiting_count,
            "html": render_to_string("admin/live_chat_list.html", context, request),
        }
    if conversation is None:
        return changed
    stands = _standing(request, conversation)
    if given.get("stands") != stands["stands"]:
        context = {"conversation": conversation, **stands}
        changed["stands"] = {
            "version": stands["stands"],
            "mayReply": stands["may_reply"],
            "head": render_to_string("admin/live_chat_head.html", context, request),
            "notice": render_to_string("admin/live_chat_notice.html", context, request),
        }
    after = whole_number(given.get("after", ""))
    said, _ = transcript.since(conversation, after)
    if said:
        changed["said"] = [
            {"id": message.pk, "html": _bubble(conversation, message)} for message in said
        ]
    return changed


def _bubble(conversation: Conversation, message: Message) -> str:
    context = {"conversation": conversation, "message": message}
    return render_to_string("admin/said.html", context)


def _standing(request: HttpRequest, conversation: Conversation) -> dict[str, Any]:
    """Who has the conversation, and whether this person may reply; `stands` is its version."""
    is_live = conversation.state in LIVE_STATES
    mine = conversation.agent_id == agent_of(request).pk
    shown = (
        conversation.state,
        conversation.agent_id,
        conversation.name,
        conversation.email,
        conversation.phone_number,
        conversation.priority_because,
    )
    return {
        "is_live": is_live,
        "is_mine": mine,
        "may_reply": is_live and (mine or conversation.agent_id is None),
        "agent_name": agents.name_of(conversation.agent) if conversation.agent else "",
        "stands": f"{zlib.crc32(repr(shown).encode('utf-8', 'surrogatepass')):08x}",
    }


def _take(request: HttpRequest, conversation: Conversation) -> str:
    agents.take(conversation, agent_of(request))
    return "Took the live chat"


def _reply(request: HttpRequest, conversation: Conversation) -> str:
    # A form sends its line breaks as CRLF; the visitor's page writes LF.
    draft = request.POST.get("text", "").replace("\r\n", "\n")
    if not draft.strip():
        raise ValidationError("Write a reply first.")
    try:
        text = Said().run_validation(draft)
    except serializers.ValidationError as error:
        raise ValidationError(" ".join(map(str, error.detail))) from None
    client_id = request.POST.get("client_id", "").replace("\0", "")[:64]
    agents.reply(conversation, text, agent=agent_of(request), client_id=client_id)
    return ""


def _hand_back(request: HttpRequest, conversation: Conversation) -> str:
    agents.hand_back(conversation)
    return "Handed back to the chatbot"


def _close(request: HttpRequest, conversation: Conversation) -> str:
    agents.close(conversation)
    return "Closed the live chat"


# What may be posted to a conversation. Each gives the line of its history, empty for none.
ACTIONS: dict[str, Callable[[HttpRequest, Conversation], str]] = {
    "take": _take,
    "reply": _reply,
    "hand_back": _hand_back,
    "close": _close,
}


def _action(do: Callable[[HttpRequest, Conversation], str]) -> Callable[..., HttpResponse]:
    """A view that does it: answered with the news for the page's script, else with the page."""

    def act(request: HttpRequest, site: AdminSite, pk: str) -> HttpResponse:
        conversation = find(request, pk)
        by_script = request.headers.get("Accept") == "application/json"
        refused = ""
        try:
            done = do(request, conversation)
        except ValidationError as error:
            refused = " ".join(error.messages)
        else:
            if done:
                site.get_model_admin(Conversation).log_change(request, conversation, done)
        if not by_script:
            if refused:
                messages.error(request, refused)
            return redirect("admin:live_chat_open", pk)
        changed = _changes(request, find(request, pk))
        return JsonResponse(
            changed | ({"error": refused} if refused else {}), status=409 if refused else 200
        )

    return act
