"""The longest addresses to ask a list of the dashboard with: HTTP carries 64 KB."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.apps import apps
from django.contrib import admin
from django.db.models import ForeignKey
from django.urls import reverse

from chatbots.admin.asked_list import LOOKUP_FORMS
from tests.walk.visit import Visitor

LONGEST: Final = 60_000
# What is searched for, as it stands in a URL.
TEXTS: Final = {
    "short words": "a+" * (LONGEST // 2),
    "a few too many words": "a+" * 1100,
    "one word": "a" * LONGEST,
    "what grows": "%EF%B7%BA" * (LONGEST // 9),
    "open quotes": "%22a+" * (LONGEST // 5),
    "quotes": "%22" * (LONGEST // 3),
    "escapes": "%22" + "%5C" * (LONGEST // 3 - 1),
    "no word": "+" * LONGEST,
}


def lists() -> list[str]:
    """The address of each list."""
    admin.autodiscover()  # The admin's models come with the first page otherwise.
    return [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model in admin.site._registry
    ]


def searches() -> Iterator[str]:
    """A search in each list and each choice that completes what is typed."""
    for text in TEXTS.values():
        yield from (f"{address}?q={text}" for address in lists())
        yield f"/search/?s={text}"
        yield f"/search/?extended=1&s={text}"
        for model in apps.get_models():
            for field in model._meta.get_fields():
                if (
                    isinstance(field, ForeignKey)
                    and field.remote_field.model in admin.site._registry
                ):
                    of = f"app_label={model._meta.app_label}&model_name={model._meta.model_name}"
                    yield f"/autocomplete/?{of}&field_name={field.name}&term={text}"


def filters(visitor: Visitor) -> Iterator[str]:
    """Each list narrowed by a great many values, and in a very exact order."""
    for address in lists():
        names = {"o"}
        for spec in visitor.ask("GET", address).context["cl"].filter_specs:
            names.update(filter(None, spec.expected_parameters()))
            if field := getattr(spec, "field_path", ""):
                names.update(field + form for form in LOOKUP_FORMS)
        for name in sorted(names):
            sign = "." if name == "o" else ","
            yield f"{address}?{name}={sign.join(str(n) for n in range(1, 10_000))}"
            yield f"{address}?{name}={sign.join('1' * (LONGEST // 2))}"
            yield f"{address}?{'&'.join(f'{name}={n}' for n in range(1, 1000))}"
