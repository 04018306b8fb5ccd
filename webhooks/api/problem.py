"""Every error of the API as `application/problem+json` (RFC 9457)."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions

from chatbots import database_trouble, unreadable
from chatbots.jsonbytes import NotExact
from webhooks.subscriptions import PlanWithoutWebhooks

log = logging.getLogger(__name__)

CONTENT_TYPE: Final = "application/problem+json"
NO_SUCH_PAGE: Final = "There is nothing at this address. The calls are listed at /api/v1/docs."
# Codes of ValidationErrors that are for programs, too.
WORDS: Final = frozenset({"too_many_webhooks", "too_large"})
# The state of the thing, not the request, is in the way.
CONFLICTS: Final = frozenset({"in_flight", "deleted", "no_live_chat"})

FieldErrors = Sequence[tuple[str, str]]


class Problem(exceptions.APIException):
    """An error to answer with. `errors` are (field, sentence), fields as the caller wrote them;
    `code` is a word for programs, that does not change."""

    def __init__(
        self,
        status: int,
        detail: str = "",
        errors: FieldErrors = (),
        headers: Mapping[str, str] | None = None,
        code: str = "",
    ) -> None:
        self.status_code = status
        self.errors = errors
        self.code = code
        self.headers = dict(headers or {})
        super().__init__(detail or " ".join(sentence_of(*error) for error in errors))


def sentence_of(field: str, message: str) -> str:
    return f"{field}: {message}" if field else message


def response(
    status: int,
    detail: str,
    errors: FieldErrors = (),
    headers: Mapping[str, str] | None = None,
    code: str = "",
) -> HttpResponse:
    """A problem as an answer. `detail` is a sentence that says what is wrong and what to do."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": _printable(detail),
    }
    if code:
        body["code"] = code
    if errors:
        body["errors"] = [
            {"field": _printable(field), "message": _printable(message)}
            for field, message in errors
        ]
    return HttpResponse(
        msgspec.json.encode(body), status=status, content_type=CONTENT_TYPE, headers=headers
    )


def handle(exc: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """DRF's EXCEPTION_HANDLER: whatever a view raises, as a problem that gives nothing away."""
    if isinstance(exc, Problem):
        return response(exc.status_code, str(exc.detail), exc.errors, exc.headers, exc.code)
    if isinstance(exc, Http404):
        return response(404, str(exc) or NO_SUCH_PAGE)
    if isinstance(exc, PlanWithoutWebhooks):
        return response(403, exc.messages[0])
    if isinstance(exc, ValidationError):
        errors = list(_django_errors(exc))
        code = getattr(exc, "code", None)
        status = 409 if code in CONFLICTS else 413 if code == "too_large" else 400
        detail = " ".join(sentence_of(*error) for error in errors)
        word = code if code in WORDS else ""
        return response(status, detail, [error for error in errors if error[0]], code=word)
    if isinstance(exc, NotExact):
        return not_exact(exc)
    if isinstance(exc, PermissionDenied):
        return response(403, str(exc) or "This key may not do that.")
    if isinstance(exc, exceptions.APIException):
        return _drf_problem(exc)
    if isinstance(exc, unreadable.REFUSALS):
        return response(unreadable.status(exc), unreadable.sentence(exc))
    # The latter: the connection broke, and was used once more.
    if isinstance(exc, OperationalError | InterfaceError):
        log.error("The database did not answer a request: %s", exc)
        return response(
            503,
            database_trouble.sentence(exc),
            headers={"Retry-After": str(database_trouble.retry_after_seconds(exc))},
        )
    log.error("A request failed in a way nobody foresaw.", exc_info=exc)
    return response(500, "Something went wrong on our side. It is in the log; try again.")


def not_exact(exc: NotExact) -> HttpResponse:
    """400 for a value that JavaScript would not give back as it is."""
    errors = [(exc.path, exc.sentence)] if exc.path else []
    return response(400, f"{exc.path} {exc.sentence}".strip(), errors)


def _drf_problem(exc: exceptions.APIException) -> HttpResponse:
    headers = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    errors: list[tuple[str, str]] = []
    detail = exc.detail
    if isinstance(exc, exceptions.Throttled):
        seconds = math.ceil(getattr(exc, "wait", None) or 1)
        headers["Retry-After"] = str(seconds)
        what = getattr(exc, "what", "Too many requests with this key.")
        text = f"{what} Try again in {seconds} s."
    elif isinstance(exc, exceptions.MethodNotAllowed):
        text = "This address does not take this method. The Allow header has those it takes."
    elif isinstance(exc, exceptions.UnsupportedMediaType):
        text = "Send the body as JSON, with the header Content-Type: application/json."
    elif isinstance(detail, list | dict):
        every = list(_flat(detail, ""))
        text = " ".join(sentence_of(*error) for error in every)
        errors = [error for error in every if error[0]]
    else:
        text = str(detail)
    return response(exc.status_code, text, errors, headers)


def _flat(detail: object, path: str) -> Iterator[tuple[str, str]]:
    """(field, sentence) for each leaf of what a DRF serializer complains about."""
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            if key == "non_field_errors":
                yield from _flat(value, path)
            else:
                yield from _flat(value, f"{path}.{key}" if path else str(key))
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            nested = isinstance(value, Mapping | list)
            yield from _flat(value, f"{path}[{index}]" if nested else path)
    else:
        yield path, str(detail)


def _django_errors(exc: ValidationError) -> Iterator[tuple[str, str]]:
    if not hasattr(exc, "error_dict"):
        yield from (("", message) for message in exc.messages)
        return
    for name, messages in exc.message_dict.items():
        field = "" if name == "__all__" else camel(name)
        yield from ((field, message) for message in messages)


def camel(name: str) -> str:
    """`retry_schedule` as the API calls it: `retrySchedule`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _printable(text: str) -> str:
    """A caller's own text may be quoted in an error and hold what UTF-8 cannot."""
    return text.encode("utf-8", "backslashreplace").decode()


@csrf_exempt
def not_found(request: HttpRequest, exception: object = None) -> HttpResponse:
    """The answer for an address under /api/ that does not exist."""
    return response(404, NO_SUCH_PAGE)
