from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Api, check_problem, fields_of
from webhooks import signing, subscriptions
from webhooks.models import Webhook

BODY = '{"event":"X","data":{"m":"Zoë"}}'


def diagnose(api: Api, **body: Any) -> dict[str, Any]:
    answer = api.post("/signatures/diagnose", {"body": BODY, **body})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    assert list(found) == [
        "matches",
        "expected",
        "diagnosis",
        "recipe",
        "candidates",
        "webhookId",
        "notTried",
    ]
    return found


def test_a_right_signature_matches(api: Api) -> None:
    right = signing.sign("s3cret", BODY.encode())
    found = diagnose(api, secret="s3cret", signature=right)
    assert (found["matches"], found["expected"]) == (True, right)


def test_a_mistake_is_named_with_a_recipe(api: Api) -> None:
    wrong = signing.sign("s3cret\n", BODY.encode())
    found = diagnose(api, secret="s3cret", signature=wrong)
    assert not found["matches"]
    assert "line break at its end" in found["diagnosis"]
    assert ".trim()" in found["recipe"]


def test_a_webhooks_own_secret_is_taken_and_the_one_before_known(
    api: Api, webhook: Webhook
) -> None:
    old = signing.sign("s3cret-s3cret", BODY.encode())
    assert diagnose(api, webhookId=str(webhook.pk), signature=old)["matches"]
    subscriptions.rotate_secret(webhook, "another secret")
    found = diagnose(api, webhookId=str(webhook.pk), signature=old)
    assert "before the rotation" in found["diagnosis"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"body": "x", "signature": "y"}, "secret"),
        ({"body": "x", "signature": "y", "secret": ""}, "secret"),
        ({"body": "x", "signature": "y", "secret": "s" * 501}, "secret"),
        ({"body": "x", "signature": "y", "secret": "a", "webhookId": "1"}, "secret"),
        ({"signature": "y", "secret": "a"}, "body"),
        ({"body": {}, "signature": "y", "secret": "a"}, "body"),
        ({"body": "x", "secret": "a"}, "signature"),
    ],
)
def test_what_is_missing_is_named(api: Api, db: None, body: dict[str, Any], field: str) -> None:
    assert fields_of(check_problem(api.post("/signatures/diagnose", body), 400)) == [field]
