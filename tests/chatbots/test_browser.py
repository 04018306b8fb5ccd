"""A visitor on the chat page, with a real browser."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
from django.db import connection
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from chatbots import agents, demo
from chatbots.models import Account, Chatbot, Conversation, Event, SupportEmail

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]
Result = TypeVar("Result")


def in_thread(work: Callable[[], Result]) -> Result:
    """`work` where no event loop runs: playwright's is in ours, and Django's ORM minds."""
    made: list[Result] = []

    def run() -> None:
        try:
            made.append(work())
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return made[0]


@pytest.fixture
def bot(transactional_db: None) -> Chatbot:
    return demo.demo_chatbot(Account.objects.create(name="Acme"))


@pytest.fixture
def page(bot: Chatbot, browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    context = browser.new_context(base_url=live_server.url)
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda m: troubles.append(m.text) if m.type == "error" else None)
    page.goto(f"/chatbot/{bot.pk}")
    yield page
    context.close()
    assert [t for t in troubles if "Failed to load resource" not in t] == []


def types() -> list[str]:
    return in_thread(lambda: list(Event.objects.order_by("id").values_list("type", flat=True)))


def test_a_visitor_asks_gets_an_answer_and_then_a_person(page: Page) -> None:
    expect(page.locator(".message.bot")).to_have_count(1)
    box = page.get_by_label("Your message")
    box.fill("when are you open?")
    box.press("Enter")
    expect(page.locator(".message.bot").nth(1)).to_contain_text("Monday to Friday")
    source = page.locator(".sources a")
    expect(source).to_have_attribute("href", "https://example.com/contact")
    expect(page.locator("#suggestions")).to_be_hidden()
    assert types() == ["USER_MESSAGE_SENT"]

    box.fill("Can I talk to a human?")
    box.press("Enter")
    expect(page.locator("#state")).to_have_text("Waiting for a person…")
    assert types()[1:] == ["USER_MESSAGE_SENT", "LIVE_CHAT_INITIATED"]

    box.fill("It is about order 7")
    box.press("Enter")
    expect(page.locator(".message.user:not(.sending)")).to_have_count(3)
    assert types()[3:] == ["LIVE_CHAT_INITIATED"]

    in_thread(lambda: agents.reply(Conversation.objects.get(), "Hello, Ann here."))
    expect(page.locator(".message.agent")).to_contain_text("Hello, Ann here.")
    expect(page.locator("#state")).to_have_text("You are talking with a person")

    page.reload()
    expect(page.locator(".message")).to_have_count(7)
    expect(page.locator(".sources a")).to_have_count(1)
    expect(page.locator(".message.agent")).to_contain_text("Hello, Ann here.")

    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".message")).to_have_count(1)
    expect(page.locator("#suggestions")).to_be_visible()


def test_a_suggestion_is_a_question_and_shift_enter_a_new_line(page: Page) -> None:
    page.get_by_role("button", name="How long does shipping take?").click()
    expect(page.locator(".message.bot").nth(1)).to_contain_text("3 to 5 working days")
    box = page.get_by_label("Your message")
    box.fill("one")
    box.press("Shift+Enter")
    box.type("two")
    expect(page.locator(".message.user")).to_have_count(1)
    box.press("Enter")
    expect(page.locator(".message.user").nth(1)).to_have_text("one\ntwo")
    expect(box).to_have_value("")


def test_hostile_text_is_shown_as_text(page: Page) -> None:
    evil = 'Zoë 🎉 "quoted" \\ </script><img src=x onerror=alert(1)> مرحبا https://x.example/a?b=1.'
    box = page.get_by_label("Your message")
    box.fill(evil)
    box.press("Enter")
    said = page.locator(".message.user:not(.sending)")
    expect(said).to_have_text(evil)
    expect(said.locator("img")).to_have_count(0)
    expect(said.locator("a")).to_have_attribute("href", "https://x.example/a?b=1")


def test_the_button_brings_a_person_and_the_form_an_email(page: Page) -> None:
    page.get_by_role("button", name="Your details").click()
    details = page.get_by_role("dialog", name="Your details")
    details.get_by_label("Name").fill("Ann")
    details.get_by_label("E-mail").fill("nonsense")
    details.get_by_role("button", name="Save").click()
    expect(details.get_by_role("alert")).to_contain_text("e-mail address")
    details.get_by_label("E-mail").fill("ann@x.example")
    details.get_by_role("button", name="Save").click()
    expect(details).to_be_hidden()

    page.get_by_role("button", name="Leave your e-mail", exact=True).click()
    left = page.get_by_role("dialog", name="Leave your e-mail")
    expect(left.get_by_label("E-mail")).to_have_value("ann@x.example")
    left.get_by_label("What is it about?").fill("My order is broken")
    left.get_by_role("button", name="Send").click()
    expect(page.locator(".message.bot").last).to_contain_text("ann@x.example")
    assert types() == ["HUMAN_HANDOVER"]

    page.get_by_role("button", name="Talk to a person").click()
    expect(page.locator("#state")).to_have_text("Waiting for a person…")
    expect(page.get_by_role("button", name="Talk to a person")).to_be_hidden()
    assert types() == ["HUMAN_HANDOVER", "LIVE_CHAT_INITIATED"]


def test_a_handover_without_an_address_offers_to_leave_one(
    page: Page, bot: Chatbot, live_server: LiveServer
) -> None:
    in_thread(lambda: Chatbot.objects.filter(pk=bot.pk).update(live_chat_enabled=False))
    page.reload()
    box = page.get_by_label("Your message")
    box.fill("get me a human, my order is broken")
    box.press("Enter")
    page.get_by_role("button", name="Leave your e-mail address").click()
    left = page.get_by_role("dialog", name="Leave your e-mail")
    expect(left.get_by_label("What is it about?")).to_have_value(
        "get me a human, my order is broken"
    )
    left.get_by_label("E-mail").fill("ann@x.example")
    left.get_by_role("button", name="Send").click()
    expect(page.locator(".message.bot").last).to_contain_text("ann@x.example")
    assert types() == ["USER_MESSAGE_SENT", "HUMAN_HANDOVER", "HUMAN_HANDOVER"]


def test_a_refused_message_is_kept_and_the_reason_shown(page: Page) -> None:
    page.route("**/messages", lambda route: route.abort())
    box = page.get_by_label("Your message")
    box.fill("precious words")
    box.press("Enter")
    expect(page.locator("#trouble")).to_contain_text("offline")
    expect(box).to_have_value("precious words")
    page.unroute("**/messages")
    box.press("Enter")
    expect(page.locator(".message.user:not(.sending)")).to_have_text("precious words")
    expect(page.locator("#trouble")).to_be_hidden()


def test_half_a_character_is_made_whole(page: Page) -> None:
    page.get_by_label("Your message").evaluate("box => { box.value = 'cut \\ud83d\\0 off' }")
    page.get_by_label("Your message").press("Enter")
    expect(page.locator(".message.user:not(.sending)")).to_have_text("cut \ufffd off")


def test_nothing_overflows_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    box = page.get_by_label("Your message")
    box.fill("x" * 300)
    box.press("Enter")
    expect(page.locator(".message.bot")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def talk_with_a_person(page: Page, lines: int) -> None:
    """A live chat that is longer than the screen."""
    page.get_by_role("button", name="Talk to a person").click()
    expect(page.locator("#state")).to_have_text("Waiting for a person…")
    box = page.get_by_label("Your message")
    box.fill("\n".join(f"line {number}" for number in range(lines)))
    box.press("Enter")
    expect(page.locator(".message.user:not(.sending)")).to_have_count(2)


def test_the_last_message_stays_in_view_when_a_keyboard_takes_half_the_screen(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    talk_with_a_person(page, 40)
    in_thread(lambda: agents.reply(Conversation.objects.get(), "Ann here."))
    last = page.locator(".message.agent")
    expect(last).to_be_in_viewport()
    page.set_viewport_size({"width": 390, "height": 420})
    expect(last).to_be_in_viewport(ratio=1)


def test_who_reads_further_up_stays_there_and_is_told_of_a_new_message(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 600})
    # The way down to the end is smooth otherwise, and would take a while.
    page.emulate_media(reduced_motion="reduce")
    talk_with_a_person(page, 60)
    expect(page.locator(".message.user").last).to_be_in_viewport()
    newer = page.get_by_role("button", name="New message")
    expect(newer).to_be_hidden()
    greeting = page.locator("#greeting")
    page.locator("#scroll").hover()
    page.mouse.wheel(0, -10_000)
    expect(greeting).to_be_in_viewport()
    in_thread(lambda: agents.reply(Conversation.objects.get(), "Ann here."))
    expect(newer).to_be_visible()
    expect(greeting).to_be_in_viewport()
    newer.click()
    expect(page.locator(".message.agent")).to_be_in_viewport(ratio=1)
    expect(newer).to_be_hidden()
    expect(page.get_by_label("Your message")).to_be_focused()


def test_what_is_wrong_in_a_form_is_said_beside_its_field(page: Page) -> None:
    page.get_by_role("button", name="Ask about an order").click()
    form = page.get_by_role("dialog", name="Ask about an order")
    email = form.get_by_label("E-mail")
    email.fill("nonsense")
    form.get_by_role("button", name="Send").click()
    expect(email).to_be_focused()
    expect(email).to_have_attribute("aria-invalid", "true")
    expect(email).to_have_accessible_description(
        "Please enter an e-mail address, such as name@example.com."
    )
    below = form.get_by_role("alert").bounding_box()
    field, following = email.bounding_box(), form.get_by_label("Phone").bounding_box()
    assert below is not None
    assert field is not None
    assert following is not None
    assert field["y"] < below["y"] < following["y"]

    # What only the server knows, too.
    email.fill("ann@x.example")
    form.get_by_label("Phone").fill("12")
    form.get_by_label("What happened?").fill("It never came.")
    form.get_by_role("button", name="Send").click()
    phone = form.get_by_label("Phone")
    expect(phone).to_be_focused()
    expect(phone).to_have_accessible_description(re.compile("Enter a phone number"))
    expect(email).not_to_have_attribute("aria-invalid", "true")
    form.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Ask about an order").click()
    expect(form.get_by_role("alert")).to_be_hidden()


def test_a_form_may_have_any_labels(page: Page, bot: Chatbot) -> None:
    """Also those that a form's own properties are called by."""
    labels = ["elements", "reset", "submit", "id", "<b>&\"'"]

    def relabel() -> None:
        bot.form_fields.all().delete()
        for position, label in enumerate(labels):
            bot.form_fields.create(position=position, label=label, kind="text", required=True)

    in_thread(relabel)
    page.reload()
    page.get_by_role("button", name="Ask about an order").click()
    form = page.get_by_role("dialog", name="Ask about an order")
    form.get_by_role("button", name="Send").click()
    expect(form.get_by_role("alert")).to_have_text("Please fill in: elements")
    for label in labels:
        form.get_by_label(label, exact=True).fill(f"my {label}")
    form.get_by_role("button", name="Send").click()
    expect(form).to_be_hidden()
    mails = in_thread(lambda: list(SupportEmail.objects.values_list("form_values", flat=True)))
    assert mails == [[[label, f"my {label}"] for label in labels]]
    page.get_by_role("button", name="Ask about an order").click()
    expect(form.get_by_label("reset", exact=True)).to_have_value("")
