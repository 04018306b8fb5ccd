"""One request after another, each as if it were the only one; and which parameters a view reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any, ClassVar

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.db import transaction
from django.http import QueryDict
from django.test import Client

from chatbots.models import Conversation
from chatbots.visitor import Visitor as VisitorOfAPage
from tests.dashboard.conftest import Everything


@dataclass
class Answer:
    """What a request was answered."""

    status: int
    content: bytes
    context: Any
    type: str


@dataclass
class Visitor:
    """An operator with a browser, and a program with a key."""

    client: Client
    key: str
    things: Everything
    ids: Mapping[str, str]
    kept: Mapping[str, str] = field(init=False)

    # What a chat page sends with each call: of the embedded one too, and of the conversation's own.
    of_the_page: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        token = "token-of-the-visitor-0"
        Conversation.objects.filter(pk=self.ids["conversation"]).update(
            visitor_digest=VisitorOfAPage(token).digest
        )
        self.of_the_page = {
            "HTTP_ORIGIN": "http://testserver",
            "HTTP_X_VISITOR_TOKEN": token,
            "HTTP_X_CHATLOG_ID": self.ids["conversation"],
        }
        self.kept = {name: morsel.value for name, morsel in self.client.cookies.items()}

    def ask(
        self, method: str, address: str, body: bytes = b"", kind: str = "", **headers: Any
    ) -> Answer:
        """Ask, and undo whatever it did. `address` goes as it is, percent signs and all."""
        path, _, query = address.partition("?")
        if path.startswith("/api/"):
            headers.setdefault("HTTP_AUTHORIZATION", f"Bearer {self.key}")
        if path.startswith("/chatbot/"):
            headers = self.of_the_page | headers
        client = self.client
        with transaction.atomic():
            # A deferred constraint would be looked at with the COMMIT only.
            answer = client.generic(
                method, path, body, kind or "application/json", QUERY_STRING=query, **headers
            )
            content = answer.content if not answer.streaming else b"".join(answer)
            transaction.set_rollback(True)
        # A page that logs out takes the cookie with it, and the session is there again.
        client.cookies = SimpleCookie(self.kept)
        return Answer(
            answer.status_code, content, answer.context, answer.headers.get("Content-Type", "")
        )


class _Noted(QueryDict):
    """A query that notes what is asked of it."""

    names: ClassVar[set[str]] = set()

    def __getitem__(self, key: str) -> Any:
        self.names.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.names.add(key)
        return super().get(key, default)

    def getlist(self, key: str, default: Any = None) -> Any:
        self.names.add(key)
        return super().getlist(key, default)

    def __contains__(self, key: object) -> bool:
        self.names.add(str(key))
        return super().__contains__(key)


@contextmanager
def names_read(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """The names of the parameters that are read from query strings meanwhile."""
    names: set[str] = set()

    def spied(request: WSGIRequest) -> QueryDict:
        return _Noted(request.META.get("QUERY_STRING", ""), encoding=request.encoding)

    with monkeypatch.context() as patched:
        patched.setattr(_Noted, "names", names)
        patched.setattr(WSGIRequest, "GET", property(spied, lambda self, value: None))
        yield names
