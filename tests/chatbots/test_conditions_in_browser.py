"""Wonderchat's eight trigger conditions, each by a visitor in a browser, to a real receiver."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from playwright.sync_api import Browser, Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from chatbots import agents, demo, handover_mail
from chatbots.models import Account, Chatbot, Conversation
from tests.chatbots import conditions
from tests.chatbots.conditions import deliver, in_thread, summary
from tests.receiver import Receiver
from webhooks import engine

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.thorough]

LIVE_CHAT = "LIVE_CHAT_INITIATED"
MESSAGE = "USER_MESSAGE_SENT"
HANDOVER = "HUMAN_HANDOVER"
NOBODY: dict[str, Any] = {"email": ..., "name": ..., "phoneNumber": ...}
# What LIVE_CHAT_INITIATED and HUMAN_HANDOVER say of a visitor of whom nothing is known.
UNKNOWN: dict[str, Any] = {"email": ..., "name": None, "phoneNumber": None}
ANN = {"email": "ann@x.example", "name": "Ann Ö.", "phoneNumber": "+1 202 555 0100"}


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def bot(
    transactional_db: None,
    settings: Settings,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> Chatbot:
    settings.SANDBOX = True
    # Nobody waits for the next wake-up here.
    monkeypatch.setattr(engine, "LINGER_SECONDS", 0)
    bot = demo.demo_chatbot(Account.objects.create(name="Acme"))
    conditions.subscribe(bot, receiver)
    return bot


@pytest.fixture
def page(bot: Chatbot, browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    context = browser.new_context(base_url=live_server.url)
    page = context.new_page()
    mistakes: list[str] = []
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    page.on("console", lambda m: mistakes.append(m.text) if m.type == "error" else None)
    yield page
    context.close()
    assert [mistake for mistake in mistakes if "Failed to load resource" not in mistake] == []


def visit(page: Page, bot: Chatbot, **changes: bool) -> None:
    """Open the chat page of the chatbot, after changing its settings."""
    if changes:
        in_thread(lambda: Chatbot.objects.filter(pk=bot.pk).update(**changes))
    page.goto(f"/chatbot/{bot.pk}")


def visit_whatsapp(page: Page, bot: Chatbot) -> None:
    """Open the WhatsApp page for the first time, and tell it a number and a name."""
    page.goto(f"/chatbot/{bot.pk}/whatsapp")
    profile = page.get_by_role("dialog", name="Your WhatsApp profile")
    profile.get_by_label("Phone number").fill(" 0049 (151) 234-567 89")
    profile.get_by_label("Profile name").fill("Zoë 🎉")
    profile.get_by_role("button", name="Start chatting").click()
    expect(profile).to_be_hidden()


def say(page: Page, text: str) -> None:
    """Send a message and wait until it was taken."""
    sent = page.locator(".message.user:not(.sending)")
    count = sent.count()
    box = page.get_by_role("textbox", name="Your message")
    box.fill(text)
    box.press("Enter")
    expect(sent).to_have_count(count + 1)


def tell_details(page: Page) -> None:
    page.get_by_role("button", name="Your details").click()
    details = page.get_by_role("dialog", name="Your details")
    details.get_by_label("Name").fill(ANN["name"])
    details.get_by_label("E-mail").fill(ANN["email"])
    details.get_by_label("Phone").fill(ANN["phoneNumber"])
    details.get_by_role("button", name="Save").click()
    expect(details).to_be_hidden()


def fired(bot: Chatbot, receiver: Receiver) -> list[dict[str, Any]]:
    return [summary(payload, bot) for payload in deliver(receiver)]


def test_a_visitor_writes_that_they_want_a_person(
    page: Page, bot: Chatbot, receiver: Receiver
) -> None:
    text = 'I want to talk to a person "now" \\ </script> 🎉'
    visit(page, bot)
    say(page, text)
    expect(page.locator("#state")).to_have_text("Waiting for a person…")
    assert fired(bot, receiver) == [
        {"event": MESSAGE, "userMessage": text, **NOBODY},
        {"event": LIVE_CHAT, "userMessage": text, **UNKNOWN},
    ]


def test_a_visitor_presses_the_button_and_a_double_click_fires_once(
    page: Page, bot: Chatbot, receiver: Receiver
) -> None:
    visit(page, bot)
    tell_details(page)
    page.get_by_role("button", name="Talk to a person").dblclick()
    expect(page.locator("#state")).to_have_text("Waiting for a person…")
    expect(page.locator(".message.user:not(.sending)")).to_have_count(1)
    assert fired(bot, receiver) == [
        {"event": LIVE_CHAT, "userMessage": "I'd like to talk to a person.", **ANN}
    ]


def test_the_first_message_in_a_live_chat_fires_and_the_one_after_it_does_not(
    page: Page, bot: Chatbot, receiver: Receiver
) -> None:
    visit(page, bot)
    page.get_by_role("button", name="Talk to a person").click()
    expect(page.locator("#state")).to_have_text("Waiting for a person…")
    fired(bot, receiver)
    say(page, "It is about order 7")
    assert fired(bot, receiver) == [
        {"event": LIVE_CHAT, "userMessage": "It is about order 7", **UNKNOWN}
    ]
    say(page, "Are you there? I want a human")
    assert fired(bot, receiver) == []


def test_an_agent_who_joins_and_replies_fires_nothing(
    page: Page, bot: Chatbot, receiver: Receiver
) -> None:
    visit(page, bot)
    page.get_by_role("button", name="Talk to a person").click()
    expect(page.locator("#state")).to_have_text("Waiting for a person…")
    fired(bot, receiver)
    in_thread(lambda: agents.reply(Conversation.objects.get(), "Ann here."))
    expect(page.locator(".message.agent")).to_contain_text("Ann here.")
    assert fired(bot, receiver) == []
    say(page, "Hello Ann")
    assert [one["userMessage"] for one in fired(bot, receiver)] == ["Hello Ann"]


@pytest.mark.parametrize("by_button", [True, False])
def test_a_whatsapp_user_asks_for_a_person(
    page: Page, bot: Chatbot, receiver: Receiver, by_button: bool
) -> None:
    zoe = {"email": ..., "name": "Zoë 🎉", "phoneNumber": "+4915123456789"}
    visit_whatsapp(page, bot)
    say(page, "when are you open?")
    expect(page.locator(".message.bot").nth(1)).to_contain_text("Monday to Friday")
    # Neither the API nor the main chat: the page names no event for an answer on WhatsApp.
    assert fired(bot, receiver) == []
    if by_button:
        page.get_by_role("button", name="Talk to a person").click()
    else:
        say(page, "get me a human")
    expect(page.locator("#state")).to_have_text("Waiting for a person…")
    text = "I'd like to talk to a person." if by_button else "get me a human"
    assert fired(bot, receiver) == [{"event": LIVE_CHAT, "userMessage": text, **zoe}]
    say(page, "hello?")
    assert fired(bot, receiver) == [{"event": LIVE_CHAT, "userMessage": "hello?", **zoe}]
    say(page, "anybody?")
    assert fired(bot, receiver) == []
    page.reload()
    expect(page.locator(".message.user")).to_have_count(4)
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_whatsapp_user_is_told_where_live_chat_is_off_and_nothing_fires(
    page: Page, bot: Chatbot, receiver: Receiver
) -> None:
    in_thread(lambda: Chatbot.objects.filter(pk=bot.pk).update(live_chat_enabled=False))
    visit_whatsapp(page, bot)
    expect(page.get_by_role("button", name="Talk to a person")).to_have_count(0)
    say(page, "I want to talk to a person")
    expect(page.locator(".message.bot").last).to_contain_text("live chat is not available")
    assert fired(bot, receiver) == []
    assert in_thread(handover_mail.send_due) == 0


def test_a_number_without_its_country_is_asked_for_again(page: Page, bot: Chatbot) -> None:
    page.goto(f"/chatbot/{bot.pk}/whatsapp")
    profile = page.get_by_role("dialog", name="Your WhatsApp profile")
    profile.get_by_label("Phone number").fill("0151 23456789")
    profile.get_by_label("Profile name").fill("Zoë")
    profile.get_by_role("button", name="Start chatting").click()
    expect(profile.get_by_role("alert")).to_contain_text("with its country code")
    page.keyboard.press("Escape")
    expect(profile).to_be_visible()


def test_a_visitor_asks_the_chatbot_in_the_main_chat(
    page: Page, bot: Chatbot, receiver: Receiver
) -> None:
    visit(page, bot)
    say(page, "when are you open?")
    tell_details(page)
    say(page, "what is the capital of Ærø?\n\u2028🎉")
    assert fired(bot, receiver) == [
        {"event": MESSAGE, "userMessage": "when are you open?", **NOBODY},
        {"event": MESSAGE, "userMessage": "what is the capital of Ærø?\n\u2028🎉", **ANN},
    ]


def test_a_visitor_asks_for_a_person_where_only_email_handover_is_on(
    page: Page, bot: Chatbot, receiver: Receiver
) -> None:
    visit(page, bot, live_chat_enabled=False)
    say(page, "I need to speak with a human about my complex issue")
    expect(page.locator("#state")).to_have_text("The team will answer by e-mail")
    text = "I need to speak with a human about my complex issue"
    payloads = deliver(receiver)
    assert [summary(payload, bot) for payload in payloads] == [
        {"event": MESSAGE, "userMessage": text, **NOBODY},
        {"event": HANDOVER, "userMessage": text, **UNKNOWN},
    ]
    assert payloads[1]["data"]["priority"] in ("LOW", "MEDIUM", "HIGH", None)
    assert in_thread(handover_mail.send_due) == 1
    assert mail.outbox[0].to == [payloads[1]["data"]["supportEmail"]]


def test_a_visitor_leaves_their_email_and_a_double_click_sends_it_once(
    page: Page, bot: Chatbot, receiver: Receiver
) -> None:
    visit(page, bot)
    page.get_by_role("button", name="Leave your e-mail").click()
    left = page.get_by_role("dialog", name="Leave your e-mail")
    left.get_by_label("E-mail").fill("ann@x.example")
    left.get_by_label("What is it about?").fill("My order is broken")
    left.get_by_role("button", name="Send").dblclick()
    expect(left).to_be_hidden()
    assert fired(bot, receiver) == [
        {
            "event": HANDOVER,
            "userMessage": "My order is broken",
            "email": "ann@x.example",
            "name": None,
            "phoneNumber": None,
        }
    ]
    assert in_thread(handover_mail.send_due) == 1
    assert "My order is broken" in str(mail.outbox[0].body)


def test_a_visitor_submits_the_chatbots_own_form(
    page: Page, bot: Chatbot, receiver: Receiver
) -> None:
    visit(page, bot)
    page.get_by_role("button", name="Ask about an order").click()
    form = page.get_by_role("dialog", name="Ask about an order")
    form.get_by_role("button", name="Send").click()
    expect(form.get_by_role("alert")).to_have_text("Please fill in: What happened?")
    form.get_by_label("E-mail").fill("nonsense")
    form.get_by_label("What happened?").fill("It never came.")
    form.get_by_role("button", name="Send").click()
    expect(form.get_by_role("alert")).to_contain_text("e-mail address")
    form.get_by_label("E-mail").fill("ann@x.example")
    form.get_by_label("Name").fill("Ann Ö.")
    form.get_by_label("Phone").fill("+1 202 555 0100")
    form.get_by_label("Order number").fill("A-7")
    form.get_by_label("Topic").select_option("Delivery")
    form.get_by_role("button", name="Send").dblclick()
    expect(form).to_be_hidden()
    expect(page.locator(".message.bot").last).to_contain_text("ann@x.example")
    assert fired(bot, receiver) == [{"event": HANDOVER, "userMessage": "It never came.", **ANN}]
    assert in_thread(handover_mail.send_due) == 1
    for line in ("Order number: A-7", "Topic: Delivery", "What happened?: It never came."):
        assert line in str(mail.outbox[0].body)


def test_a_message_whose_answer_was_lost_is_said_once_when_it_is_sent_again(
    page: Page, bot: Chatbot, receiver: Receiver
) -> None:
    visit(page, bot)

    def lose(route: Any) -> None:
        route.fetch()
        route.abort()

    page.route("**/messages", lose, times=1)
    box = page.get_by_role("textbox", name="Your message")
    box.fill("when are you open?")
    box.press("Enter")
    expect(page.locator("#trouble")).to_contain_text("offline")
    box.press("Enter")
    expect(page.locator(".message.bot").nth(1)).to_contain_text("Monday to Friday")
    assert len(fired(bot, receiver)) == 1
