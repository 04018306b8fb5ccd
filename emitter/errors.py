"""The answer when nothing else answered: for an error that nobody caught."""

from __future__ import annotations

import sys

from django.core.exceptions import DisallowedHost
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from chatbots import database_trouble
from webhooks.api import problem

WRONG_HOST = (
    "This is not reached by the name in the Host header. Call it by a name that ALLOWED_HOSTS has."
)
UNREADABLE = "The request could not be read: its head or its form breaks the rules of HTTP."


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400: for what is refused before any view sees it, such as a wrong Host."""
    sentence = WRONG_HOST if isinstance(exception, DisallowedHost) else UNREADABLE
    if request.path_info.startswith("/api/"):
        return problem.response(400, sentence)
    return HttpResponse(render_to_string("400.html", {"sentence": sentence}), status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: 503 when it is the database, and it will be well again; else 500."""
    error = sys.exc_info()[1]
    if request.path_info.startswith("/api/") and isinstance(error, Exception):
        return problem.handle(error, {})
    if not isinstance(error, (OperationalError, InterfaceError)):
        return HttpResponse(render_to_string("500.html"), status=500)
    wait = str(database_trouble.retry_after_seconds(error))
    return HttpResponse(
        render_to_string("503.html", {"sentence": database_trouble.sentence(error)}),
        status=503,
        headers={"Retry-After": wait},
    )
