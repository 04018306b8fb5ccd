from __future__ import annotations

import logging
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from chatbots.models import ApiKey, Chatbot, Event
from tests.api.conftest import EVENT, Api, check_problem
from webhooks.api import scope
from webhooks.models import Webhook


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer nope", "Bearer wc_\xff", "wc_key"],
)
def test_without_a_good_key_the_answer_is_401(db: None, header: str) -> None:
    answer = Api("").get("/webhooks", Authorization=header)
    check_problem(answer, 401)
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("key", ["", "nope", 5, None, ["x"], "\ud800"])
def test_a_wrong_key_in_the_body_is_401(db: None, key: object) -> None:
    check_problem(Api("").post("/events", {"apiKey": key}, Authorization=""), 401)


def test_a_key_in_the_body_is_for_posts(api: Api) -> None:
    answer = Client().generic(
        "GET", "/api/v1/events", f'{{"apiKey":"{api.key}"}}', content_type="application/json"
    )
    check_problem(answer, 401)


def test_a_revoked_key_is_401(api: Api) -> None:
    ApiKey.objects.get().revoke()
    assert "revoked" in check_problem(api.get("/webhooks"), 401)["detail"]


def test_an_unknown_address_is_404(api: Api) -> None:
    for path in ("/nope", "/", "", "/events/", "/webhooks/1/nope", "/../../etc"):
        check_problem(api.get(path), 404)
    check_problem(Client().get("/api"), 404)
    check_problem(Client().post("/api/v2/events"), 404)


def test_a_wrong_method_is_405_and_says_which_are_right(api: Api, webhook: Webhook) -> None:
    for method, path in (("PUT", "/webhooks"), ("DELETE", "/events"), ("PATCH", "/events")):
        answer = api.call(method, path)
        check_problem(answer, 405)
        assert "POST" in answer["Allow"]
    check_problem(api.get(f"/webhooks/{webhook.pk}/test"), 405)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_another_content_type_is_415(api: Api, kind: str) -> None:
    answer = Client().generic(
        "POST",
        "/api/v1/events",
        b'{"a":1}',
        headers={"Authorization": f"Bearer {api.key}"},
        content_type=kind,
    )
    check_problem(answer, 415)


def test_a_body_without_a_length_is_411(api: Api) -> None:
    answer = Client().generic(
        "POST",
        "/api/v1/events",
        b"",
        headers={"Authorization": f"Bearer {api.key}", "Transfer-Encoding": "chunked"},
        content_type="application/json",
    )
    assert "Content-Length" in check_problem(answer, 411)["detail"]


def test_a_charset_in_the_content_type_is_fine(api: Api, chatbot: Chatbot) -> None:
    answer = Client().generic(
        "POST",
        "/api/v1/events",
        f'{{"chatbotId":"{chatbot.pk}","event":"{EVENT}"}}'.encode(),
        headers={"Authorization": f"Bearer {api.key}", "Accept": "text/html"},
        content_type="Application/JSON; charset=utf-8",
    )
    assert answer.status_code == 202


def test_too_many_requests_are_429_and_other_keys_are_not_held_up(
    api: Api, chatbot: Chatbot, stranger: Api, settings: Any
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 12
    answers = [api.get("/webhooks") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429, 429, 429]
    check_problem(answers[2], 429)
    assert 1 <= int(answers[2]["Retry-After"]) <= 10
    # Whatever the call; nothing of it happens.
    for call, body in (
        ("/events", {"chatbotId": chatbot.pk, "event": EVENT}),
        ("/events/batch", {"chatbotId": chatbot.pk, "events": [{"event": EVENT}]}),
        ("/chat", {"chatbotId": chatbot.pk, "question": "hi"}),
    ):
        check_problem(api.post(call, body), 429)
    assert not Event.objects.exists()
    assert stranger.get("/webhooks").status_code == 200
    settings.SANDBOX = True
    assert api.get("/webhooks").status_code == 200


def test_what_nobody_foresaw_is_a_500_that_gives_nothing_away(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the secret is 42")

    monkeypatch.setattr(scope, "webhooks", fail)
    with caplog.at_level(logging.ERROR):
        problem = check_problem(api.get("/webhooks"), 500)
    assert "42" not in str(problem)
    assert "the secret is 42" in caplog.text


def test_a_database_that_does_not_answer_is_a_503(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("connection refused at 10.0.0.5")

    monkeypatch.setattr(scope, "webhooks", fail)
    answer = api.get("/webhooks")
    assert "10.0.0.5" not in str(check_problem(answer, 503))
    assert answer["Retry-After"] == "1"


def test_text_that_utf8_cannot_hold_is_quoted_all_the_same(api: Api, db: None) -> None:
    problem = check_problem(api.post("/webhooks", {"\ud800": 1, "\x00": 2}), 400)
    assert "\\ud800" in problem["detail"]
