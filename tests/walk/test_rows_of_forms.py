"""A form of the dashboard says itself how many rows it has; it is not taken at its word."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import product
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import RequestFactory
from django.urls import reverse

from chatbots.models import Account
from tests.walk.visit import Visitor

pytestmark = pytest.mark.thorough

FORM = "application/x-www-form-urlencoded"
# The rows of a page, and what is added to them.
MOST = 100
NUMBERS = ("9" * 30, "9" * 5000, "2000", "-1", "-" + "9" * 30, "0", "x", "")


def forms(visitor: Visitor) -> Iterator[tuple[str, list[str]]]:
    """The address of each form that has rows in it, to add and to change, with their prefixes."""
    admin.autodiscover()  # The admin's models come with the first page otherwise.
    request = RequestFactory().get("/")
    request.user = User.objects.get(pk=visitor.ids["user"])
    for model, site in admin.site._registry.items():
        found = [made for made, _ in site.get_formsets_with_inlines(request)]
        page = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        if found:
            prefixes = [made.get_default_prefix() for made in found]
            pk = visitor.ids[str(model._meta.model_name)]
            yield reverse(f"{page}_add"), prefixes
            yield reverse(f"{page}_change", args=[pk]), prefixes


def test_no_form_takes_more_rows_than_it_can_hold(visitor: Visitor) -> None:
    walked = 0
    for (address, prefixes), rows, of_before in product(forms(visitor), NUMBERS, NUMBERS[::2]):
        told = {f"{prefix}-TOTAL_FORMS": rows for prefix in prefixes}
        told |= {f"{prefix}-INITIAL_FORMS": of_before for prefix in prefixes}
        answer = visitor.ask("POST", address, urlencode(told).encode(), FORM)
        assert answer.status < 500, address
        for inline in answer.context["inline_admin_formsets"]:
            assert len(inline.formset.forms) <= MOST, (address, inline.formset.prefix)
            walked += 1
    assert walked


@pytest.mark.alone
def test_a_form_that_claims_many_rows_costs_little(visitor: Visitor) -> None:
    for address, prefixes in forms(visitor):
        told = urlencode(
            {f"{p}-{n}_FORMS": "9" * 30 for p in prefixes for n in ("TOTAL", "INITIAL")}
        )
        visitor.ask("GET", address)
        began = time.process_time()
        visitor.ask("POST", address, told.encode(), FORM)
        assert time.process_time() - began < 0.6, address


def test_an_account_with_many_members_is_shown_a_page_at_a_time_and_saved(visitor: Visitor) -> None:
    account = Account.objects.get(pk=visitor.ids["account"])
    people = User.objects.bulk_create(User(username=f"person-{n}") for n in range(120))
    account.members.add(*people)
    address = f"/chatbots/account/{account.pk}/change/"
    [members] = visitor.ask("GET", address).context["inline_admin_formsets"]
    shown = {str(form.instance.pk) for form in members.formset.initial_forms}
    assert len(shown) == 50
    form = {"name": "Renamed", "plan": account.plan, "_save": "Save"}
    form |= {"memberships-TOTAL_FORMS": "50", "memberships-INITIAL_FORMS": "50"}
    for n, row in enumerate(members.formset.initial_forms):
        form |= {
            f"memberships-{n}-id": str(row.instance.pk),
            f"memberships-{n}-account": str(account.pk),
            f"memberships-{n}-user": str(row.instance.user_id),
        }
    assert visitor.client.post(address, form).status_code == 302
    account.refresh_from_db()
    assert account.name == "Renamed"
    assert account.members.count() == 121
