"""The chat for other web sites, in the dashboard: who may embed it, and what to include."""

from __future__ import annotations

import html
from typing import Any

from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from chatbots.models import Chatbot


def page_of(client: Client, chatbot: Chatbot) -> str:
    address = reverse("admin:chatbots_chatbot_change", args=[chatbot.pk])
    return html.unescape(client.get(address).content.decode())


def save(client: Client, chatbot: Chatbot, embed_origins: str) -> str:
    """Save the chatbot's page with this list; gives the page if something was wrong."""
    data: dict[str, Any] = {
        "name": chatbot.name,
        "greeting": chatbot.greeting,
        "fallback_reply": chatbot.fallback_reply,
        "live_chat_enabled": "on",
        "form_title": chatbot.form_title,
        "embed_origins": embed_origins,
    }
    for inline in ("answers", "form_fields"):
        data |= {f"{inline}-TOTAL_FORMS": 0, f"{inline}-INITIAL_FORMS": 0}
    answer = client.post(reverse("admin:chatbots_chatbot_change", args=[chatbot.pk]), data)
    return "" if answer.status_code == 302 else html.unescape(answer.content.decode())


def test_a_chatbots_page_has_its_snippet_to_copy(
    browser_of_member: Client, chatbot: Chatbot
) -> None:
    page = page_of(browser_of_member, chatbot)
    assert (
        '<script src="http://testserver/scripts/wonderchat.js" data-name="wonderchat" '
        f'data-address="testserver" data-id="{chatbot.pk}" defer></script>'
    ) in page
    assert 'data-copy="#wc-snippet"' in page
    assert f"/demo/shop?chatbot={chatbot.pk}" in page


def test_an_owner_lists_web_sites_and_browsers_are_told(
    browser_of_member: Client, chatbot: Chatbot, settings: Settings
) -> None:
    settings.SANDBOX = False
    listed = "https://shop.example\r\n\r\nhttps://*.acme.example/"
    assert save(browser_of_member, chatbot, listed) == ""
    policy = Client().get(f"/chatbot/{chatbot.pk}/embed")["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors 'self' https://shop.example https://*.acme.example")
    assert "/demo/shop" not in page_of(browser_of_member, chatbot)


def test_what_is_no_origin_is_refused_with_what_to_write(
    browser_of_member: Client, chatbot: Chatbot
) -> None:
    page = save(browser_of_member, chatbot, "https://good.example\nshop.example\nhttps://*")
    assert "“shop.example” does not say how it is reached. Write https://shop.example" in page
    assert "“https://*” is not an origin." in page
    chatbot.refresh_from_db()
    assert chatbot.embed_origins == ""


def test_the_home_page_leads_to_the_demo_shop_in_the_sandbox(
    browser_of_member: Client, chatbot: Chatbot, settings: Settings
) -> None:
    link = f"/demo/shop?chatbot={chatbot.pk}"
    assert link in browser_of_member.get("/").content.decode()
    settings.SANDBOX = False
    assert link not in browser_of_member.get("/").content.decode()
