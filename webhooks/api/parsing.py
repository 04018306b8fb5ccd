"""Bodies of requests: JSON that means one thing, and not too much of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any, Final

from django.http import HttpRequest
from rest_framework.exceptions import APIException
from rest_framework.parsers import BaseParser

from chatbots import jsonbytes
from webhooks.api.problem import Problem

MAX_BODY_BYTES: Final = 256 * 1024


class JsonParser(BaseParser):
    """JSON with the rules of chatbots.jsonbytes; a view's `max_body_bytes` is its limit."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        view = (parser_context or {}).get("view")
        return read(stream, getattr(view, "max_body_bytes", MAX_BODY_BYTES))


def read(stream: IO[Any] | HttpRequest, limit: int) -> Any:
    """The JSON of a body. Raises a Problem: 413 past `limit` bytes, 400 for what is not exact."""
    return json_of(bytes_of(stream, limit))


def bytes_of(stream: IO[Any] | HttpRequest, limit: int) -> bytes:
    """A body's bytes. Raises a Problem: 413 past `limit` of them, by what its head says too: of a
    body that is too long, nothing may have been read."""
    announced = str(getattr(stream, "META", {}).get("CONTENT_LENGTH") or "0")
    if announced.isdecimal() and int(announced) > limit:
        raise too_large(limit)
    body: bytes = stream.read(limit + 1)
    if len(body) > limit:
        raise too_large(limit)
    return body


def json_of(body: bytes) -> Any:
    """The JSON of a body. Raises a Problem: 400 for what is not exact."""
    try:
        return jsonbytes.decode(body)
    except jsonbytes.NotExact as error:
        if error.path:
            raise Problem(400, errors=[(error.path, error.sentence)]) from None
        whole = "" if error.sentence.startswith("The body") else "The body "
        raise Problem(400, f"{whole}{error.sentence}") from None


def require_length(request: HttpRequest) -> None:
    """Raise a Problem (411) for a chunked body: WSGI reads none without a Content-Length."""
    if request.META.get("HTTP_TRANSFER_ENCODING") and not request.META.get("CONTENT_LENGTH"):
        raise Problem(411, "Send the body with a Content-Length header, not in chunks.")


def too_large(limit: int) -> APIException:
    return Problem(413, f"The body is larger than {limit // 1024} KiB, the most this call takes.")
