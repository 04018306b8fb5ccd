"""The chat button on somebody else's page, with a real browser and pages from other origins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from chatbots import agents, demo
from chatbots.models import Account, Chatbot, Conversation
from tests import browsing
from tests.chatbots import conditions
from tests.chatbots.conditions import deliver, in_thread, summary
from tests.receiver import Receiver
from webhooks import engine

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.thorough]

# A page that does its best to get in the way.
HOSTILE = """<!doctype html><html><head><title>Shop</title><style>
* { all: unset; display: inline !important; font: 40px cursive !important; color: lime !important }
div, button, iframe { display: none !important; visibility: hidden !important; width: 3px }
</style>%s</head><body><p id="first">Shop</p><button id="own">Buy</button></body></html>"""
PLAIN = """<!doctype html><html><head><title>Shop</title>
<meta name="viewport" content="width=device-width">%s</head>
<body><p id="first">Shop</p><a href="#">Buy</a></body></html>"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing.chromium("--test-third-party-cookie-phaseout") as browser:
        yield browser


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
def shop() -> Iterator[Receiver]:
    """Serves pages at 127.0.0.1: another site than the emitter's, which is localhost here."""
    with Receiver() as shop:
        yield shop


@pytest.fixture
def stranger() -> Iterator[Receiver]:
    """Serves pages at an address that no chatbot lists, and that is not one of the sandbox's."""
    with Receiver("127.0.0.2") as stranger:
        yield stranger


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def errors() -> list[str]:
    """What the console of `page` says of errors; a test takes out what it expects."""
    return []


@pytest.fixture
def page(bot: Chatbot, context: BrowserContext, errors: list[str]) -> Iterator[Page]:
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    yield page
    assert errors == []


@pytest.fixture
def snippet(bot: Chatbot, live_server: LiveServer) -> str:
    address = live_server.url.removeprefix("http://")
    return (
        f'<script src="{live_server.url}/scripts/wonderchat.js" data-name="wonderchat" '
        f'data-address="{address}" data-id="{bot.pk}" defer></script>'
    )


def put(server: Receiver, body: str, **headers: str) -> str:
    """Serve `body` at `server`; gives its address."""
    html = {"Content-Type": "text/html; charset=utf-8", **headers}
    server.answer("/", body=body.encode(), headers=html)
    server.answer("/favicon.ico", status=204, body=b"")
    return server.url("/")


def opener(page: Page) -> Any:
    return page.get_by_role("button", name="Open the chat")


def chat_of(page: Page) -> FrameLocator:
    return page.frame_locator("[data-wonderchat-widget] iframe")


def say(page: Page, text: str) -> None:
    expect(page.locator("[data-wonderchat-widget] iframe.ready")).to_be_visible()
    box = chat_of(page).get_by_label("Your message")
    box.fill(text)
    box.press("Enter")


def test_a_visitor_of_another_site_opens_it_chats_and_the_receiver_gets_it(
    page: Page, bot: Chatbot, shop: Receiver, snippet: str, receiver: Receiver
) -> None:
    page.goto(put(shop, HOSTILE % snippet))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    button = page.locator("[data-wonderchat-widget] .button")
    expect(button).to_be_visible()
    assert asked == []
    button.click()
    chat = chat_of(page)
    expect(chat.get_by_label("Your message")).to_be_focused()

    chat.get_by_role("button", name="Your details").click()
    chat.locator("#details [name=name]").fill("Ann Ö.")
    chat.locator("#details [name=email]").fill("ann@x.example")
    chat.locator("#details").get_by_role("button", name="Save").click()
    expect(chat.locator("#details")).to_be_hidden()
    say(page, "when are you open?")
    expect(chat.locator(".message.bot").nth(1)).to_contain_text("Monday to Friday")

    (payload,) = deliver(receiver)
    assert summary(payload, bot) == {
        "event": "USER_MESSAGE_SENT",
        "userMessage": "when are you open?",
        "email": "ann@x.example",
        "name": "Ann Ö.",
        "phoneNumber": ...,
    }
    # No cookie of anybody's: a browser that blocks those of other sites makes no difference.
    assert page.context.cookies() == []


@pytest.mark.parametrize("other_site", [True, False])
def test_it_is_open_with_its_conversation_on_the_next_page_and_leaves_the_focus(
    page: Page, shop: Receiver, snippet: str, other_site: bool
) -> None:
    address = put(shop, PLAIN % snippet)
    page.goto(address if other_site else address.replace("127.0.0.1", "localhost"))
    opener(page).click()
    say(page, "when are you open?")
    expect(chat_of(page).locator(".message.bot").nth(1)).to_contain_text("Monday to Friday")
    page.reload()
    expect(chat_of(page).locator(".message.bot").nth(1)).to_contain_text("Monday to Friday")
    assert page.evaluate("document.activeElement.tagName") == "BODY"

    chat_of(page).get_by_role("button", name="New conversation").click()
    expect(chat_of(page).locator(".message")).to_have_count(1)
    page.reload()
    expect(chat_of(page).locator("#suggestions")).to_be_visible()
    expect(chat_of(page).locator(".message")).to_have_count(1)

    page.get_by_role("button", name="Close the chat").first.click()
    page.reload()
    expect(opener(page)).to_be_visible()
    expect(page.locator("iframe")).to_have_count(0)


def test_it_is_used_from_the_keyboard_and_says_what_it_is(
    page: Page, shop: Receiver, snippet: str
) -> None:
    page.goto(put(shop, PLAIN % snippet))
    button = opener(page)
    expect(button).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    box = chat_of(page).get_by_label("Your message")
    expect(box).to_be_focused()
    expect(page.get_by_role("dialog", name="Chat")).to_be_visible()

    # Escape closes what is open on top, one after the other.
    chat_of(page).get_by_role("button", name="Your details").click()
    expect(chat_of(page).locator("#details")).to_be_visible()
    page.keyboard.press("Escape")
    expect(chat_of(page).locator("#details")).to_be_hidden()
    expect(page.get_by_role("dialog", name="Chat")).to_be_visible()
    box.focus()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Chat")).to_be_hidden()
    expect(opener(page)).to_be_focused()


def test_what_a_person_answers_while_it_is_closed_is_counted_on_the_button(
    page: Page, shop: Receiver, snippet: str
) -> None:
    page.goto(put(shop, PLAIN % snippet))
    opener(page).click()
    say(page, "I want to talk to a person")
    expect(chat_of(page).locator("#state")).to_have_text("Waiting for a person…")
    page.keyboard.press("Escape")
    expect(opener(page)).to_be_focused()
    in_thread(lambda: agents.reply(Conversation.objects.get(), "Hello, Ann here."))
    news = page.get_by_role("button", name="Open the chat, 1 new message")
    expect(news).to_be_visible()
    news.click()
    expect(chat_of(page).locator(".message.agent")).to_contain_text("Hello, Ann here.")
    expect(page.get_by_role("button", name="new message")).to_have_count(0)


def test_included_twice_it_is_one_button_and_no_name_of_the_page_is_taken(
    page: Page, shop: Receiver, snippet: str, errors: list[str]
) -> None:
    names = "<script>const before = new Set(Object.getOwnPropertyNames(window));</script>"
    later = "<script>addEventListener('load', () => { window.late = 1; });</script>"
    page.goto(put(shop, PLAIN % (names + snippet + snippet.replace(" defer", "") + later)))
    expect(opener(page)).to_have_count(1)
    expect(page.locator("[data-wonderchat-widget]")).to_have_count(1)
    found = page.evaluate("Object.getOwnPropertyNames(window).filter((name) => !before.has(name))")
    assert set(found) <= {"late", "before"}
    opener(page).click()
    expect(chat_of(page).get_by_label("Your message")).to_be_focused()
    assert errors == []


def test_a_second_chatbot_is_refused_in_a_sentence(
    page: Page, bot: Chatbot, shop: Receiver, snippet: str, errors: list[str]
) -> None:
    page.goto(put(shop, PLAIN % (snippet + snippet.replace(bot.pk, "cother"))))
    expect(opener(page)).to_have_count(1)
    assert [error for error in errors if "includes two chatbots" in error] == errors != []
    errors.clear()


def test_the_page_does_not_move(page: Page, shop: Receiver, snippet: str) -> None:
    watch = (
        "<script>window.moved = 0; new PerformanceObserver((list) => { for (const e of "
        "list.getEntries()) window.moved += e.value; }).observe({ type: 'layout-shift', "
        "buffered: true });</script>"
    )
    page.goto(put(shop, PLAIN % watch))
    size = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    without = page.evaluate(size)
    page.goto(put(shop, PLAIN % (watch + snippet)))
    opener(page).click()
    expect(chat_of(page).get_by_label("Your message")).to_be_focused()
    assert page.evaluate(size) == without
    assert page.evaluate("window.moved") == 0


def test_on_a_narrow_screen_it_covers_the_page_and_does_not_reopen_over_it(
    page: Page, shop: Receiver, snippet: str
) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(put(shop, PLAIN % snippet))
    opener(page).click()
    panel = page.get_by_role("dialog", name="Chat")
    expect(panel).to_have_attribute("aria-modal", "true")
    expect(chat_of(page).get_by_label("Your message")).to_be_focused()
    box = panel.bounding_box()
    assert box == {"x": 0, "y": 0, "width": 390, "height": 800}
    # The keyboard stays in the chat that covers everything else.
    for _ in range(16):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.hasAttribute('data-wonderchat-widget')")
    page.reload()
    expect(opener(page)).to_be_visible()
    expect(panel).to_be_hidden()
    opener(page).click()
    chat_of(page).get_by_role("button", name="Close the chat").click()
    expect(panel).to_be_hidden()
    expect(opener(page)).to_be_focused()


def test_a_site_that_is_not_listed_cannot_frame_it_and_its_owner_reads_why(
    page: Page, bot: Chatbot, stranger: Receiver, snippet: str, errors: list[str]
) -> None:
    address = put(stranger, PLAIN % snippet)
    page.goto(address)
    with page.expect_console_message(lambda m: m.text.startswith("Wonderchat:")) as told:
        opener(page).click()
    assert told.value.type == "error"
    assert f"the chat may not be shown on {stranger.origin}" in told.value.text
    assert f"Add {stranger.origin} to “Web sites that may embed it”" in told.value.text
    assert any("frame-ancestors" in error for error in errors)
    expect(page.get_by_text("could not be opened on this page")).to_be_visible()
    expect(page.get_by_role("link", name="Open it in a new tab")).to_be_focused()
    errors.clear()

    chatbots = Chatbot.objects.filter(pk=bot.pk)
    in_thread(lambda: chatbots.update(embed_origins=stranger.origin))
    page.goto(address)
    expect(chat_of(page).get_by_label("Your message")).to_be_visible()


STRICT = "default-src 'none'; script-src {0}; require-trusted-types-for 'script'"


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        (STRICT + "; frame-src {0}", ""),
        (STRICT, "Add {0} to its frame-src."),
    ],
)
def test_on_a_page_with_a_strict_policy_it_works_or_says_what_is_missing(
    page: Page,
    shop: Receiver,
    snippet: str,
    live_server: LiveServer,
    errors: list[str],
    policy: str,
    sentence: str,
) -> None:
    headers = {"Content-Security-Policy": policy.format(live_server.url)}
    page.goto(put(shop, PLAIN % snippet, **headers))
    if not sentence:
        opener(page).click()
        expect(chat_of(page).get_by_label("Your message")).to_be_focused()
        return
    with page.expect_console_message(lambda m: m.text.startswith("Wonderchat:")) as told:
        opener(page).click()
    assert sentence.format(live_server.url) in told.value.text
    errors.clear()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda tag, bot: tag.replace(bot.pk, "cnobody"), "there is no chatbot cnobody at http"),
        (lambda tag, bot: tag.replace(f'data-id="{bot.pk}"', ""), "has no data-id"),
        (lambda tag, bot: tag.replace('data-address="', 'data-address="['), "is not a host"),
    ],
)
def test_a_snippet_that_is_wrong_is_explained_to_the_pages_owner(
    page: Page,
    bot: Chatbot,
    shop: Receiver,
    snippet: str,
    errors: list[str],
    change: Callable[[str, Chatbot], str],
    sentence: str,
) -> None:
    with page.expect_console_message(lambda m: sentence in m.text) as told:
        page.goto(put(shop, PLAIN % change(snippet, bot)))
        if "cnobody" in sentence:
            opener(page).click()
    assert told.value.type == "error"
    errors.clear()


def test_it_works_on_a_page_that_is_cross_origin_isolated(
    page: Page, shop: Receiver, snippet: str
) -> None:
    isolated = {
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    page.goto(put(shop, PLAIN % snippet, **isolated))
    opener(page).click()
    say(page, "when are you open?")
    expect(chat_of(page).locator(".message.bot").nth(1)).to_contain_text("Monday to Friday")


def test_the_demo_shop_shows_it(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/demo/shop")
    opener(page).click()
    say(page, "when are you open?")
    expect(chat_of(page).locator(".message.bot").nth(1)).to_contain_text("Monday to Friday")
