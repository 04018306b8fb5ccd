from __future__ import annotations

import json
import time
from typing import Any, Final

import pytest

from chatbots.models import Account, Chatbot, EventSource, Plan
from tests.api.conftest import Api, check_problem, fields_of
from webhooks import sample, signing, subscriptions
from webhooks.models import Webhook

# Of CPU, the request's reading and answering included.
MOST_SECONDS: Final = 0.3
BODY = '{"event":"X","data":{"m":"Zoë"}}'


def diagnose(api: Api, **body: Any) -> dict[str, Any]:
    answer = api.post("/signatures/diagnose", {"body": BODY} | body)
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


# ---------------------------------------------------------------- what the account has beside


def other_webhook(chatbot: Chatbot, secret: str, number: int = 1) -> Webhook:
    url = f"https://hooks.example.com/other/{number}"
    return subscriptions.create(chatbot, url=url, event="HUMAN_HANDOVER", secret=secret)[0]


def test_the_right_signature_is_not_given_for_a_webhooks_id(api: Api, webhook: Webhook) -> None:
    """Else any key could have whatever it likes signed."""
    right = signing.sign("s3cret-s3cret", BODY.encode())
    for signature in (right, "0" * 64, signing.sign("s3cret-s3cret\n", BODY.encode())):
        answer = api.post(
            "/signatures/diagnose",
            {"webhookId": str(webhook.pk), "body": BODY, "signature": signature},
        )
        assert answer.json()["expected"] is None
        if signature != right:
            assert right not in answer.content.decode()


@pytest.mark.parametrize("by_id", [True, False])
@pytest.mark.parametrize("deleted", [True, False])
def test_the_webhook_whose_secret_it_is_is_named(
    api: Api, webhook: Webhook, by_id: bool, deleted: bool
) -> None:
    other = other_webhook(webhook.chatbot, "another secret")
    if deleted:
        subscriptions.delete(other)
    given = {"webhookId": str(webhook.pk)} if by_id else {"secret": "s3cret-s3cret"}
    found = diagnose(api, signature=signing.sign("another secret", BODY.encode()), **given)
    assert not found["matches"]
    assert found["webhookId"] == str(other.pk)
    assert f"{other.pk} (HUMAN_HANDOVER → {other.url})" in found["diagnosis"]
    assert ("deleted" in found["diagnosis"]) is deleted
    assert "Each webhook has its own secret" in found["recipe"]
    assert "another secret" not in str(found)


def test_another_accounts_secret_is_not_looked_at(api: Api, webhook: Webhook) -> None:
    stranger = Account.objects.create(name="Strange", plan=Plan.BASIC)
    other_webhook(Chatbot.objects.create(account=stranger, name="Strange"), "another secret")
    signature = signing.sign("another secret", BODY.encode())
    found = diagnose(api, webhookId=str(webhook.pk), signature=signature)
    assert found["webhookId"] is None
    assert "no usual mistake" in found["diagnosis"]


def test_each_secret_before_is_known_of_every_webhook(api: Api, webhook: Webhook) -> None:
    other = other_webhook(webhook.chatbot, "old")
    for secret in ("newer", "newest"):
        subscriptions.rotate_secret(other, secret)
        subscriptions.rotate_secret(webhook, f"{secret} here")
    of_other = diagnose(
        api, webhookId=str(webhook.pk), signature=signing.sign("old", BODY.encode())
    )
    assert of_other["webhookId"] == str(other.pk)
    assert "before the rotation" in of_other["diagnosis"]
    own = diagnose(
        api, webhookId=str(webhook.pk), signature=signing.sign("s3cret-s3cret", BODY.encode())
    )
    assert own["webhookId"] == str(webhook.pk)


def test_another_secret_and_another_mistake_are_both_named(api: Api, webhook: Webhook) -> None:
    other_webhook(webhook.chatbot, "another secret")
    signature = signing.sign("another secret", b'{"event": "X", "data": {"m": "Zo\\u00eb"}}')
    found = diagnose(api, webhookId=str(webhook.pk), signature=signature)
    assert "the secret of another webhook" in found["diagnosis"]
    assert "spaces after commas" in found["diagnosis"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("another secret\n", "with a line break at its end"),
        ("another secret ", "with a space at its end"),
        ('"another secret"', "with quotes around it"),
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_another_secret_with_something_around_it_is_named(
    api: Api, webhook: Webhook, wrong: str, words: str, indent: int | None
) -> None:
    other = other_webhook(webhook.chatbot, "another secret")
    body = BODY if indent is None else json.dumps(json.loads(BODY), indent=indent)
    signature = signing.sign(wrong, BODY.encode())
    found = diagnose(api, webhookId=str(webhook.pk), body=body, signature=signature)
    assert f"the secret of another webhook: {other.pk} " in found["diagnosis"]
    assert words in found["diagnosis"]
    assert found["webhookId"] == str(other.pk)


def test_the_api_key_as_the_secret_is_recognised(api: Api, webhook: Webhook) -> None:
    signature = signing.sign(api.key, BODY.encode())
    found = diagnose(api, webhookId=str(webhook.pk), signature=signature)
    assert "the API key" in found["diagnosis"]
    assert api.key not in str(found)


def test_an_event_that_was_sent_is_known_by_its_conversation(api: Api, webhook: Webhook) -> None:
    event = sample.compose(
        webhook.chatbot, "USER_MESSAGE_SENT", source=EventSource.API, data={"name": None}
    )
    event.save()
    body = bytes(event.body)
    view = json.dumps(json.loads(body), indent=2, sort_keys=True)
    found = diagnose(
        api,
        webhookId=str(webhook.pk),
        body=view,
        signature=signing.sign("s3cret-s3cret", body),
    )
    assert found["matches"]
    assert "for the exact bytes" in found["diagnosis"]
    assert f"the event {event.pk} (USER_MESSAGE_SENT of " in found["diagnosis"]


def test_no_body_has_the_signature_of_another_event(api: Api, webhook: Webhook) -> None:
    """A forged body would be called right."""
    events = []
    for message in ("first", "second"):
        data = {"chatlogId": "conv-1", "userMessage": message}
        event = sample.compose(
            webhook.chatbot, "USER_MESSAGE_SENT", source=EventSource.API, data=data
        )
        event.save()
        events.append(event)
    first, second = (bytes(event.body).decode() for event in events)
    signature = signing.sign("s3cret-s3cret", first.encode())
    for body in (first.replace("first", "PAY ME"), second, '{"data":{"chatlogId":"conv-1"}}'):
        found = diagnose(api, webhookId=str(webhook.pk), body=body, signature=signature)
        assert not found["matches"]
        assert f"the signature of the event {events[0].pk} (USER_MESS" in found["diagnosis"]
        assert found["expected"] is None
    indented = json.dumps(json.loads(first), indent=2)
    found = diagnose(api, webhookId=str(webhook.pk), body=indented, signature=signature)
    assert found["matches"]
    assert "their indented view" in found["diagnosis"]
    other_webhook(webhook.chatbot, "another secret")
    signature = signing.sign("another secret", first.encode())
    found = diagnose(api, webhookId=str(webhook.pk), body=indented, signature=signature)
    assert "the secret of another webhook" in found["diagnosis"]
    assert "written again" not in found["diagnosis"]


@pytest.mark.parametrize("chatlog_id", ["\\ud800", "\\u0000", "x" * 65, ""])
def test_a_conversation_that_no_event_can_have_is_no_fault_of_ours(
    api: Api, webhook: Webhook, chatlog_id: str
) -> None:
    body = f'{{"data":{{"chatlogId":"{chatlog_id}"}}}}'
    found = diagnose(api, webhookId=str(webhook.pk), body=body, signature="a" * 64)
    assert not found["matches"]


def test_candidates_name_each_library(api: Api, webhook: Webhook) -> None:
    signature = signing.sign("s3cret-s3cret", b'{"event": "X", "data": {"m": "Zo\\u00eb"}}')
    found = diagnose(api, webhookId=str(webhook.pk), signature=signature)
    libraries = {one["library"] for one in found["candidates"]}
    assert {"json.dumps (Python)", "simplejson (Python)"} <= libraries


@pytest.mark.alone
def test_very_many_webhooks_and_a_large_body_cost_no_more_than_the_bound(
    api: Api, webhook: Webhook
) -> None:
    token = webhook.encrypted_secret
    Webhook.objects.bulk_create(
        Webhook(
            chatbot=webhook.chatbot,
            endpoint=webhook.endpoint,
            url=f"https://hooks.example.com/{number}",
            event="USER_MESSAGE_SENT",
            encrypted_secret=token,
        )
        for number in range(3000)
    )
    body = '{"event":"X","data":{"m":"' + "abc/ " * 40_000 + '"}}'

    def cost() -> float:
        before = time.thread_time()
        found = diagnose(api, webhookId=str(webhook.pk), body=body, signature="0" * 64)
        assert found["notTried"]
        return time.thread_time() - before

    assert min(cost() for _ in range(3)) < MOST_SECONDS
