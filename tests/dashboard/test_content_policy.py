"""A real Chromium reports nothing that the Content-Security-Policy of a page would stop."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from chatbots.models import Chatbot
from inbox.models import Inbox
from tests.dashboard import pages
from tests.dashboard.conftest import Everything

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.thorough]

WATCH = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => {
        window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    });
"""


class Watched:
    """A browser window that keeps every complaint about a page."""

    def __init__(self, context: BrowserContext) -> None:
        self.page: Page = context.new_page()
        self.page.add_init_script(WATCH)
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url} {error}"))
        self.page.on("console", self._on_console)

    def _on_console(self, message: object) -> None:
        kind, text = getattr(message, "type"), str(getattr(message, "text"))  # noqa: B009
        # What is not there is not what this is about.
        if kind == "error" and "status of 404" not in text:
            self.complaints.append(f"{self.page.url} {text}")

    def visit(self, path: str) -> None:
        self.page.goto(path)
        self.page.wait_for_load_state("networkidle")
        violations = self.page.evaluate("window.violations")
        self.complaints += [f"{path} {each}" for each in violations]


@pytest.fixture
def watched(
    own: Everything, admin_user: User, browser: Browser, live_server: LiveServer
) -> Iterator[Watched]:
    context = browser.new_context(base_url=live_server.url)
    window = Watched(context)
    window.visit("/login/")
    window.page.fill("#id_username", "admin")
    window.page.fill("#id_password", "password")
    window.page.get_by_role("button", name="Log in").click()
    expect(window.page).to_have_url(live_server.url + "/")
    yield window
    context.close()


@pytest.mark.browser
def test_no_page_of_the_dashboard_trips_over_its_policy(watched: Watched, own: Everything) -> None:
    everything = [
        *pages.lists(),
        *pages.of(own),
        "/auth/user/",
        "/auth/user/add/",
        "/password_change/",
    ]
    for path in everything:
        if not re.search(r"(news|live|count)/?$", path):  # No pages: parts of one, fetched by it.
            watched.visit(path)
    assert watched.complaints == []


@pytest.mark.browser
def test_what_the_theme_does_still_works(watched: Watched, own: Everything) -> None:
    """Alpine opens the menus and switches to dark, which a policy without it would not let it."""
    page = watched.page
    watched.visit("/webhooks/webhook/")
    page.get_by_role("button", name="Filters").or_(page.get_by_text("Filters")).first.click()
    expect(
        page.locator("#filter-drawer, #changelist-filter, [x-show*=filter]").first
    ).to_be_visible()
    assert watched.complaints == []


@pytest.mark.browser
def test_no_other_page_trips_over_its_policy(
    watched: Watched, own: Everything, settings: Settings
) -> None:
    settings.SANDBOX = True
    inbox = Inbox.ensure_default()
    chat = f"/chatbot/{own.chatbot.pk}"
    paths = [inbox.get_absolute_url(), chat, f"{chat}/whatsapp", f"{chat}/embed", "/api/v1/docs"]
    for path in paths:
        watched.visit(path)
    expect(watched.page.locator(".swagger-ui .opblock").first).to_be_visible()
    watched.page.locator(".swagger-ui .opblock").first.click()
    watched.visit("/nothing-here")
    assert watched.complaints == []


def test_every_answer_has_a_policy_and_nothing_is_kept(
    own: Everything, admin_client: Client
) -> None:
    paths = [
        *pages.lists(),
        *pages.of(own),
        "/login/",
        "/nothing-here",
        "/api/v1/docs",
        "/api/v1/schema",
    ]
    paths += ["/api/v1/webhooks", "/api/nothing", f"/chatbot/{own.chatbot.pk}", "/chatbot/nothing"]
    for path in paths:
        response = admin_client.get(path)
        policy = response["Content-Security-Policy"]
        assert "default-src 'none'" in policy, path
        assert "frame-ancestors 'none'" in policy, path
        scripts = re.findall(r"script-src ([^;]*)", policy)
        assert all("unsafe-inline" not in each for each in scripts), path
        assert "no-store" in response["Cache-Control"], path
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["X-Frame-Options"] == "DENY"
        assert response["Referrer-Policy"] == "same-origin"


def test_no_script_stands_in_a_page(own: Everything, admin_client: Client) -> None:
    inline = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|\son[a-z]+=|javascript:")
    for path in [*pages.lists(), *pages.of(own), "/login/", "/api/v1/docs"]:
        response = admin_client.get(path)
        if response["Content-Type"].startswith("text/html"):
            assert not inline.search(response.content.decode()), path


def test_the_embedded_chat_alone_may_be_framed(client: Client, chatbot: Chatbot) -> None:
    framed = client.get(f"/chatbot/{chatbot.pk}/embed")
    assert "X-Frame-Options" not in framed
    assert "frame-ancestors 'self'" in framed["Content-Security-Policy"]
