"""The owner of a chatbot designs its handover form."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from chatbots.models import Chatbot
from tests.dashboard.conftest import Everything


def form_of(chatbot: Chatbot) -> list[tuple[str, str, bool, list[str]]]:
    return [(f.label, f.kind, f.required, f.options) for f in chatbot.form_fields.all()]


def save(client: Client, chatbot: Chatbot, rows: list[dict[str, Any]]) -> str:
    """Save the chatbot's page with these fields; gives the page if something was wrong."""
    data: dict[str, Any] = {
        "name": chatbot.name,
        "greeting": chatbot.greeting,
        "fallback_reply": chatbot.fallback_reply,
        "live_chat_enabled": "on",
        "email_handover_enabled": "on",
        "support_email": chatbot.support_email,
        "form_title": "Ask us",
        "form_intro": "",
        "answers-TOTAL_FORMS": 0,
        "answers-INITIAL_FORMS": 0,
        "form_fields-TOTAL_FORMS": len(rows),
        "form_fields-INITIAL_FORMS": sum("id" in row for row in rows),
    }
    for number, row in enumerate(rows):
        for name, value in {"chatbot": chatbot.pk, "position": number, **row}.items():
            data[f"form_fields-{number}-{name}"] = value
    answer = client.post(reverse("admin:chatbots_chatbot_change", args=[chatbot.pk]), data)
    return "" if answer.status_code == 302 else answer.content.decode()


def test_an_owner_designs_a_form_and_visitors_see_it(
    browser_of_member: Client, own: Everything
) -> None:
    rows = [
        {"label": "Which  <b>", "kind": "choice", "required": "on", "choices": "A\nB"},
        {"label": "Your mail", "kind": "email"},
    ]
    assert save(browser_of_member, own.chatbot, rows) == ""
    assert form_of(own.chatbot) == [
        ("Which <b>", "choice", True, ["A", "B"]),
        ("Your mail", "email", False, []),
    ]
    page = Client().get(f"/chatbot/{own.chatbot.pk}").content.decode()
    assert "Ask us" in page
    assert "<option>A</option>" in page
    assert "Which &lt;b&gt;" in page
    # In another order.
    ids = list(own.chatbot.form_fields.values_list("id", flat=True))
    changed = [
        {**row, "id": pk, "position": 5 - n}
        for n, (row, pk) in enumerate(zip(rows, ids, strict=True))
    ]
    assert save(browser_of_member, own.chatbot, changed) == ""
    assert [label for label, *_ in form_of(own.chatbot)] == ["Your mail", "Which <b>"]


def test_its_fields_have_a_tab_that_says_so(browser_of_member: Client, own: Everything) -> None:
    address = reverse("admin:chatbots_chatbot_change", args=[own.chatbot.pk])
    text = browser_of_member.get(address).content.decode()
    tabs = re.findall(r"<a[^>]*activeTab[^>]*>\s*([A-Za-z ]+?)\s*<", text)
    assert tabs == ["General", "Questions and answers", "Handover form"]


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([{"label": "A", "kind": "choice"}], "Write what the visitor may choose, one a line."),
        ([{"label": "A", "kind": "name"}, {"label": "B", "kind": "name"}], "one place for it"),
        (
            [{"label": "A", "kind": "text"}, {"label": "A", "kind": "text"}],
            "Please correct the duplicate",
        ),
        ([{"label": str(n), "kind": "text"} for n in range(31)], "at most 30"),
    ],
)
def test_a_form_that_cannot_be_is_refused_with_its_reason(
    browser_of_member: Client, own: Everything, rows: list[dict[str, Any]], why: str
) -> None:
    assert why in save(browser_of_member, own.chatbot, rows)
    assert form_of(own.chatbot) == []


def test_two_fields_may_swap_what_each_form_has_once(
    browser_of_member: Client, own: Everything
) -> None:
    rows: list[dict[str, Any]] = [{"label": "A", "kind": "name"}, {"label": "B", "kind": "text"}]
    assert save(browser_of_member, own.chatbot, rows) == ""
    first, second = own.chatbot.form_fields.values_list("id", flat=True)
    swapped = [{**rows[1], "id": first}, {**rows[0], "id": second}]
    assert save(browser_of_member, own.chatbot, swapped) == ""
    assert [row[:2] for row in form_of(own.chatbot)] == [("B", "text"), ("A", "name")]
