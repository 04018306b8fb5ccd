"""A head as ASGI tells it, and as Django's handler takes it."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest

from emitter.front_door.head import environ_of, with_body


def scope(path: str = "/", query: bytes = b"", *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "query_string": query,
        "server": ("10.0.0.1", 8000),
        "client": ("10.0.0.2", 4711),
        "headers": headers,
    }


def request_of(*args: Any, body: bytes = b"") -> WSGIRequest:
    environ = environ_of(scope(*args))
    with_body(environ, body, len(body))
    return WSGIRequest(environ)


@pytest.mark.parametrize("path", ["/", "/chatbot/ü/", "/\U0001f600", "/a b", "/%2e", "/\0"])
def test_a_path_is_what_it_was(path: str) -> None:
    assert request_of(path).path_info == path


def test_a_query_that_is_no_utf8_is_no_error() -> None:
    assert request_of("/", b"a=\xff\xfe&b=%FF&c=1").GET["c"] == "1"


def test_a_header_with_an_underscore_is_nobodys() -> None:
    environ = environ_of(
        scope("/", b"", (b"x_forwarded_for", b"6.6.6.6"), (b"x-forwarded-for", b"1.1.1.1"))
    )
    assert environ["HTTP_X_FORWARDED_FOR"] == "1.1.1.1"
    assert "HTTP_X_FORWARDED_FOR" not in environ_of(
        scope("/", b"", (b"x_forwarded_for", b"6.6.6.6"))
    )


def test_a_header_that_came_twice_is_joined_as_its_kind_is() -> None:
    request = request_of(
        "/", b"", (b"host", b"a"), (b"host", b"b"), (b"cookie", b"a=1"), (b"cookie", b"b=2")
    )
    assert request.META["HTTP_HOST"] == "a,b"
    assert request.COOKIES == {"a": "1", "b": "2"}


def test_a_chunked_body_has_a_length_once_it_is_here() -> None:
    environ = environ_of(scope("/", b"", (b"transfer-encoding", b"chunked")))
    assert environ["HTTP_TRANSFER_ENCODING"] == "chunked"
    with_body(environ, b"12345", 5)
    assert (environ["CONTENT_LENGTH"], environ.get("HTTP_TRANSFER_ENCODING")) == ("5", None)
    assert WSGIRequest(environ).body == b"12345"


def test_who_asks_and_who_is_asked_stand_in_it() -> None:
    meta = request_of("/").META
    assert (meta["REMOTE_ADDR"], meta["SERVER_NAME"], meta["SERVER_PORT"]) == (
        *("10.0.0.2", "10.0.0.1"),
        "8000",
    )
    bare = scope("/") | {"server": None, "client": None}
    assert environ_of(bare)["SERVER_NAME"] == "localhost"
    assert "REMOTE_ADDR" not in environ_of(bare)
