"""A visitor on the chat page and an agent on the live-chat screen, in two browsers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from chatbots.models import Chatbot, Event, EventType, Message, MessageType
from tests.receiver import Receiver
from webhooks import engine, subscriptions

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.thorough,
]


@pytest.fixture
def open_page(
    member: User, chatbot: Chatbot, browser: Browser, live_server: LiveServer
) -> Iterator[Callable[[], Page]]:
    """Opens a page of somebody else each time, which may ask this server only."""
    contexts: list[BrowserContext] = []
    mistakes: list[str] = []

    def opened() -> Page:
        contexts.append(browser.new_context(base_url=live_server.url))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: mistakes.append(str(error)))
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((live_server.url, "data:"))
                else mistakes.append(request.url)
            ),
        )
        return page

    yield opened
    for context in contexts:
        context.close()
    assert mistakes == []


@pytest.fixture
def agent(open_page: Callable[[], Page], member: User) -> Page:
    """The member, logged in, on the live-chat screen."""
    return logged_in(open_page(), "member")


@pytest.fixture
def visitor(open_page: Callable[[], Page], chatbot: Chatbot) -> Page:
    page = open_page()
    page.goto(f"/chatbot/{chatbot.pk}")
    return page


def logged_in(page: Page, name: str) -> Page:
    page.goto("/live-chat/")
    page.fill("#id_username", name)
    page.fill("#id_password", "password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("Nobody waits.").or_(page.locator(".wc-queued"))).to_be_visible()
    return page


def in_another_thread(work: Callable[[], Any]) -> Any:
    """`work` where no event loop runs: playwright's is in ours, and Django's ORM minds."""
    made: list[Any] = []

    def run() -> None:
        try:
            made.append(work())
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return made[0]


def says(page: Page, text: str) -> None:
    """The visitor writes something, and it has arrived."""
    box = page.get_by_label("Your message")
    box.fill(text)
    box.press("Enter")
    arrived(page, text)


def arrived(page: Page, text: str) -> None:
    """What the visitor said last has arrived: one message is under way at a time."""
    expect(page.locator(".message.user:not(.sending)").last).to_have_text(text)


def events() -> list[str]:
    found = in_another_thread(lambda: list(Event.objects.order_by("id").values_list("type")))
    return [row[0] for row in found]


def test_a_visitor_and_an_agent_talk_without_reloading(
    agent: Page, visitor: Page, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    in_another_thread(
        lambda: subscriptions.create(
            chatbot,
            url=live_receiver.url("/hook"),
            event=EventType.LIVE_CHAT_INITIATED,
            ordered=True,
        )
    )
    expect(agent.locator("#desk-list")).to_contain_text("Nobody waits.")
    says(visitor, "I want to talk to a person")
    queued = agent.locator(".wc-queued")
    expect(queued).to_contain_text("Visitor")
    expect(agent.locator("[data-live-waiting]")).to_have_text("1")
    assert agent.title().startswith("(1) ")

    queued.focus()
    agent.keyboard.press("Enter")
    expect(agent.locator("#desk-log")).to_contain_text("I want to talk to a person")
    box = agent.get_by_label("Your reply")
    expect(box).to_be_focused()

    says(visitor, "It is about order 7")
    expect(agent.locator("#desk-log .wc-said-user").last).to_contain_text("It is about order 7")
    says(visitor, "Hello?")
    expect(agent.locator("#desk-log .wc-said-user").last).to_contain_text("Hello?")

    agent.keyboard.type("Ann here,")
    agent.keyboard.press("Shift+Enter")
    agent.keyboard.type("<b>hi</b>!")
    agent.keyboard.press("Enter")
    expect(visitor.locator(".message.agent")).to_contain_text("<b>hi</b>!")
    expect(visitor.locator("#state")).to_have_text("You are talking with a person")
    expect(agent.locator("#desk-head")).to_contain_text("With you")
    expect(agent.locator("[data-live-waiting]")).to_be_hidden()
    expect(box).to_be_focused()
    expect(box).to_have_value("")

    agent.get_by_role("button", name="Hand back to the chatbot").click()
    expect(agent.locator("#desk-notice")).to_contain_text("The chatbot answers this visitor.")
    expect(box).to_be_hidden()
    expect(visitor.locator("#state")).to_have_text("Answers right away")
    says(visitor, "Thank you")
    assert events()[-1] == "USER_MESSAGE_SENT"

    # A second time, and to the end.
    visitor.get_by_role("button", name="Talk to a person").click()
    expect(agent.locator(".wc-queued")).to_be_visible()
    expect(box).to_be_visible()
    box.fill("Me again")
    box.press("Enter")
    expect(visitor.locator(".message.agent").last).to_contain_text("Me again")
    agent.get_by_role("button", name="Close").click()
    expect(agent.locator("#desk-head")).to_contain_text("Closed")
    expect(visitor.locator(".message.bot").last).to_contain_text("ended the live chat")

    in_another_thread(engine.run)
    got = [json.loads(request.body)["data"] for request in live_receiver.wait_for(3)]
    # Initiated, the first message after that, nothing for the next ones; then initiated anew.
    assert [data["userMessage"] for data in got] == [
        "I want to talk to a person",
        "It is about order 7",
        "I'd like to talk to a person.",
    ]
    assert events() == [
        *("USER_MESSAGE_SENT", "LIVE_CHAT_INITIATED", "LIVE_CHAT_INITIATED"),
        *("USER_MESSAGE_SENT", "LIVE_CHAT_INITIATED"),
    ]


def test_a_double_click_sends_a_reply_once(agent: Page, visitor: Page) -> None:
    visitor.get_by_role("button", name="Talk to a person").click()
    agent.locator(".wc-queued").click()
    agent.get_by_label("Your reply").fill("Only once")
    agent.get_by_role("button", name="Send").dblclick()
    expect(agent.locator(".wc-said-agent")).to_have_count(1)
    expect(visitor.locator(".message.agent")).to_have_count(1)
    agent.get_by_label("Your reply").fill("And this")
    agent.keyboard.press("Enter")
    expect(agent.locator(".wc-said-agent")).to_have_count(2)
    said = in_another_thread(
        lambda: list(
            Message.objects.filter(type=MessageType.AGENT).values_list("content", flat=True)
        )
    )
    assert said == ["Only once", "And this"]


def test_a_reply_whose_answer_was_lost_is_not_said_twice(agent: Page, visitor: Page) -> None:
    visitor.get_by_role("button", name="Talk to a person").click()
    agent.locator(".wc-queued").click()

    def arrives_but_is_not_answered(route: Any) -> None:
        route.fetch()
        route.abort()

    agent.route("**/reply", arrives_but_is_not_answered)
    box = agent.get_by_label("Your reply")
    box.fill("Did this arrive?")
    box.press("Enter")
    expect(agent.locator("#desk-trouble")).to_contain_text("offline")
    expect(box).to_have_value("Did this arrive?")
    agent.unroute("**/reply")
    box.press("Enter")
    expect(box).to_have_value("")
    expect(agent.locator(".wc-said-agent")).to_have_count(1)
    expect(agent.locator("#desk-trouble")).to_be_hidden()


def test_two_agents_see_who_took_the_visitor(
    agent: Page, visitor: Page, open_page: Callable[[], Page], member: User
) -> None:
    def add_bob() -> None:
        bob = User.objects.create_user("bob", "b@x.example", "password", is_staff=True)
        member.accounts.get().members.add(bob)

    in_another_thread(add_bob)
    bob = logged_in(open_page(), "bob")
    visitor.get_by_role("button", name="Talk to a person").click()
    for page in (agent, bob):
        page.locator(".wc-queued").click()
        expect(page.get_by_label("Your reply")).to_be_visible()
    bob.get_by_label("Your reply").fill("half a draft")
    agent.get_by_role("button", name="Take it").click()
    expect(bob.locator("#desk-notice")).to_contain_text("member talks with this visitor.")
    expect(bob.get_by_label("Your reply")).to_be_hidden()
    expect(bob.locator(".wc-queued")).to_contain_text("member")
    bob.get_by_role("button", name="Take over").click()
    expect(bob.get_by_label("Your reply")).to_have_value("half a draft")
    expect(agent.locator("#desk-notice")).to_contain_text("bob talks with this visitor.")


def test_nothing_overflows_on_a_phone(agent: Page, visitor: Page) -> None:
    says(visitor, "x" * 300)
    visitor.get_by_role("button", name="Talk to a person").click()
    agent.set_viewport_size({"width": 390, "height": 844})
    agent.locator(".wc-queued").click()
    expect(agent.get_by_label("Your reply")).to_be_in_viewport()
    assert agent.evaluate("document.documentElement.scrollWidth") == 390
    agent.get_by_role("link", name="All live chats").click()
    expect(agent.locator(".wc-queued")).to_be_visible()
    assert agent.evaluate("document.documentElement.scrollWidth") == 390


def test_the_last_message_stays_in_view_when_the_screen_gets_smaller(
    agent: Page, visitor: Page
) -> None:
    visitor.get_by_role("button", name="Talk to a person").click()
    arrived(visitor, "I'd like to talk to a person.")
    says(visitor, "My order was charged twice!" + "\nplease" * 60)
    says(visitor, "Hello?")
    agent.set_viewport_size({"width": 1280, "height": 900})
    agent.locator(".wc-queued").click()
    last = agent.locator("#desk-log .wc-said-user").last
    expect(last).to_contain_text("Hello?")
    expect(last).to_be_in_viewport(ratio=1)
    agent.set_viewport_size({"width": 390, "height": 700})
    expect(last).to_be_in_viewport(ratio=1)
    # Why it is urgent is there without a pointer.
    expect(agent.locator("#desk-head")).to_contain_text("HIGH because: ")
