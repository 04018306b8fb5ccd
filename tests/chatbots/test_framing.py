"""Which web sites may show a chatbot's chat in a frame."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from chatbots import framing


@pytest.mark.parametrize(
    ("line", "origin"),
    [
        ("https://shop.example.com", "https://shop.example.com"),
        ("HTTPS://Shop.Example.com/", "https://shop.example.com"),
        ("https://shop.example.com:443", "https://shop.example.com"),
        ("https://shop.example.com:08443", "https://shop.example.com:8443"),
        ("https://*.example.com", "https://*.example.com"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://203.0.113.7", "https://203.0.113.7"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
    ],
)
def test_an_origin_is_listed_as_browsers_compare_it(line: str, origin: str) -> None:
    framing.validate(line)
    assert framing.ancestors(line) == f"'self' {origin}"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("shop.example.com", "Write https://shop.example.com"),
        ("https://shop.example.com/cart", "without a path"),
        ("https://shop.example.com?x", "without a path"),
        ("https://ann@shop.example.com", "without a path"),
        ("https://a.example https://b.example", "without a path"),
        ("ftp://shop.example.com", "is not an origin"),
        ("https://*", "is not an origin"),
        ("https://shop.*.com", "is not an origin"),
        ("https://*.com", "too wide"),
        ("https://[::1]:3000", "IPv6"),
        ("https://shop.example.com:70000", "between 1 and 65535"),
        ("https://-shop.example", "is not the name of a web site"),
        ("https://shop..example", "is not the name of a web site"),
        ("https://shop.example;script-src", "is not the name of a web site"),
        ("https://shop.example,*", "is not an origin"),
        ("http://shop.example.com", "Write https://shop.example.com"),
    ],
)
def test_what_is_no_origin_is_refused_in_a_sentence_and_frames_nothing(
    line: str, sentence: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        framing.validate(line)
    assert sentence in caught.value.messages[0]
    assert framing.ancestors(line) == "'self'"


def test_nothing_listed_is_the_own_site_only() -> None:
    assert framing.ancestors("") == framing.ancestors(" \r\n\n") == "'self'"


def test_the_sandbox_lets_loopback_and_http_frame_too(settings: Settings) -> None:
    settings.SANDBOX = True
    framing.validate("http://shop.test")
    sources = framing.ancestors("http://shop.test").split()
    assert sources[:2] == ["'self'", "http://shop.test"]
    assert {"http://localhost:*", "http://127.0.0.1:*"} < set(sources)
    settings.SANDBOX = False
    assert framing.ancestors("http://shop.test") == "'self'"


def test_a_list_that_no_header_could_hold_is_refused() -> None:
    with pytest.raises(ValidationError, match="At most 50 web sites; there are 51"):
        framing.validate("\n".join(f"https://{n}.example" for n in range(51)))
    with pytest.raises(ValidationError, match="may have 3000 characters"):
        framing.validate("\n".join(f"https://{'a' * 60}.{'b' * 60}{n}.example" for n in range(30)))


@given(st.text(alphabet="htps:/*.aé;, '\"\n\r\t\x00\\[]@#?09-", max_size=60))
def test_nothing_that_is_listed_gets_out_of_its_directive(text: str) -> None:
    value = framing.ancestors("https://" + text)
    assert value.isascii()
    assert not set(value) & set(';,\r\n\t\x00"')
    assert "*" not in value.split()
