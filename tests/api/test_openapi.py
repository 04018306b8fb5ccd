from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # It has no types.

from chatbots.models import Chatbot
from tests.api.conftest import EVENT, Api
from webhooks.models import Webhook


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    answer = Client().get("/api/v1/schema")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    loaded: dict[str, Any] = json.loads(answer.content)
    return loaded


def routes(patterns: Any, prefix: str = "") -> list[str]:
    found = []
    for entry in patterns:
        if isinstance(entry, URLResolver):
            found += routes(entry.url_patterns, prefix + str(entry.pattern))
        elif isinstance(entry, URLPattern):
            found.append(prefix + str(entry.pattern))
    return found


def test_the_document_is_openapi_31(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    validate_schema(document)  # type: ignore[no-untyped-call]  # It has no types.


def test_every_route_is_documented(document: dict[str, Any]) -> None:
    known = {
        "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)
        for route in routes(get_resolver().url_patterns)
        if route.startswith("api/v1/")
    }
    assert known - {"/api/v1/schema", "/api/v1/docs"} == set(document["paths"])


def test_every_call_has_its_errors_key_and_summary(document: dict[str, Any]) -> None:
    for path, calls in document["paths"].items():
        for call in calls.values():
            assert call["responses"]["4XX"] == {"$ref": "#/components/responses/Problem"}, path
            assert call["security"] == [{"apiKey": []}]


def test_the_three_events_are_described_with_their_fields(document: dict[str, Any]) -> None:
    assert set(document["webhooks"]) == {
        "LIVE_CHAT_INITIATED",
        "USER_MESSAGE_SENT",
        "HUMAN_HANDOVER",
    }
    handover = document["components"]["schemas"]["HumanHandover"]
    assert list(handover["properties"])[-1] == "priority"


def test_answers_are_as_the_document_says(
    document: dict[str, Any], api: Api, chatbot: Chatbot, webhook: Webhook
) -> None:
    made = api.post("/events", {"chatbotId": chatbot.pk, "event": EVENT}).json()
    delivery = made["deliveries"][0]["id"]
    for method, path, template, status in (
        ("get", "/events", "/events", "200"),
        ("get", f"/events/{made['id']}", "/events/{event_id}", "200"),
        ("post", f"/webhooks/{webhook.pk}/disable", "/webhooks/{webhook_id}/disable", "200"),
        ("post", f"/webhooks/{webhook.pk}/enable", "/webhooks/{webhook_id}/enable", "200"),
        ("get", "/webhooks", "/webhooks", "200"),
        ("get", "/deliveries", "/deliveries", "200"),
        ("get", f"/deliveries/{delivery}", "/deliveries/{delivery_id}", "200"),
    ):
        answer = api.call(method.upper(), path)
        call = document["paths"][f"/api/v1{template}"][method]
        schema = call["responses"][status]["content"]["application/json"]["schema"]
        whole = schema | {"components": document["components"]}
        Draft202012Validator(whole).validate(answer.json())


def test_the_page_asks_no_other_host_for_anything(db: None) -> None:
    answer = Client().get("/api/v1/docs")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "swagger-ui-bundle.js" in page
    script = Client().get("/api/v1/docs?script=")
    assert script["Content-Type"] == "application/javascript"
    page += script.content.decode()
    assert '"validatorUrl": null' in page
    assert not re.findall(
        r"(?:https?:)?//[a-z0-9]", re.sub(r"^\s*//.*$", "", page, flags=re.MULTILINE)
    )
    for file in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert file.startswith(("/static/", "/api/v1/docs?script="))
        served = Client().get(file)
        assert served.status_code == 200
        served.close()
