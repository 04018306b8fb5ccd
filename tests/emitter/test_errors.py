"""What a person or a program sees of an error that nobody caught."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import (
    BadRequest,
    DisallowedHost,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import get_resolver

from chatbots import page_json
from emitter.errors import bad_request
from emitter.readable import Readable
from webhooks.api import problem

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates"


def answered(path: str, error: Exception) -> HttpResponse:
    """The answer at `path` when `error` is what Django is handling."""
    handler = get_resolver().resolve_error_handler(500)
    try:
        raise error
    except type(error):
        answer = handler(RequestFactory().get(path))
    assert isinstance(answer, HttpResponse)
    return answer


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (OperationalError("gone"), 503, "The database is not answering. Try again in a moment."),
        (RuntimeError("secret"), 500, "The fault is ours, and it is in the log."),
    ],
)
def test_a_page_says_in_words_what_is_wrong(error: Exception, status: int, words: str) -> None:
    answer = answered("/webhooks/", error)
    assert answer.status_code == status
    assert words in answer.content.decode()
    assert "secret" not in answer.content.decode()
    assert answer.headers.get("Retry-After") == ("1" if status == 503 else None)


@pytest.mark.parametrize(("error", "status"), [(OperationalError(), 503), (RuntimeError(), 500)])
def test_the_api_answers_with_a_problem(error: Exception, status: int) -> None:
    answer = answered("/api/v1/chat", error)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert json.loads(answer.content)["detail"].endswith(("in a moment.", "try again."))


@pytest.mark.parametrize(
    ("host", "words"),
    [
        (None, "has no Host header"),
        ("emitter.example,emitter.example", "more than once"),
        ("evil.example", "Call it by a name that ALLOWED_HOSTS has."),
        ("a b", "is not the name of a host"),
    ],
)
def test_what_is_wrong_with_a_host_header_is_said(host: str | None, words: str) -> None:
    request = RequestFactory().get("/login/")
    if host is not None:
        request.META["HTTP_HOST"] = host
    answer = bad_request(request, DisallowedHost())
    assert isinstance(answer, HttpResponse)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert words in page
    assert '<link rel="icon"' in page


def test_a_request_that_cannot_be_read_gets_a_page_in_the_dashboards_look() -> None:
    answer = bad_request(RequestFactory().get("/login/"), SuspiciousOperation())
    assert isinstance(answer, HttpResponse)
    assert "error.css" in answer.content.decode()
    assert "Back to the dashboard" in answer.content.decode()


def _kinds(of: type[Exception]) -> Iterator[type[Exception]]:
    yield of
    for kind in of.__subclasses__():
        yield from _kinds(kind)


REFUSED = [*_kinds(SuspiciousOperation), BadRequest, MultiPartParserError, UnreadablePostError]


@pytest.mark.parametrize("kind", REFUSED)
def test_what_django_refuses_to_read_is_no_fault_of_ours(
    kind: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    """On an API call, a page and a call of a chat page; nothing of Django's words is in it."""

    def fail(request: HttpRequest) -> HttpResponse:
        raise kind("Secret.")

    of_api = problem.handle(kind("Secret."), {})
    of_page = bad_request(RequestFactory().get("/login/"), kind("Secret."))
    of_chat = page_json.in_words(fail)(RequestFactory().get("/chatbot/x/messages"))
    assert isinstance(of_page, HttpResponse)
    for answer in (of_api, of_page, of_chat):
        assert answer.status_code == (413 if kind is RequestDataTooBig else 400)
        assert "Secret" not in answer.content.decode()
    assert json.loads(of_api.content)["detail"].endswith(".")
    assert json.loads(of_chat.content)["error"].endswith(".")
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_form_that_broke_off_on_its_way_is_no_fault_of_ours(rf: RequestFactory) -> None:
    request = rf.post("/login/")
    answer = Readable(lambda _: HttpResponse()).process_exception(request, UnreadablePostError())
    assert answer is not None
    assert answer.status_code == 400
    assert "The connection broke before all" in answer.content.decode()


@pytest.mark.parametrize("name", sorted(path.name for path in TEMPLATES.glob("[45]*.html")))
def test_an_error_page_needs_no_request_and_no_database(name: str) -> None:
    page = render_to_string(name, {"sentence": "Why it is so."})
    assert page.startswith("<!DOCTYPE html>")
    assert re.search(r"<title>\w.* \| Wonderchat</title>", page)
    assert re.search(r"<h1>\w.*</h1>\s*<p>\w.*\.</p>", page)
    assert 'href="/"' in page
    assert "emitter/error.css" in page


def test_the_page_for_a_wrong_host_asks_for_no_other_file() -> None:
    page = render_to_string("400.html", {"sentence": "The host is wrong.", "plain": True})
    assert "<p>The host is wrong.</p>" in page
    assert re.findall(r'(?:href|src)="([^"]*)"', page) == ["data:,"]
