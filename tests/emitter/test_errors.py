"""What a person or a program sees of an error that nobody caught."""

from __future__ import annotations

import json

import pytest
from django.core.exceptions import DisallowedHost, SuspiciousOperation
from django.db import OperationalError
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import get_resolver

from emitter.errors import bad_request


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
