"""A POST without what a busy call does not need: REST framework's way costs more than the event.

The steps are the same and so are the answers: key, limit, body, fields. What was read for an
earlier request is used again, and the writing itself proves that it still holds (intake.py); where
it does not, or something is refused, all is read afresh before the caller hears of it.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from django.core.exceptions import SynchronousOnlyOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.exceptions import APIException, Throttled, UnsupportedMediaType

from chatbots import later, standing
from chatbots.models import ApiKey
from webhooks.api import intake, parsing, problem, throttle
from webhooks.api.authentication import CHALLENGE, key_of, unknown_key
from webhooks.api.intake import Asked
from webhooks.api.view import ApiView

UNREAD: Final = object()


class LeanPost(ApiView):
    """A view whose POST goes straight through; the rest goes REST framework's way."""

    max_body_bytes = parsing.MAX_BODY_BYTES

    def ask(self, request: HttpRequest, data: Any, key: ApiKey, *, fresh: bool) -> Asked:
        """What the request asks for. Raises a Problem or Http404 for what is wrong with it."""
        raise NotImplementedError

    def post(self, request: HttpRequest) -> HttpResponse:
        """A view's own, to carry its documentation, calls `happen`."""
        raise NotImplementedError

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST":
            return super().dispatch(request, *args, **kwargs)
        try:
            return self.post(request)
        except SynchronousOnlyOperation:
            raise later.NotHere from None
        except Exception as error:  # noqa: BLE001 - as REST framework does
            return problem.handle(error, {})

    def happen(self, request: HttpRequest) -> HttpResponse:
        """Do what the request asks for, and answer."""
        parsing.require_length(request)
        body = _Body(request, self.max_body_bytes)
        text, key = self._caller(request, body)
        if seconds := throttle.seconds_to_wait(key.pk):
            raise Throttled(seconds)
        try:
            data = body.data()
        except APIException:
            # Who has no key any more is told that first.
            _live_key(request, text, fresh=True)
            raise
        try:
            asked = self.ask(request, data, key, fresh=False)
        except (APIException, Http404):
            return self._afresh(request, text, data)
        if later.is_possible(request):
            return intake.later(asked, lambda: self._answer_afresh(request, text, data))
        return intake.take(asked) or self._afresh(request, text, data)

    def _afresh(self, request: HttpRequest, text: str, data: Any) -> HttpResponse:
        """The same by nothing that was read before."""
        while True:
            key = _live_key(request, text, fresh=True)
            answer = intake.take(self.ask(request, data, key, fresh=True))
            if answer is not None:
                return answer

    def _answer_afresh(self, request: HttpRequest, text: str, data: Any) -> HttpResponse:
        try:
            return self._afresh(request, text, data)
        except Exception as error:  # noqa: BLE001 - as REST framework does
            return problem.handle(error, {})

    def _caller(self, request: HttpRequest, body: _Body) -> tuple[str, ApiKey]:
        try:
            text = key_of(request, body.key_holder)
            return text, _live_key(request, text, fresh=False)
        except APIException as error:
            if error.status_code == 401:
                error.auth_header = CHALLENGE  # type: ignore[attr-defined]  # As REST framework.
            raise


def _live_key(request: HttpRequest, text: str, *, fresh: bool) -> ApiKey:
    found = standing.key(text, fresh=fresh)
    if found is None:
        error = unknown_key(request)
        if error.status_code == 401:
            error.auth_header = CHALLENGE  # type: ignore[attr-defined]  # As REST framework does.
        raise error
    return found


class _Body:
    """A request's body, read and parsed when it is first asked for."""

    def __init__(self, request: HttpRequest, limit: int) -> None:
        self._request = request
        self._limit = limit
        self._bytes: bytes | None = None
        self._data: Any = UNREAD

    def data(self) -> Any:
        if self._data is UNREAD:
            read = self._read()
            self._data = parsing.json_of(read) if read else {}
        return self._data

    def key_holder(self) -> Any:
        """What has the `apiKey` of the body, and nothing else: who has none has nothing parsed."""
        try:
            return {"apiKey": _key_in.decode(self._read()).apiKey}
        except msgspec.ValidationError:
            return {}
        except (msgspec.DecodeError, UnicodeDecodeError):
            # It is no JSON, and that is told first.
            return self.data()

    def _read(self) -> bytes:
        if self._bytes is None:
            length = self._request.META.get("CONTENT_LENGTH") or "0"
            if not length.isdecimal() or int(length) == 0:
                self._bytes = b""
                return self._bytes
            kind = self._request.META.get("CONTENT_TYPE", "")
            if kind.partition(";")[0].strip().lower() != "application/json":
                raise UnsupportedMediaType(kind)
            self._bytes = parsing.bytes_of(self._request, self._limit)
        return self._bytes


class _KeyIn(msgspec.Struct):
    apiKey: str | None = None


# Steps over everything else, a gigabyte in a second.
_key_in: Final = msgspec.json.Decoder(_KeyIn)
