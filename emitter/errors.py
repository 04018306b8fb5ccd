"""The answer when nothing else answered: for an error that nobody caught."""

from __future__ import annotations

import sys

from django.contrib.admin.exceptions import (
    DisallowedModelAdminLookup,
    DisallowedModelAdminToField,
)
from django.core.exceptions import DisallowedHost
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.middleware.csrf import REASON_NO_CSRF_COOKIE
from django.template.loader import render_to_string

from chatbots import database_trouble, unreadable
from webhooks.api import problem

NO_HOST = "The request has no Host header. Send the name that it is addressed to."
MANY_HOSTS = "The Host header is there more than once, or holds several names. Send one."
NOT_A_HOST = "The Host header is not the name of a host. Send a name that ALLOWED_HOSTS has."
STALE_FORM = (
    "This form is older than your login, so nothing was done. Go back, reload the page and send it "
    "again."
)
NO_COOKIE = (
    "Your browser sent no cookie with this form, so nothing was done. Allow cookies for this site, "
    "reload the page and send it again."
)
FROM_ELSEWHERE = (
    "This form did not come from an address that this server knows as its own: nothing was done. "
    "If it is yours, an operator adds its origin to CSRF_TRUSTED_ORIGINS."
)
# How Django's reasons begin where Origin or Referer is the trouble.
OTHER_SITE = ("Origin checking failed", "Referer checking failed")
NO_SUCH_PARAMETER = "The address has a parameter that this page does not have. Leave it out."
NOT_OF_THE_PAGE = (DisallowedModelAdminLookup, DisallowedModelAdminToField)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400: for what it refuses to read, such as a wrong Host."""
    wrong_host = isinstance(exception, DisallowedHost)
    status = unreadable.status(exception)
    sentence = _host_sentence(request) if wrong_host else unreadable.sentence(exception)
    if isinstance(exception, NOT_OF_THE_PAGE):
        sentence = NO_SUCH_PARAMETER
    if request.path_info.startswith("/api/"):
        return problem.response(status, sentence)
    return HttpResponse(
        render_to_string("400.html", {"sentence": sentence, "plain": wrong_host}), status=status
    )


def _host_sentence(request: HttpRequest) -> str:
    host = str(request.META.get("HTTP_HOST", "")).strip()
    if not host:
        return NO_HOST
    if "," in host:  # How a server joins two headers of one name.
        return MANY_HOSTS
    return unreadable.WRONG_HOST if split_domain_port(host)[0] else NOT_A_HOST


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW: for a form that may have been sent by another site."""
    sentence = NO_COOKIE if reason == REASON_NO_CSRF_COOKIE else STALE_FORM
    if reason.startswith(OTHER_SITE):
        sentence = FROM_ELSEWHERE
    if request.path_info.startswith("/api/"):
        return problem.response(403, sentence)
    return HttpResponse(render_to_string("403_csrf.html", {"sentence": sentence}), status=403)


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
