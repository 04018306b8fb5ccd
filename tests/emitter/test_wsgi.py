"""The WSGI application, as a server calls it."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable

import pytest
from django.db import connection

from chatbots.models import Chatbot, Event
from emitter.wsgi import application


class Call:
    """One request, and what came back."""

    def __init__(self, method: str, path: str, key: str, body: bytes = b"") -> None:
        self.status = ""
        self.headers: dict[str, str] = {}
        answer = application(
            {
                "REQUEST_METHOD": method,
                "PATH_INFO": path,
                "SERVER_NAME": "testserver",
                "SERVER_PORT": "80",
                "HTTP_HOST": "testserver",
                "HTTP_AUTHORIZATION": f"Bearer {key}",
                "CONTENT_TYPE": "application/json",
                "CONTENT_LENGTH": str(len(body)),
                "wsgi.input": io.BytesIO(body),
                "wsgi.url_scheme": "http",
                "wsgi.errors": io.StringIO(),
            },
            self._start,
        )
        self.body = b"".join(answer)

    def _start(
        self, status: str, headers: list[tuple[str, str]], *_: object
    ) -> Callable[[bytes], object]:
        self.status, self.headers = status, dict(headers)
        return io.BytesIO().write  # For servers of long ago; nobody writes to it.


@pytest.mark.django_db(transaction=True)
def test_a_call_of_the_api_is_answered_whole(chatbot: Chatbot, api_key: str) -> None:
    asked = {"chatbotId": chatbot.pk, "event": "USER_MESSAGE_SENT"}
    call = Call("POST", "/api/v1/events", api_key, json.dumps(asked).encode())
    assert call.status == "202 Accepted"
    assert call.headers["Content-Type"] == "application/json"
    assert call.headers["X-Content-Type-Options"] == "nosniff"
    assert int(call.headers["Content-Length"]) == len(call.body)
    assert json.loads(call.body)["id"] == Event.objects.get().pk


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/nowhere", "/health/live"])
def test_a_connection_past_its_age_is_closed_after_a_request(path: str, api_key: str) -> None:
    connection.ensure_connection()
    connection.close_at = time.monotonic() - 1
    closed = []
    close, connection.close = connection.close, lambda: closed.append(True)  # type: ignore[method-assign]
    try:
        Call("GET", path, api_key)
    finally:
        connection.close = close  # type: ignore[method-assign]
        connection.close_at = None
    assert closed
