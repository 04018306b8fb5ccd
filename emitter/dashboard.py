"""The dashboard at `/`: who may enter, what the sidebar shows, and the sandbox's mark on it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import InvalidPage
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.sites import UnfoldAdminSite

from chatbots.membership import Person, below_basic, chatbots_of, is_operator


class Site(UnfoldAdminSite):
    """Django's admin, themed by Unfold, in Wonderchat's words."""

    site_title = "Wonderchat"
    site_header = "Wonderchat"
    index_title = "Home"
    index_template = "admin/home.html"
    enable_nav_sidebar = True
    # The site is mounted at the root: what it does not know is a 404, not a way to the login.
    final_catch_all_view = False

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        from emitter import home

        page: TemplateResponse = super().index(
            request, {**(extra_context or {}), **home.context(request)}
        )
        return page

    def search(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What the theme finds; the first page of it where `page` is none that there is."""
        try:
            found: HttpResponse = super().search(request, extra_context)
        except (InvalidPage, ValueError):
            query = request.GET.copy()
            query["page"] = "1"
            request.GET = query  # type: ignore[assignment]  # The stubs want one that cannot change.
            found = super().search(request, extra_context)
        return found

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        from emitter.own_password import OwnPassword

        request.current_app = self.name
        return OwnPassword.as_view(
            success_url=reverse("admin:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )(request)

    def get_urls(self) -> list[Any]:
        from chatbots.admin import live_chat

        # The way from a row to its page on a site is left out: no row of the dashboard has one, and
        # it would find the rows of every other table, too.
        own = [url for url in super().get_urls() if getattr(url, "name", "") != "view_on_site"]
        return [*live_chat.urls(self), *own]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return {
            **super().each_context(request),
            "sandbox": settings.SANDBOX,
            # Looked up by the templates that ask for it (plan_notices.html).
            "below_basic": lambda: below_basic(request.user),
        }


def environment(request: HttpRequest) -> list[str] | None:
    """The label beside each page's title."""
    return ["Sandbox", "warning"] if settings.SANDBOX else None


def _item(title: str, icon: str, link: str, *, exact: bool = False) -> dict[str, Any]:
    def active(request: HttpRequest) -> bool:
        return request.path == link if exact else request.path.startswith(link)

    return {"title": title, "icon": icon, "link": link, "active": active}


def _list_item(title: str, icon: str, model: str) -> dict[str, Any]:
    return _item(title, icon, reverse(f"admin:{model}_changelist"))


def _live_chat_item(user: Person) -> dict[str, Any]:
    """With how many wait; the screen's script keeps the number right."""
    from chatbots.admin import live_chat_list

    title = format_html(
        'Live chat <span class="wc-badge" title="Visitors who wait" data-live-waiting>{}</span>',
        live_chat_list.waiting_count(user) or "",
    )
    return _item(title, "support_agent", reverse("admin:live_chat"))


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar, in Wonderchat's words."""
    user = request.user
    if isinstance(user, AnonymousUser):
        return []
    try_it = []
    chatbot = chatbots_of(user).order_by("created_at").first()
    if chatbot:
        try_it.append(_item("Chat page", "chat", f"/chatbot/{chatbot.pk}", exact=True))
    if settings.SANDBOX:
        from inbox.models import Inbox

        try_it.append(_item("Inbox", "inbox", Inbox.ensure_default().get_absolute_url()))
    try_it.append(_item("API docs", "api", "/api/v1/docs", exact=True))
    account = [
        _list_item("Accounts" if is_operator(user) else "Account", "business", "chatbots_account"),
        _list_item("API keys", "key", "chatbots_apikey"),
    ]
    if is_operator(user):
        account.append(_list_item("Users", "group", "auth_user"))
    return [
        {"items": [_item("Home", "home", reverse("admin:index"), exact=True)]},
        {
            "title": "Chat",
            "items": [
                _live_chat_item(user),
                _list_item("Chatbots", "smart_toy", "chatbots_chatbot"),
                _list_item("Conversations", "forum", "chatbots_conversation"),
            ],
        },
        {
            "title": "Webhooks",
            "items": [
                _list_item("Connect & Manage", "webhook", "webhooks_webhook"),
                _list_item("Deliveries", "send", "webhooks_delivery"),
                _list_item("Events", "bolt", "chatbots_event"),
            ],
        },
        {"title": "Try it", "items": try_it},
        {"title": "Settings", "items": account},
    ]
