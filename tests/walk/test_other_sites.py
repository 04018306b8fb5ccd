"""A web page elsewhere can make a browser send what a form can send; it gets nothing done by it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from chatbots.models import Event, Message
from tests.walk import routes
from tests.walk.visit import Visitor
from webhooks.models import Delivery, Webhook

EVIL = "http://shop.evil.example"
# What needs no leave of ours, by the rules that browsers keep (Fetch, "CORS-safelisted").
SIMPLE: dict[str, Callable[[dict[str, str]], str]] = {
    "text/plain": json.dumps,
    "application/x-www-form-urlencoded": lambda body: "&".join(f"{k}={v}" for k, v in body.items()),
    "multipart/form-data; boundary=x": lambda body: (
        "".join(
            f'--x\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'
            for k, v in body.items()
        )
        + "--x--\r\n"
    ),
}
# Anybody may send to a receiver; its address is the secret.
RECEIVER = "/inbox/{token}"
# The widget's script is for every site, and the same for everybody.
PUBLIC = "/scripts/wonderchat.js"


@pytest.fixture
def browser(visitor: Visitor) -> Client:
    """The operator's, logged in, with Django's check of forms as in production."""
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
    browser.cookies = visitor.client.cookies
    return browser


@pytest.mark.parametrize("kind", SIMPLE)
def test_a_form_of_another_site_does_nothing_at_any_address(
    visitor: Visitor, browser: Client, kind: str
) -> None:
    body = {
        "chatbotId": visitor.ids["chatbot"],
        "question": "hi",
        "userMessage": "hi",
        "message": "hi",
        "event": "USER_MESSAGE_SENT",
        "apiKey": "guess",
    }
    before = rows()
    for route in routes.every():
        if route.template == RECEIVER:
            continue
        answer = browser.post(
            route.at(visitor.ids), SIMPLE[kind](body), content_type=kind, headers={"origin": EVIL}
        )
        assert 400 <= answer.status_code < 500, (route.template, answer.status_code)
        assert_closed(answer, route.template)
    assert rows() == before


@pytest.mark.parametrize("method", ["OPTIONS", "GET"])
def test_no_address_lets_another_site_read(visitor: Visitor, browser: Client, method: str) -> None:
    for route in routes.every():
        answer = browser.generic(
            method,
            route.at(visitor.ids),
            headers={
                "origin": EVIL,
                "access-control-request-method": "POST",
                "access-control-request-headers": "authorization,content-type",
                "access-control-request-private-network": "true",
            },
        )
        assert_closed(answer, route.template)


def assert_closed(answer: Any, where: str) -> None:
    opened = [name for name in answer.headers if name.lower().startswith("access-control-")]
    assert opened == [] or where == PUBLIC, where


def rows() -> list[int]:
    return [model.objects.count() for model in (Event, Message, Delivery, Webhook)]
