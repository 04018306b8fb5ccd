from __future__ import annotations

import pytest

from webhooks import attempt_view


@pytest.mark.parametrize(
    ("head", "headers"),
    [
        (b"", {}),
        (b"POST /a:b HTTP/1.1\r\nHost: x\r\nEmpty:\r\n\r\n", {"Host": "x", "Empty": ""}),
        (
            b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\n\r\n",
            {"Set-Cookie": "a=1, b=2"},
        ),
        (
            (
                b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
                b"HTTP/1.1 404 Not: Found\r\nX: \xff\r\n\r\n"
            ),
            {"X": "ÿ"},
        ),
    ],
)
def test_headers_read_as_they_were(head: bytes, headers: dict[str, str]) -> None:
    assert attempt_view.headers_of(head) == headers


def test_a_body_that_is_not_text_is_shown_all_the_same() -> None:
    assert attempt_view.body_text(b"Zo\xc3\xab \xff") == "Zoë \ufffd"
