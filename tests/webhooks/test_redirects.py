"""A redirect says where it leads, in full and readable, whatever the endpoint wrote."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.webhooks.raw_server import RawServer, answer
from tests.webhooks.sender import Sender
from webhooks.answer import Head
from webhooks.outcome import LONGEST_ERROR


@pytest.fixture(scope="module")
def sender() -> Iterator[Sender]:
    with Sender() as made:
        yield made


def redirected(sender: Sender, *locations: bytes, status: int = 302) -> str:
    """The sentence to a redirect with these Location lines; `{origin}` is the server's own."""
    lines = b"".join(b"Location: " + location + b"\r\n" for location in locations)
    reply = b"HTTP/1.1 %d Go\r\n%sContent-Length: 0\r\n\r\n" % (status, lines)
    with RawServer(answer(reply)) as server:
        outcome = sender.post(server.url("/hooks/in?x=1"))
        assert outcome.error_kind == "redirect", outcome.error
        assert outcome.status_code == status
        assert len(server.requests) == 1
        return outcome.error.replace(server.origin, "{origin}")


@pytest.mark.parametrize(
    ("location", "leads_to"),
    [
        (b"/x/", "{origin}/x/"),
        (b"hook/", "{origin}/hooks/hook/"),
        (b"?a=1", "{origin}/hooks/in?a=1"),
        (b"../up", "{origin}/up"),
        (b"//h.example/x", "http://h.example/x"),
        (b"https://h.example/x", "https://h.example/x"),
        (b"https://h.example", "https://h.example"),
        ("/grüße/🎉".encode(), "{origin}/grüße/🎉"),
        ("/größe".encode("latin-1"), "{origin}/größe"),
        (b"mailto:a@example.com", "mailto:a@example.com"),
        (b"http://[", "http://["),
    ],
)
def test_where_a_redirect_leads_is_said_in_full(
    sender: Sender, location: bytes, leads_to: str
) -> None:
    assert f" to {leads_to}. " in redirected(sender, location)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_two_locations_are_a_redirect_still(sender: Sender, status: int) -> None:
    sentence = redirected(sender, b"/a", b"/b", status=status)
    assert " to {origin}/a. " in sentence


@pytest.mark.parametrize("locations", [(), (b"",), (b"/a", b"/a"), (b"", b"/b")])
def test_odd_locations_are_a_redirect_still(sender: Sender, locations: tuple[bytes, ...]) -> None:
    assert "Redirects are not followed" in redirected(sender, *locations)


@pytest.mark.parametrize(
    "location",
    [
        b"/\x1b]0;owned\x07",
        b"/\x1b[2J\x1b[31m",
        b"/\xc2\x9b31m",
        b"/a\rb",
        "/\u202egnp.exe".encode(),
        "/\u2028next".encode(),
        b"/\x7f\x08\x08",
        b"/" + b"x" * 50_000,
    ],
)
def test_what_an_endpoint_wrote_does_nothing_to_a_terminal_or_log(
    sender: Sender, location: bytes
) -> None:
    sentence = redirected(sender, location)
    assert sentence.isprintable()
    assert len(sentence) <= LONGEST_ERROR


@given(st.binary())
def test_any_location_can_be_read(value: bytes) -> None:
    head = Head(b"HTTP/1.1 302 Go\r\nLocation: " + value + b"\r\n\r\n", 302, True)
    assert isinstance(head.location("https://example.com/"), str)
