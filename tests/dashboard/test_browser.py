"""What a person does first: Add Webhook, Send test payload, watch the result appear by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User
from django.db import connections
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from chatbots.models import Chatbot
from inbox.models import Inbox
from tests.receiver import Receiver
from webhooks import engine, presence

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def page(
    member: User, chatbot: Chatbot, browser: Browser, live_server: LiveServer
) -> Iterator[Page]:
    """A page in which the member is logged in. It may ask this server only."""
    context = browser.new_context(base_url=live_server.url)
    shown = context.new_page()
    mistakes: list[str] = []
    shown.on("pageerror", lambda error: mistakes.append(str(error)))
    shown.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((live_server.url, "data:"))
            else mistakes.append(request.url)
        ),
    )
    shown.goto("/")
    shown.fill("#id_username", "member")
    shown.fill("#id_password", "password")
    shown.get_by_role("button", name="Log in").click()
    expect(shown.get_by_text("Start here")).to_be_visible()
    yield shown
    context.close()
    assert mistakes == []


def in_another_thread(work: Callable[[], None]) -> None:
    """Run `work` as a worker would. (Playwright's loop runs in this thread: no database here.)"""

    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def add_webhook(page: Page, url: str, secret: str = "") -> None:
    page.get_by_role("link", name="Connect & Manage").click()
    page.get_by_role("link", name="Add Webhook").first.click()
    page.get_by_label("Endpoint URL").fill(url)
    page.get_by_label("Event type").select_option("HUMAN_HANDOVER")
    if secret:
        page.get_by_label("Secret key").fill(secret)
    else:
        page.get_by_role("button", name="Generate").click()
        assert page.get_by_label("Secret key").input_value().startswith("whsec_")
    page.get_by_role("button", name="Save").click()


def test_a_first_webhook_is_added_tested_and_seen_to_work(
    page: Page, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    live_receiver.answer("/hook", 202, body=b'{"thanks": 1.0}')
    presence.report_idle("a worker")
    add_webhook(page, "")
    expect(page.get_by_text("Enter the URL of your endpoint.")).to_be_visible()
    add_webhook(page, live_receiver.url("/hook"))
    page.get_by_role("link", name="Send test payload").click()
    page.get_by_label("userMessage", exact=True).fill('Zoë "quoted" </script>')
    page.get_by_label("name is", exact=True).select_option("null")
    page.get_by_role("button", name="Send test payload").click()
    expect(page.get_by_text("About to be sent")).to_be_visible()
    in_another_thread(engine.run)
    # Nobody reloads the page.
    expect(page.get_by_role("heading", name="Accepted, as it should be")).to_be_visible()
    expect(page.locator(".wc-attempt")).to_contain_text('"thanks": 1.0')
    page.get_by_label("Exact bytes").first.check()
    sent = live_receiver.wait_for(1)[0]
    assert page.locator("#exact-request-1").text_content() == sent.body.decode()
    expect(page.locator(".wc-attempt")).to_contain_text(sent.headers["x-wonderchat-signature"])
    expect(page.locator("#delivery-live")).not_to_have_attribute("hx-get", "")


def test_a_failed_test_says_why_and_can_be_sent_again(
    page: Page, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    live_receiver.answer("/hook", 500, body=b"<script>document.title='owned'</script>")
    live_receiver.answer("/hook", 200, then=True)
    add_webhook(page, live_receiver.url("/hook"), "my secret")
    page.get_by_role("link", name="Send test payload").click()
    page.get_by_role("button", name="Send test payload").click()
    in_another_thread(engine.run)
    expect(page.get_by_role("heading", name="Not accepted: it answered 500")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("500")
    assert "owned" not in page.title()
    page.get_by_role("button", name="Resend").click()
    in_another_thread(engine.run)
    expect(page.get_by_role("heading", name="Accepted, as it should be")).to_be_visible()


def test_the_inbox_fills_by_itself_with_its_verdict(
    page: Page, chatbot: Chatbot, live_server: LiveServer
) -> None:
    page.locator("#nav-sidebar a", has_text="Inbox").click()
    expect(page.get_by_text("Waiting for the first request")).to_be_visible()
    address = page.url
    watching = page.context.new_page()
    watching.goto(address)
    add_webhook(page, address, "my secret")
    page.get_by_role("link", name="Send test payload").click()
    page.get_by_role("button", name="Send test payload").click()
    in_another_thread(engine.run)
    expect(page.get_by_role("heading", name="Accepted, as it should be")).to_be_visible()
    row = watching.locator(".wc-row").first
    expect(row).to_contain_text("Valid signature")
    row.locator("summary").click()
    expect(row).to_contain_text("HMAC-SHA256 of exactly these bytes")
    expect(row).to_contain_text("X-Wonderchat-Timestamp")
    assert Inbox.__name__ in watching.title()
