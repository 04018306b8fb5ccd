"""Answers from an OpenAI-compatible endpoint, and that none of its failures reaches the chat."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from chatbots import answer_api
from chatbots import conversation as chat
from chatbots.answer_gate import FAILURES_IN_A_ROW, Gate
from chatbots.answering import Answered, Question
from chatbots.models import Answer, Chatbot, EventType
from tests.process.stack import wait_until
from tests.receiver import Receiver
from tests.webhooks.raw_server import Connection, RawServer

KEY = "sk-very-secret-key"
PATH = "/v1/chat/completions"
HOURS = "We're open Monday to Friday, 9 AM to 6 PM EST."

pytestmark = pytest.mark.django_db(transaction=True)


def completion(content: object) -> bytes:
    message = {"role": "assistant", "content": content}
    return json.dumps({"id": "1", "choices": [{"index": 0, "message": message}]}).encode()


@pytest.fixture
def model(live_receiver: Receiver, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Receiver:
    monkeypatch.setattr(answer_api, "_gate", Gate())  # What failed in other tests is forgotten.
    settings.ANSWER_FINDER = "chatbots.answer_api.find"
    settings.ANSWER_API_URL = live_receiver.url("/v1")
    settings.ANSWER_API_KEY = KEY
    settings.ANSWER_API_MODEL = "small-model"
    settings.ANSWER_API_TIMEOUT_SECONDS = 30.0
    return live_receiver


@pytest.fixture
def bot(chatbot: Chatbot) -> Chatbot:
    Answer.objects.create(
        chatbot=chatbot,
        question="What are your business hours?",
        answer=HOURS,
        source_title="Contact",
        source_url="https://example.com/contact",
    )
    Answer.objects.create(chatbot=chatbot, question="Do you sell tents?", answer="Yes, four.")
    return chatbot


@pytest.fixture
def log_lines(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], list[str]]]:
    caplog.set_level(logging.DEBUG, "chatbots")
    yield lambda: [
        record.getMessage() for record in caplog.records if record.name.startswith("chatbots")
    ]
    assert KEY not in caplog.text


def says_the_fallback(bot: Chatbot, text: str = "when are you open?") -> None:
    """Ask, and see that the chat goes on as with any question it cannot answer."""
    reply = chat.ask(bot, text)
    assert reply.response is not None
    assert reply.response.content == bot.fallback_reply
    assert reply.sources == ()
    (event,) = reply.events
    assert event.type == EventType.USER_MESSAGE_SENT
    data = json.loads(bytes(event.body))["data"]
    assert data["chatbotResponse"] == bot.fallback_reply


def test_the_model_answers_with_the_knowledge_that_fits_and_its_sources(
    bot: Chatbot, model: Receiver
) -> None:
    model.answer(PATH, body=completion("  Wir haben von 9 bis 18 Uhr offen. 🎉\n"))
    reply = chat.ask(bot, "when are you open?")
    assert reply.response is not None
    assert reply.response.content == "Wir haben von 9 bis 18 Uhr offen. 🎉"
    assert [source.url for source in reply.sources] == ["https://example.com/contact"]
    (request,) = model.requests
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["content-type"] == "application/json"
    asked = json.loads(request.body)
    assert asked["model"] == "small-model"
    system, user = asked["messages"]
    assert system["role"] == "system"
    assert HOURS in system["content"]
    assert "Yes, four." not in system["content"]
    assert bot.fallback_reply in system["content"]
    assert user == {"role": "user", "content": "when are you open?"}


def test_the_model_is_told_what_was_said_before(bot: Chatbot, model: Receiver) -> None:
    model.answer(PATH, body=completion("Yes."))
    model.answer(PATH, body=completion("Blue and green."), then=True)
    first = chat.ask(bot, "Do you sell tents?")
    chat.ask(bot, "Which colours?", chatlog_id=first.conversation.pk)
    asked = json.loads(model.requests[1].body)["messages"]
    assert asked[1:] == [
        {"role": "user", "content": "Do you sell tents?"},
        {"role": "assistant", "content": "Yes."},
        {"role": "user", "content": "Which colours?"},
    ]


def test_a_model_that_does_not_know_says_the_fallback_without_a_source(
    bot: Chatbot, model: Receiver
) -> None:
    model.answer(PATH, body=completion(bot.fallback_reply))
    says_the_fallback(bot)


def test_the_url_may_be_the_whole_one(model: Receiver, settings: Settings) -> None:
    assert answer_api.endpoint() == model.url(PATH)
    settings.ANSWER_API_URL = model.url("/v1/")
    assert answer_api.endpoint() == model.url(PATH)
    settings.ANSWER_API_URL = "https://x.example/deployments/y/chat/completions?api-version=1"
    assert answer_api.endpoint() == settings.ANSWER_API_URL


def test_without_a_key_none_is_sent(bot: Chatbot, model: Receiver, settings: Settings) -> None:
    settings.ANSWER_API_KEY = ""
    model.answer(PATH, body=completion("Hello."))
    chat.ask(bot, "hello")
    assert "authorization" not in model.requests[0].headers


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (500, b"Internal Server Error", "answered 500"),
        (401, b'{"error": "sk-very-secret-key is wrong"}', "answered 401"),
        (429, b"", "answered 429"),
        (302, b"", "answered 302"),
        (204, b"", "answered 204"),
        (200, b"", "no chat completion"),
        (200, b"<html>It works!</html>", "no chat completion"),
        (200, b'{"choices": ', "no chat completion"),
        (200, b"\xff\xfe", "no chat completion"),
        (200, b'{"choices": [{"message": {"content": "\xff"}}]}', "no chat completion"),
        (200, b"[" * 100_000, "no chat completion"),
        (200, b'{"choices": [{"message": {}}]}', "no chat completion"),
        (200, completion(None), "no chat completion"),
        (200, completion(7), "no chat completion"),
        (200, b'{"choices": []}', "no choice"),
        (200, completion(" \n "), "the answer is empty"),
        (200, completion("a" * 4001), "4001 characters"),
        (200, completion("NUL: \0"), "no receiver could be sent"),
        (200, b" " * 1_000_001, "more than 1000000 bytes"),
    ],
)
def test_an_answer_that_is_none_gives_the_fallback_and_one_line_in_the_log(
    bot: Chatbot,
    model: Receiver,
    log_lines: Callable[[], list[str]],
    status: int,
    body: bytes,
    sentence: str,
) -> None:
    model.answer(PATH, status, body=body, headers={"Location": model.url("/elsewhere")})
    says_the_fallback(bot)
    assert [request.path for request in model.requests] == [PATH]
    (line,) = log_lines()
    assert sentence in line


def test_half_a_surrogate_pair_gives_the_fallback(
    bot: Chatbot, model: Receiver, log_lines: Callable[[], list[str]]
) -> None:
    model.answer(PATH, body=rb'{"choices": [{"message": {"content": "half: \ud83d"}}]}')
    says_the_fallback(bot)
    assert len(log_lines()) == 1


def test_a_refused_connection_gives_the_fallback_and_no_secret_in_the_log(
    bot: Chatbot, model: Receiver, settings: Settings, log_lines: Callable[[], list[str]]
) -> None:
    model.stop()
    settings.ANSWER_API_URL = (
        f"http://user:{KEY}@127.0.0.1:{model.port}/v1?key={KEY}"  # Keys get everywhere.
    )
    says_the_fallback(bot)
    (line,) = log_lines()
    assert f"http://127.0.0.1:{model.port} could not be asked (ConnectionError)" in line


def test_an_answer_cut_off_gives_the_fallback(
    bot: Chatbot, model: Receiver, log_lines: Callable[[], list[str]]
) -> None:
    model.answer(PATH, raw=b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{")
    says_the_fallback(bot)
    (line,) = log_lines()
    assert "could not be asked" in line


def test_what_is_not_http_gives_the_fallback(
    bot: Chatbot, model: Receiver, log_lines: Callable[[], list[str]]
) -> None:
    model.answer(PATH, raw=b"220 smtp.example.com ESMTP\r\n")
    says_the_fallback(bot)
    assert len(log_lines()) == 1


def hangs(connection: Connection) -> None:
    connection.read_request()
    connection.stopping.wait()


def drips_a_header(connection: Connection) -> None:
    connection.read_request()
    connection.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not connection.stopping.wait(0.05):
        connection.send(b"a")


def drips_a_body(connection: Connection) -> None:
    connection.read_request()
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not connection.stopping.wait(0.05):
        connection.send(b" ")


@pytest.mark.parametrize("talk", [hangs, drips_a_header, drips_a_body])
def test_a_slow_answer_gives_the_fallback_when_the_whole_time_is_up(
    bot: Chatbot,
    model: Receiver,
    settings: Settings,
    log_lines: Callable[[], list[str]],
    talk: Callable[[Connection], None],
) -> None:
    # Bytes come more often than the time runs out: only the time of the whole exchange ends it.
    settings.ANSWER_API_TIMEOUT_SECONDS = 0.5
    with RawServer(talk) as server:
        settings.ANSWER_API_URL = f"http://127.0.0.1:{server.port}/v1"
        says_the_fallback(bot)
    (line,) = log_lines()
    assert "took longer than 0.5 s" in line


def test_while_the_model_hangs_others_get_the_fallback_at_once(
    bot: Chatbot,
    model: Receiver,
    settings: Settings,
    log_lines: Callable[[], list[str]],
) -> None:
    settings.ANSWER_API_AT_ONCE = 2
    let_go = threading.Event()

    def hangs_until_let_go(connection: Connection) -> None:
        connection.read_request()
        let_go.wait(60)

    with RawServer(hangs_until_let_go) as server, ThreadPoolExecutor(2) as visitors:
        settings.ANSWER_API_URL = f"http://127.0.0.1:{server.port}/v1"
        waiting = [visitors.submit(in_thread, bot) for _ in range(2)]
        wait_until(lambda: len(server.requests) == 2, "both are with the model")
        says_the_fallback(bot)
        (line,) = log_lines()
        assert "was not asked: 2 answers are being waited for already" in line
        assert not any(visitor.done() for visitor in waiting)
        let_go.set()
        assert [visitor.result(30) for visitor in waiting] == [bot.fallback_reply] * 2
    assert len(server.requests) == 2
    # Their places are free again.
    settings.ANSWER_API_URL = model.url("/v1")
    model.answer(PATH, body=completion("Hello."))
    reply = chat.ask(bot, "hello")
    assert reply.response is not None
    assert reply.response.content == "Hello."


def in_thread(bot: Chatbot) -> str:
    try:
        reply = chat.ask(bot, "when are you open?")
        return reply.response.content if reply.response else ""
    finally:
        connection.close()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_model_that_keeps_failing_is_left_alone(
    bot: Chatbot, model: Receiver, log_lines: Callable[[], list[str]], status: int
) -> None:
    model.answer(PATH, status)
    for _ in range(FAILURES_IN_A_ROW + 3):
        says_the_fallback(bot)
    assert len(model.requests) == FAILURES_IN_A_ROW
    assert "was not asked: it failed 5 times in a row" in log_lines()[-1]


def test_a_system_that_gives_no_thread_takes_no_place_for_good(
    bot: Chatbot, model: Receiver, settings: Settings, log_lines: Callable[[], list[str]]
) -> None:
    settings.ANSWER_API_AT_ONCE = 2
    with pytest.MonkeyPatch.context() as patch:
        # A limit of the system's on threads does not hold for root.
        patch.setattr(threading.Thread, "start", refuse_a_thread)
        for _ in range(3):
            says_the_fallback(bot)
    assert len(log_lines()) == 3
    assert all(line.endswith("the system gives no thread for it.") for line in log_lines())
    model.answer(PATH, body=completion("At nine."))
    reply = chat.ask(bot, "when are you open?")
    assert reply.response is not None
    assert reply.response.content == "At nine."


def refuse_a_thread(_: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_a_model_that_refuses_single_questions_is_asked_on(bot: Chatbot, model: Receiver) -> None:
    model.answer(PATH, 400, body=b'{"error": "content policy"}')
    for _ in range(FAILURES_IN_A_ROW + 3):
        says_the_fallback(bot)
    assert len(model.requests) == FAILURES_IN_A_ROW + 3


def test_the_chat_page_and_the_api_answer_as_ever_when_the_model_is_down(
    bot: Chatbot, api_key: str, model: Receiver, client: Client
) -> None:
    model.answer(PATH, 503)
    answer = client.post(
        "/api/v1/chat",
        {"chatbotId": bot.pk, "question": "when are you open?"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {api_key}"},
    )
    assert answer.status_code == 200
    assert answer.json()["response"] == bot.fallback_reply


def test_the_model_is_not_asked_what_a_person_will_read(bot: Chatbot, model: Receiver) -> None:
    model.answer(PATH, body=completion("Hello."))
    live = chat.live_message(bot, "I want a human").conversation
    assert chat.ask(bot, "it is about my tent", chatlog_id=live.pk).response is None
    assert chat.ask(bot, "I want to talk to a human").response is not None
    assert model.requests == []


def looks_at_the_transaction(question: Question) -> Answered | None:
    return Answered(f"In a transaction: {connection.in_atomic_block}. {len(question.earlier())}")


def test_the_answer_is_found_before_the_transaction_begins(
    bot: Chatbot, settings: Settings
) -> None:
    settings.ANSWER_FINDER = f"{__name__}.looks_at_the_transaction"
    first = chat.ask(bot, "hello")
    assert first.response is not None
    assert first.response.content == "In a transaction: False. 0"
    second = chat.ask(bot, "hello", chatlog_id=first.conversation.pk)
    assert second.response is not None
    assert second.response.content == "In a transaction: False. 2"


def is_broken(question: Question) -> Answered | None:
    raise RuntimeError(KEY)


def gives_text(question: Question) -> str:
    return "an answer"


def knows_nothing(question: Question) -> None:
    return None


@pytest.mark.parametrize(
    ("finder", "lines"), [("is_broken", 1), ("gives_text", 1), ("knows_nothing", 0)]
)
def test_a_finder_of_ones_own_that_fails_gives_the_fallback(
    bot: Chatbot,
    settings: Settings,
    log_lines: Callable[[], list[str]],
    finder: str,
    lines: int,
) -> None:
    settings.ANSWER_FINDER = f"{__name__}.{finder}"
    says_the_fallback(bot)
    assert len(log_lines()) == lines
