"""Whatever stands in a parameter, a path, a form, a cookie or a header: never a 500."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chatbots.admin.asked_list import LOOKUP_FORMS
from tests.walk import routes
from tests.walk.routes import Route
from tests.walk.visit import Visitor, names_read

pytestmark = pytest.mark.thorough

# As they stand in a URL.
NASTY = {
    "a NUL": "a%00b",
    "a digit that is none of ASCII": "%C2%B2",
    "bytes that are not UTF-8": "%FF%FE",
    "past 64 bits": "9" * 30,
}
MORE = {
    "a word": "x",
    "negative": "-1",
    "half of a surrogate pair": "%ED%A0%80",
    "nothing": "",
    "zero": "0",
    "past int()": "9" * 5000,
    "past 63 bits": str(2**63),
    "an exponent": "1e5",
    "not a number": "NaN",
    "without end": "inf",
    "long": "a" * 5000,
    "a list": "1,2,x",
    "the same twice": "1&{name}=x",
    "JSON": "%7B%22a%22%3A1%7D",
    "a line": "a%0D%0Ab",
    "quotes": "%27%22%3C%25%3E",
    "an admin escape of NUL": "_00",
    "a day that is none": "2023-99-99T99:99:99",
    "before time": "0001-01-01T00:00:00%2B23:59",
    "after time": "9999-12-31T23:59:59-23:59",
    "an emoji": "%F0%9F%98%80",
    "many": "a%2C" * 300,
    "Arabic digits": "%D9%A1",
}
# What Django's own lists read, whatever they are of.
LIST_NAMES = ("q", "p", "o", "all", "e", "_popup", "_to_field", "_facets", "_changelist_filters")


def _addresses(visitor: Visitor) -> Iterator[tuple[Route, str]]:
    for route in routes.every():
        yield route, route.at(visitor.ids)


def _parameters(visitor: Visitor, address: str, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """What the view reads from the query, also when it finds something in it."""
    with names_read(monkeypatch) as names:
        context = visitor.ask("GET", address).context
        for _ in range(2):
            visitor.ask("GET", f"{address}?{'&'.join(f'{name}=a' for name in sorted(names))}")
    if context is not None and "cl" in context:
        names.update(LIST_NAMES)
        for spec in context["cl"].filter_specs:
            names.update(filter(None, spec.expected_parameters()))
            if field := getattr(spec, "field_path", ""):
                names.update(field + form for form in LOOKUP_FORMS)
    return names


def _walk_queries(visitor: Visitor, monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> str:
    failed = []
    asked = 0
    for _, address in _addresses(visitor):
        names = sorted(_parameters(visitor, address, monkeypatch))
        is_list = "q" in names
        for name in names:
            for what, value in values.items():
                filled = value.format(name=name) if "{name}" in value else value
                # Beside what lets a view get as far as reading it; a list would stop at the first.
                others = [f"{other}=a" for other in names if other != name and not is_list]
                query = "&".join([f"{name}={filled}", *others])
                asked += 1
                if visitor.ask("GET", f"{address}?{query}").status >= 500:
                    failed.append(f"{address}?{query[:120]} ({what})")
    assert asked
    return "\n".join(failed)


@pytest.mark.timeout(400)
def test_no_query_parameter_makes_a_500(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _walk_queries(visitor, monkeypatch, NASTY) == ""


@pytest.mark.walk
@pytest.mark.production
@pytest.mark.timeout(2400)
def test_no_query_parameter_makes_a_500_however_odd(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _walk_queries(visitor, monkeypatch, MORE) == ""


@pytest.mark.parametrize("query", ["a=1&" * 1001, "&".join(f"a{n}" for n in range(1001))])
def test_no_number_of_parameters_makes_a_500(visitor: Visitor, query: str) -> None:
    failed = []
    for _, address in _addresses(visitor):
        for method, kind in (("GET", ""), ("POST", "application/x-www-form-urlencoded")):
            answer = visitor.ask(method, f"{address}?{query}", query.encode(), kind)
            if answer.status >= 500:
                failed.append(f"{method} {address}")
            # What a program reads is told to it in its own way.
            if answer.status == 400 and address.startswith("/api/"):
                assert answer.type == "application/problem+json", address
    assert not failed, "\n".join(failed)


def test_who_has_no_key_gets_no_500_by_many_parameters(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    for route, address in _addresses(visitor):
        if route.template.startswith("/api/"):
            query = f"{address}?{'a=1&' * 1001}"
            assert visitor.ask("GET", query, HTTP_AUTHORIZATION="").status < 500, address
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def _walk_ids(visitor: Visitor, values: dict[str, str], *methods: str) -> str:
    failed = []
    for route in routes.every():
        for name in route.parameters:
            for value in values.values():
                address = route.at(visitor.ids, **{name: value.partition("&")[0] or "%20"})
                failed += [
                    f"{method} {address[:150]}"
                    for method in methods
                    if visitor.ask(method, address).status >= 500
                ]
    return "\n".join(failed)


def test_no_id_in_a_path_makes_a_500(visitor: Visitor) -> None:
    assert _walk_ids(visitor, NASTY, "GET") == ""


@pytest.mark.walk
@pytest.mark.production
@pytest.mark.timeout(2400)
def test_no_id_in_a_path_makes_a_500_however_odd(visitor: Visitor) -> None:
    assert _walk_ids(visitor, NASTY | MORE, "GET", "POST") == ""


COOKIES = ("emitter_session", "csrftoken", "messages")
HEADERS = {
    "CONTENT_TYPE": (
        "text/plain; charset=hex",
        "application/x-www-form-urlencoded; charset=rot13",
        "application/x-www-form-urlencoded; charset=undefined",
        "multipart/form-data",
        "multipart/form-data; boundary=\u00e9",
        "application/json; charset=idna",
        ";;;=",
    ),
    "HTTP_COOKIE": (
        *(f'{name}="aaaaaaaaaaaa\\000"' for name in COOKIES),
        *(f"{name}={'z' * 5000}" for name in COOKIES),
        "\u00e9=\u00ff; =; ;;",
    ),
    "HTTP_REFERER": ("http://[", "\u00e9", "http://x:y/"),
    "HTTP_ORIGIN": ("http://[", "null", "\u00e9"),
    "HTTP_ACCEPT": ("\u00e9", "*/*;q=x", "application/json;" * 500),
    "HTTP_X_FORWARDED_FOR": ("\u00e9", ",,,", "[::1", "fe80::1%eth0"),
    "HTTP_IF_NONE_MATCH": ('"', "\u00e9"),
    "HTTP_IF_MODIFIED_SINCE": ("yesterday", "Thu, 99 Jan 99999 00:00:00 GMT"),
    "HTTP_X_CHATLOG_ID": ("\u00b2", "a" * 5000, "\u00e9"),
    "HTTP_X_CSRFTOKEN": ("\u00e9", "a" * 5000),
    "HTTP_IDEMPOTENCY_KEY": ("\u00e9", "a" * 5000, ""),
    "HTTP_AUTHORIZATION": ("Bearer \u00e9", "Bearer " + "a" * 5000, "Basic x", "Bearer \ud800"),
}


@pytest.mark.walk
@pytest.mark.production
@pytest.mark.timeout(400)
def test_no_header_makes_a_500(visitor: Visitor, settings: Any) -> None:
    settings.SANDBOX = True
    failed = []
    for number, (_, address) in enumerate(_addresses(visitor)):
        methods = ("GET", "POST")
        for name, values in HEADERS.items():
            # An address is one of few kinds, and a header is read by all of one kind or by none.
            value = values[number % len(values)]
            for method in methods:
                kind = value if name == "CONTENT_TYPE" else ""
                more = {} if name == "CONTENT_TYPE" else {name: value}
                if visitor.ask(method, address, b"a=b", kind, **more).status >= 500:
                    failed.append(f"{method} {address} {name}: {value[:60]!r}")
    assert not failed, "\n".join(failed)
