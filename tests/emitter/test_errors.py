"""What a person or a program sees of an error that nobody caught."""

from __future__ import annotations

import json

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import get_resolver


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
