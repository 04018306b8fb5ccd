"""What the widget's addresses answer: the script, the embedded page, its calls, the demo."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from chatbots import demo
from chatbots.models import Chatbot, Conversation, Event

SCRIPT = "/scripts/wonderchat.js"


@pytest.fixture
def strict(db: None) -> Client:
    """A browser that keeps cookies, and whose CSRF tokens are looked at."""
    return Client(enforce_csrf_checks=True)


def say(client: Client, path: str, text: str = "hello", **headers: str) -> Any:
    return client.post(
        path, json.dumps({"text": text}), content_type="application/json", headers=headers
    )


def test_the_script_is_public_and_kept_and_asked_for_again_by_its_tag(client: Client) -> None:
    first = client.get(SCRIPT)
    assert first.status_code == 200
    assert first["Content-Type"] == "text/javascript; charset=utf-8"
    assert first["Cache-Control"].startswith("public, max-age=600")
    assert first["Access-Control-Allow-Origin"] == "*"
    assert first["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert first["X-Content-Type-Options"] == "nosniff"
    assert "Cookie" not in first.get("Vary", "")
    assert not first.cookies
    again = client.get(SCRIPT, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    small = client.get(SCRIPT, headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(small.content) == first.content
    assert client.post(SCRIPT).status_code == 405


def test_the_embedded_page_may_be_framed_by_the_listed_origins_alone(
    client: Client, chatbot: Chatbot
) -> None:
    chatbot.embed_origins = "https://shop.example\nhttps://*.acme.example"
    chatbot.save()
    response = client.get(f"/chatbot/{chatbot.pk}/embed")
    directives = response["Content-Security-Policy"].split("; ")
    assert directives[-1] == "frame-ancestors 'self' https://shop.example https://*.acme.example"
    assert directives[:2] == ["default-src 'none'", "script-src 'self'"]
    assert "X-Frame-Options" not in response
    assert not response.cookies
    assert "csrfmiddlewaretoken" not in response.content.decode()


def test_the_first_party_pages_may_be_framed_by_nobody_whatever_is_listed(
    client: Client, chatbot: Chatbot
) -> None:
    chatbot.embed_origins = "https://shop.example"
    chatbot.save()
    for path in ("", "/whatsapp"):
        response = client.get(f"/chatbot/{chatbot.pk}{path}")
        assert response["Content-Security-Policy"].endswith("frame-ancestors 'none'")
        assert response["X-Frame-Options"] == "DENY"
        assert "csrfmiddlewaretoken" in response.content.decode()
        assert "data-embedded" not in response.content.decode()


def test_a_chatbot_that_is_not_there_is_said_to_any_page(client: Client, db: None) -> None:
    response = client.get("/chatbot/cnothing/embed")
    assert response.status_code == 404
    assert response["Content-Security-Policy"].endswith("frame-ancestors *")
    assert "<button" not in response.content.decode()
    assert "<a " not in response.content.decode()


def test_an_embedded_call_needs_no_cookie_and_comes_from_our_own_page(
    strict: Client, chatbot: Chatbot
) -> None:
    path = f"/chatbot/{chatbot.pk}/embed/messages"
    refused = ("", "null", "https://shop.example", "http://testserver.evil.example", "https://[")
    for origin in refused:
        response = say(strict, path, **({"Origin": origin} if origin else {}))
        assert response.status_code == 403
        assert response.json()["error"].startswith("This chat can be used only from its own page")
    assert not Conversation.objects.exists()

    response = say(strict, path, Origin="http://testserver")
    assert response.status_code == 200
    assert not response.cookies
    assert "Access-Control-Allow-Origin" not in response
    assert Event.objects.get().type == "USER_MESSAGE_SENT"
    own = response.json()
    seen = strict.get(
        path, headers={"X-Chatlog-Id": own["chatlogId"], "X-Visitor-Token": own["visitorToken"]}
    )
    assert len(seen.json()["messages"]) == 2


def test_a_proxys_own_name_may_be_trusted_as_for_every_other_form(
    strict: Client, chatbot: Chatbot, settings: Settings
) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://chat.example", "https://*.acme.example"]
    path = f"/chatbot/{chatbot.pk}/embed/messages"
    assert say(strict, path, Origin="https://chat.example").status_code == 200
    assert say(strict, path, Origin="https://eu.acme.example").status_code == 200
    assert say(strict, path, Origin="http://chat.example").status_code == 403
    assert say(strict, path, Origin="https://acme.example.evil.example").status_code == 403


@pytest.mark.parametrize("call", ["messages", "live-chat", "handover", "form", "details"])
def test_the_first_party_calls_still_need_their_token(
    strict: Client, chatbot: Chatbot, call: str
) -> None:
    response = say(strict, f"/chatbot/{chatbot.pk}/{call}", Origin="http://testserver")
    assert response.status_code == 403
    other = say(strict, f"/chatbot/{chatbot.pk}/embed/{call}", Origin="https://shop.example")
    assert other.status_code == 403
    assert not Conversation.objects.exists()


def test_the_demo_shop_is_in_the_sandbox_only(
    client: Client, chatbot: Chatbot, settings: Settings
) -> None:
    assert client.get("/demo/shop").status_code == 404
    settings.SANDBOX = True
    second = demo.demo_chatbot(chatbot.account)
    for path, shown in (("/demo/shop", chatbot), (f"/demo/shop?chatbot={second.pk}", second)):
        page = client.get(path)
        assert page.status_code == 200
        assert f'data-id="{shown.pk}"' in page.content.decode()
        assert 'data-address="testserver"' in page.content.decode()
    assert client.get("/demo/shop?chatbot=cnothing").status_code == 404
