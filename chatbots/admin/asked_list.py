"""A list of the dashboard, asked for in an address: what it does not have is told in words.

An address may have been typed, kept for long, or made up. Only what the page itself offers as a
filter is asked of the database, and no more of it than a person would; whatever else stands there
is named, and the list shown without.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from django.contrib import messages
from django.contrib.admin.exceptions import (
    DisallowedModelAdminLookup,
    DisallowedModelAdminToField,
)
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import TO_FIELD_VAR
from django.contrib.admin.views.main import (
    ERROR_FLAG,
    IGNORED_PARAMS,
    ORDER_VAR,
    PAGE_VAR,
    SEARCH_VAR,
)
from django.db.models import IntegerField, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.text import smart_split

from chatbots.whole_number import whole_number

# How a list's address may ask for the value of a filter.
LOOKUP_FORMS = ("", "__exact", "__id__exact", "__in", "__isnull")
NOT_OF_THE_LIST = "Something was chosen that this list does not have, so nothing was done."
# What is looked for of a search text. Each word is a condition for each column that is searched,
# and SQLite takes a thousand in all.
MOST_WORDS = 20
MOST_CHARACTERS = 1000
CUT_SHORT = "This is a long text to search for. Only its beginning was searched for."
# Of one filter, and of the columns to order by.
MOST_VALUES = 100
_DIGITS = re.compile("[0-9]+")


def holds_no_id(value: str) -> bool:
    """Whether a number stands in `value` that is past what a database's id can be."""
    return any(not whole_number(digits.lstrip("0") or "1") for digits in _DIGITS.findall(value))


def searched(text: str) -> str:
    """As much of a search text as is looked for: its first words, those in quotes as one."""
    return " ".join(islice(smart_split(text[:MOST_CHARACTERS]), MOST_WORDS))


def _is_cut_short(text: str) -> bool:
    return "".join(searched(text).split()) != "".join(text.split())


def _count(name: str, values: list[str]) -> int:
    """How many values an address gives for a filter, or columns to order by."""
    sign = "." if name == ORDER_VAR else ","
    return sum(value.count(sign) + 1 for value in values)


def _is_key(model: type[Model], value: str) -> bool:
    """Whether a row of `model` could have `value` as its key."""
    in_numbers = isinstance(model._meta.pk, IntegerField)
    return bool(whole_number(value)) if in_numbers else "\0" not in value


class AskedList:
    """Mixed into an admin, before it: its list takes any address, and any choice of rows."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        query = request.GET.copy()
        query.pop(ERROR_FLAG, None)  # The admin's own mark for what is told here in words.
        request.GET = query  # type: ignore[assignment]  # The stubs want one that cannot change.
        if many := [name for name, values in query.lists() if self._are_many(name, values)]:
            return self._without(request, many)
        try:
            page: HttpResponse = super().changelist_view(  # type: ignore[misc]  # The admin below.
                request, extra_context
            )
        except DisallowedModelAdminLookup:
            return self._without(request, self._unknown(request))
        except DisallowedModelAdminToField:
            return self._without(request, [TO_FIELD_VAR])
        if page.get("Location") == f"{request.path}?{ERROR_FLAG}=1":
            messages.error(request, "A filter in the address does not fit. This is the whole list.")
            return redirect(request.path)
        if page.status_code == 200 and _is_cut_short(query.get(SEARCH_VAR, "")):
            messages.warning(request, CUT_SHORT)
        return page

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Of a list, and of a choice that completes what is typed."""
        found: tuple[QuerySet[Any], bool] = super().get_search_results(  # type: ignore[misc]  # As above.
            request, queryset, searched(search_term)
        )
        return found

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only what the page offers as a filter: not a field whose value could be guessed at."""
        if holds_no_id(value):
            return False
        for entry in self.get_list_filter(request):  # type: ignore[attr-defined]  # As above.
            if isinstance(entry, type):
                if lookup == entry.parameter_name:  # type: ignore[attr-defined]  # SimpleListFilter
                    return True
            else:
                name = entry[0] if isinstance(entry, tuple) else entry
                if any(lookup == name + form for form in LOOKUP_FORMS):
                    return True
        return False

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *more: Any
    ) -> HttpResponse | None:
        """Nothing is done to some of the rows where others that were chosen cannot be there."""
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if not all(_is_key(queryset.model, value) for value in chosen):
            messages.error(request, NOT_OF_THE_LIST)
            return redirect(request.get_full_path())
        done: HttpResponse | None = super().response_action(  # type: ignore[misc]  # As above.
            request, queryset, *more
        )
        return done

    def _are_many(self, name: str, values: list[str]) -> bool:
        return name != SEARCH_VAR and _count(name, values) > MOST_VALUES

    def _unknown(self, request: HttpRequest) -> list[str]:
        return [
            name
            for name, values in request.GET.lists()
            if name not in (*IGNORED_PARAMS, PAGE_VAR)
            and not all(self.lookup_allowed(name, value, request) for value in values)
        ]

    def _without(self, request: HttpRequest, names: list[str]) -> HttpResponse:
        kept = request.GET.copy()
        for name in names:
            values = kept.pop(name, [])
            said = f"There is no filter {name[:60]!a}."
            if self._are_many(name, values):
                said = f"The address has more than {MOST_VALUES} values for {name[:60]!a}."
            elif any(holds_no_id(value) for value in values):
                said = f"The filter {name[:60]!a} has a number that no row has."
            messages.error(request, f"{said} The list is shown without.")
        return redirect(f"{request.path}?{kept.urlencode()}" if kept else request.path)
