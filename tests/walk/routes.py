"""Every address of the project, from the URL resolver, with ids of things that are there.

A new route with a parameter that is not known here fails the tests that walk, until it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.urls import URLPattern, URLResolver, get_resolver

from inbox.models import Inbox, InboxRequest
from tests.dashboard.conftest import Everything

_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
# The dashboard's list of an app, by a regular expression of Django's own.
_APP_LIST = re.compile(r"\^\(\?P<app_label>([^|)]+)[^)]*\)/\$")
# What the parameters `pk` and `object_id` mean, by what the address begins with.
ROWS = {
    "chatbots/account": "account",
    "chatbots/apikey": "key",
    "chatbots/chatbot": "chatbot",
    "chatbots/conversation": "conversation",
    "chatbots/event": "event",
    "webhooks/webhook": "webhook",
    "webhooks/delivery": "delivery",
    "auth/user": "user",
    "live-chat/": "conversation",
    "inbox/": "inbox_request",
}
# What every other parameter means.
NAMED = {
    "chatbot_id": "chatbot",
    "chatlog_id": "conversation",
    "event_id": "event",
    "webhook_id": "webhook",
    "recovery_id": "recovery",
    "recovery_pk": "recovery",
    "delivery_id": "delivery",
    "id": "user",
    "content_type_id": "user",
}


@dataclass(frozen=True)
class Route:
    """An address with its parameters in braces, such as `/live-chat/{pk}/news`."""

    template: str
    view: Any

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.template)

    def at(self, ids: Mapping[str, str], **other: str) -> str:
        """The address, by ids of `ids_of`; `other` stands in a parameter's place as it is."""
        return self.template.format_map(
            {name: other.get(name) or _id(self.template, name, ids) for name in self.parameters}
        )


def _id(template: str, name: str, ids: Mapping[str, str]) -> str:
    if name in {"pk", "object_id"}:
        row = next((row for start, row in ROWS.items() if template[1:].startswith(start)), "user")
        return ids[row]
    return ids[NAMED.get(name, name)]


def every() -> list[Route]:
    """Each route of the project once."""
    return list({route.template: route for route in _walk(get_resolver(), "/")}.values())


def _walk(resolver: URLResolver, start: str) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        text = str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry, start + text)
        elif isinstance(entry, URLPattern):
            if found := _APP_LIST.fullmatch(text):
                text = f"{found[1]}/"
            elif text.startswith("^"):
                text = text.removeprefix("^").split("(")[0] + "/nothing"
            yield Route(start + _PARAMETER.sub(r"{\1}", text), entry.callback)


def ids_of(things: Everything, inbox: Inbox, request: InboxRequest, user: User) -> dict[str, str]:
    """What stands for each thing in an address."""
    names = ("account", "key", "chatbot", "conversation", "event", "webhook", "delivery")
    found = {name: str(getattr(things, name).pk) for name in (*names, "recovery")}
    return found | {
        "token": inbox.token,
        "inbox_request": str(request.pk),
        "user": str(user.pk),
    }
