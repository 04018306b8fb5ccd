"""Django behind the front door: signals, connections, and the short way of a busy call."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import signals
from django.db import close_old_connections, connection, reset_queries
from django.http import HttpResponse

from chatbots import standing
from chatbots.later import NotHere
from chatbots.models import Chatbot, Event
from emitter.front_door.django_side import DjangoSide
from emitter.front_door.door import FrontDoor
from emitter.front_door.pool import Pool
from tests.emitter.front_door.test_head import scope
from webhooks.api import intake


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """The front door takes over what Django has connected to its signals, for good."""
    yield
    signals.request_started.connect(reset_queries)
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)
    standing._keys.clear()
    standing._chatbots.clear()


def _close() -> None:
    connection.close()  # That of the thread which calls this.


class Client:
    """Calls the application as a server would."""

    def __init__(self, key: str) -> None:
        self.door = FrontDoor(Pool(threads=1))
        self._key = key

    async def call(
        self, method: str, path: str, body: bytes = b"", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        told: list[dict[str, Any]] = []
        named = {
            "host": "testserver",
            "authorization": f"Bearer {self._key}",
            "content-type": "application/json",
            "content-length": str(len(body)),
        } | headers
        asked = scope(path, b"", *((n.encode(), v.encode()) for n, v in named.items()))

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            told.append(message)

        await self.door(asked | {"method": method}, receive, send)
        await self.door._pool.run(_close)
        head = {name.decode(): value.decode() for name, value in told[0]["headers"]}
        return told[0]["status"], head, b"".join(part["body"] for part in told[1:])


def run(what: Any) -> Any:
    """With the writer of a web process, and none after it."""

    async def go() -> Any:
        intake.begin(asyncio.get_running_loop())
        try:
            return await what()
        finally:
            await asyncio.to_thread(intake.end)

    return asyncio.run(go())


@pytest.mark.django_db(transaction=True)
def test_a_busy_call_has_the_same_answer_on_every_way(chatbot: Chatbot, api_key: str) -> None:
    client = Client(api_key)
    body = json.dumps({"chatbotId": chatbot.pk, "event": "USER_MESSAGE_SENT"}).encode()

    async def ask() -> list[Any]:
        # In a thread, over the loop and all middleware, and on the short way.
        found = [await client.call("POST", "/api/v1/events", body) for _ in range(3)]
        assert len(client.door._short_way._known) == 1
        # Another host is asked anew, and a wrong one is still refused.
        refused = await client.call("POST", "/api/v1/events", body, host="evil.example")
        assert refused[0] == 400
        no_key = await client.call("POST", "/api/v1/events", body, authorization="")
        assert no_key[0] == 401
        assert no_key[1]["www-authenticate"]
        wrong = await client.call("POST", "/api/v1/events", b"{")
        assert wrong[0] == 400
        return found

    found = run(ask)
    assert [status for status, _, _ in found] == [202] * 3
    assert all(int(headers["content-length"]) == len(body) for _, headers, body in found)
    assert len({tuple(sorted(headers)) for _, headers, _ in found}) == 1
    assert found[0][1]["x-content-type-options"] == "nosniff"
    assert "content-security-policy" in found[2][1]
    assert {json.loads(body)["id"] for _, _, body in found} == set(
        Event.objects.values_list("pk", flat=True)
    )


@pytest.mark.django_db(transaction=True)
def test_a_key_that_was_revoked_takes_nothing_more(chatbot: Chatbot, api_key: str) -> None:
    client = Client(api_key)
    body = json.dumps({"chatbotId": chatbot.pk, "event": "USER_MESSAGE_SENT"}).encode()

    def revoke() -> None:
        chatbot.account.api_keys.get().revoke()
        connection.close()

    async def ask() -> list[int]:
        before = [(await client.call("POST", "/api/v1/events", body))[0] for _ in range(3)]
        await asyncio.to_thread(revoke)
        return [*before, (await client.call("POST", "/api/v1/events", body))[0]]

    assert run(ask) == [202, 202, 202, 401]
    assert Event.objects.count() == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/api/v1/webhooks", "/api/v1/nowhere", "/health/live"])
def test_others_hear_of_each_request_and_nothing_of_djangos_own(path: str, api_key: str) -> None:
    heard: list[str] = []

    def began(**_: object) -> None:
        heard.append("began")

    def ended(**_: object) -> None:
        heard.append("ended")

    client = Client(api_key)
    assert close_old_connections not in [each() for _, each, *_ in _receivers()]
    signals.request_started.connect(began)
    signals.request_finished.connect(ended)
    try:
        run(lambda: client.call("GET", path))
    finally:
        signals.request_started.disconnect(began)
        signals.request_finished.disconnect(ended)
    assert heard == ["began", "ended"]


def _receivers() -> list[Any]:
    return list(signals.request_finished.receivers)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/nowhere", "/login/"])
def test_a_connection_past_its_age_is_closed_after_a_request(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.ensure_connection()
    connection.close_at = time.monotonic() - 1
    closed: list[bool] = []
    monkeypatch.setattr(connection, "close", lambda: closed.append(True))
    side = DjangoSide()
    monkeypatch.setattr(side, "get_response", lambda request: HttpResponse())
    from emitter.front_door.head import environ_of, with_body

    environ = environ_of(scope(path))
    with_body(environ, b"", 0)
    side.respond_in_thread(environ)
    connection.close_at = None
    assert closed


def test_what_needs_the_database_is_begun_anew_in_a_thread() -> None:
    assert not issubclass(NotHere, Exception)
