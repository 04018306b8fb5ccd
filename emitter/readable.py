"""What no page can make sense of is taken out of a request before one tries.

A NUL is in no text that a person typed and in no id, and PostgreSQL compares nothing with one: in a
query it becomes U+FFFD, which finds nothing, a cookie with one is as good as none, and there is no
page at a path with one. A form is UTF-8 (HTML Living Standard, 4.10.21.8), whatever another charset
its head names: Python has codecs that are none for text. What a form says and a database cannot
hold is the sender's mistake, not ours, and so is a form that breaks off on its way. The API checks
its own (webhooks.api.scope.is_id).
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError

from emitter import errors

log = logging.getLogger(__name__)

NOT_HELD = "This holds something that cannot be looked up or kept, such as a NUL character."
# U+FFFD, the replacement character, in a query string.
REPLACEMENT = "%EF%BF%BD"


class Readable:
    """Middleware; after the API has gone its own way, before anything reads a cookie."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info:
            raise Http404
        query = request.META.get("QUERY_STRING", "")
        if "%00" in query or "\0" in query:
            request.META["QUERY_STRING"] = query.replace("%00", REPLACEMENT).replace(
                "\0", REPLACEMENT
            )
        for name in [name for name, value in request.COOKIES.items() if "\0" in name + value]:
            del request.COOKIES[name]
        if request.content_params and "charset" in request.content_params:
            request.encoding = "utf-8"
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, UnreadablePostError):
            return errors.bad_request(request, error)
        if not isinstance(error, DataError):
            return None
        log.warning("A request to %s was refused by the database: %s", request.path, error)
        return HttpResponse(NOT_HELD, status=400, content_type="text/plain; charset=utf-8")
