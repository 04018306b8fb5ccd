"""The chat on other web sites: the script they include, and the chat page that it shows in a frame.

In a frame of another site a browser may keep no cookies for us, so the embedded page has none: its
calls are sent without, and where the first-party page has Django's CSRF token, these have to come
from our own origin, which a browser states on every POST and no other page can state. There is no
login to borrow on either: who shows a conversation's token holds it (visitor.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.http import is_same_domain
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import condition, require_safe

from chatbots import framing, page_json, pages
from chatbots.models import Chatbot

SCRIPT = (Path(__file__).parent / "static" / "chatbots" / "widget.js").read_bytes()
SCRIPT_ETAG = f'"{hashlib.sha256(SCRIPT).hexdigest()[:24]}"'
# Sites never change their snippet, so a new version has to reach them by itself, and soon.
SCRIPT_CACHING = "public, max-age=600, stale-while-revalidate=86400"
NOT_FROM_HERE = "This chat can be used only from its own page. Reload the page, please."

DEMO_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

View = Callable[..., HttpResponse]


def _etag(request: HttpRequest) -> str:
    return SCRIPT_ETAG


@require_safe
@gzip_page
@condition(etag_func=_etag)
def script(request: HttpRequest) -> HttpResponse:
    """What web sites include. The same for all of them, so anybody may read and keep it."""
    response = HttpResponse(SCRIPT, content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = SCRIPT_CACHING
    # For pages that ask for it with crossorigin, or let nothing in that does not agree.
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@require_safe
@xframe_options_exempt
def page(request: HttpRequest, chatbot_id: str) -> HttpResponse:
    """The main chat for a frame, on the web sites that the chatbot's owner lists."""
    try:
        chatbot = page_json.find(chatbot_id)
    except Http404:
        # Framed by anybody: it has nothing to press, and says so to the page around it.
        response = render(request, "chatbots/embed_unknown.html", status=404)
        ancestors = "*"
    else:
        response = pages.show(request, chatbot, "chatbots/embed.html")
        ancestors = framing.ancestors(chatbot.embed_origins)
    response["Content-Security-Policy"] = pages.policy(ancestors)
    # Pages that are cross-origin isolated show only frames that agree to it.
    response["Cross-Origin-Embedder-Policy"] = "require-corp"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Cache-Control"] = "no-cache"
    return response


def embedded(view: View) -> View:
    """`view` for the embedded page: by its own origin in place of a cookie and a token."""

    @csrf_exempt
    @wraps(view)
    def call(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method not in {"GET", "HEAD"} and not is_from_here(request):
            return JsonResponse({"error": NOT_FROM_HERE}, status=403)
        return view(request, *args, **kwargs)

    return call


def is_from_here(request: HttpRequest) -> bool:
    """Whether the page that asks is of our own origin, or one of CSRF_TRUSTED_ORIGINS."""
    origin = request.headers.get("Origin", "")
    if origin == f"{request.scheme}://{request.get_host()}":
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return any(
        parts.scheme == trusted.scheme and is_same_domain(parts.netloc, trusted.netloc.lstrip("*"))
        for trusted in map(urlsplit, settings.CSRF_TRUSTED_ORIGINS)
    )


@require_safe
def demo_shop(request: HttpRequest) -> HttpResponse:
    """A shop's page with the widget, in the sandbox; of `?chatbot=ID`, or the oldest one."""
    if not settings.SANDBOX:
        raise Http404
    wanted = request.GET.get("chatbot", "")
    chatbots = Chatbot.objects.order_by("created_at")
    chatbot = chatbots.filter(pk=wanted).first() if wanted else chatbots.first()
    if chatbot is None:
        raise Http404
    response = render(request, "chatbots/shop.html", {"chatbot": chatbot})
    response["Content-Security-Policy"] = DEMO_POLICY
    return response
