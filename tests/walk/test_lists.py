"""Every list of the dashboard, asked for by any field of its rows, and told to act on any rows."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Field
from django.urls import reverse

from tests.walk.long_queries import filters, lists, searches
from tests.walk.visit import Visitor

pytestmark = pytest.mark.thorough

LOOKUPS = {
    "": ("²", "9" * 30, "\ud800"),
    "__exact": ("x", "9" * 30),
    "__in": ("9" * 30, "1,x", ""),
    "__id__in": ("9" * 30, "x"),
    "__range": ("", "99999"),
    "__year": ("0000", "-1", "99999", "inf"),
    "__date": ("0000",),
    "__regex": ("(",),
    "__gt": ("1e3",),
}
IDS = ("x", "²", "1e3", "", "-1", "9" * 30, "9" * 5000, "a\0b", " 1", "1,2", "NaN", "0")


def _lists() -> Iterator[tuple[str, list[str]]]:
    """The address of each list, and the names of the fields of its rows."""
    admin.autodiscover()  # Its models come with the first page otherwise.
    for model in admin.site._registry:
        names = [field.name for field in model._meta.get_fields() if isinstance(field, Field)]
        page = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        yield reverse(page), names


def _quoted(value: str) -> str:
    return quote(value, errors="surrogatepass")


def test_no_field_of_a_row_makes_a_500(visitor: Visitor) -> None:
    failed = []
    for address, names in _lists():
        for name in ("pk", *names):
            failed += [
                asked
                for lookup, values in LOOKUPS.items()
                for value in values
                if visitor.ask("GET", asked := f"{address}?{name}{lookup}={_quoted(value)}").status
                >= 500
            ]
    assert not failed, "\n".join(failed)


def test_no_search_text_is_too_long(visitor: Visitor) -> None:
    assert not [asked[:100] for asked in searches() if visitor.ask("GET", asked).status >= 500]


def test_no_filter_has_too_many_values(visitor: Visitor) -> None:
    asked = list(filters(visitor))
    assert not [address[:100] for address in asked if visitor.ask("GET", address).status >= 500]


@pytest.mark.parametrize("address", lists())
def test_who_searches_for_too_much_is_told(visitor: Visitor, address: str) -> None:
    told = b"Only its beginning was searched for."
    for text in ("a " * 21, "a" * 1001):
        assert told in visitor.client.get(address, {"q": text}).content
    for text in ("a " * 20, "a" * 1000, "", "\"a b\" 'c d'", "  a   b  "):
        assert told not in visitor.client.get(address, {"q": text}).content


def test_what_is_looked_for_is_the_beginning(visitor: Visitor) -> None:
    few, many = '"heron bot" ' + "heron " * 19, '"heron bot" ' + "heron " * 500 + "nobody"
    for text in (few, many):
        page = visitor.client.get("/chatbots/chatbot/", {"q": text})
        assert page.context["cl"].result_count == 1


def test_a_filter_with_too_many_values_is_named_and_left_out(visitor: Visitor) -> None:
    for query in ("o=" + ".".join("1" * 101), "&".join(["status__exact=failed"] * 101)):
        answer = visitor.client.get(f"/webhooks/delivery/?{query}&q=", follow=True)
        assert answer.redirect_chain == [("/webhooks/delivery/?q=", 302)]
        assert "has more than 100 values for" in answer.content.decode()


@pytest.mark.parametrize("chosen", IDS)
def test_no_choice_of_rows_makes_a_500_or_is_acted_on(visitor: Visitor, chosen: str) -> None:
    people = User.objects.count()
    for address, _ in _lists():
        for more in ("", "&post=yes"):
            body = f"action=delete_selected&_selected_action={quote(chosen)}{more}"
            body += f"&_selected_action={visitor.ids['user']}"
            answer = visitor.ask(
                "POST", address, body.encode(), "application/x-www-form-urlencoded"
            )
            assert answer.status < 500, (address, more)
            assert b"Are you sure" not in answer.content, (address, more)
    assert User.objects.count() == people


def test_a_wrong_choice_of_rows_is_told(visitor: Visitor) -> None:
    form = {"action": "delete_selected", "_selected_action": [visitor.ids["user"], "1e3"]}
    page = visitor.client.post("/auth/user/", form, follow=True)
    assert "so nothing was done." in page.content.decode()


def test_a_right_choice_of_rows_is_acted_on(visitor: Visitor) -> None:
    other = User.objects.create_user("another")
    form = {"action": "delete_selected", "_selected_action": [other.pk], "post": "yes"}
    visitor.client.post("/auth/user/", form)
    assert not User.objects.filter(pk=other.pk).exists()


@pytest.mark.parametrize("number", ["1", "0", "9" * 30])
def test_no_address_finds_a_row_by_the_number_of_its_table(visitor: Visitor, number: str) -> None:
    for table in ("1", "10", "11"):
        assert visitor.ask("GET", f"/r/{table}/{number}/").status == 404
