from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError

from chatbots.models import Account, Chatbot, Event, EventSource, Plan
from webhooks import sample, subscriptions
from webhooks.models import Delivery, Webhook


@pytest.fixture
def webhook(chatbot: Chatbot) -> Webhook:
    return subscriptions.create(
        chatbot, url="https://hooks.example.com/", event="HUMAN_HANDOVER", secret="s3cret"
    )[0]


def body(delivery: Delivery) -> dict[str, object]:
    loaded: dict[str, object] = json.loads(bytes(delivery.event.body))
    return loaded


def test_a_test_sends_the_sample_to_this_webhook_alone(chatbot: Chatbot, webhook: Webhook) -> None:
    subscriptions.create(chatbot, url="https://other.example.com/", event="HUMAN_HANDOVER")
    delivery = sample.send_test(webhook)
    assert Delivery.objects.get() == delivery
    assert delivery.is_test
    assert delivery.event.source == EventSource.TEST
    assert list(body(delivery)["data"]) == [  # type: ignore[call-overload]  # A dict, as JSON.
        "chatlogId",
        "chatbotId",
        "chatbotName",
        "userMessage",
        "email",
        "name",
        "phoneNumber",
        "supportEmail",
        "escalationType",
        "priority",
    ]


def test_fields_can_be_edited_added_and_removed(webhook: Webhook) -> None:
    delivery = sample.send_test(
        webhook, data={"name": "Zoë 🎉", "extra": 1, "priority": None}, unset=["email"]
    )
    data = body(delivery)["data"]
    assert isinstance(data, dict)
    assert (data["name"], data["priority"], data["extra"]) == ("Zoë 🎉", None, 1)
    assert "email" not in data
    assert list(data)[-1] == "extra"


def test_a_disabled_webhook_can_be_tested(webhook: Webhook) -> None:
    subscriptions.disable(webhook, "x")
    assert sample.send_test(webhook).status == "pending"


def test_a_deleted_webhook_cannot_be_tested(webhook: Webhook) -> None:
    subscriptions.delete(webhook)
    with pytest.raises(ValidationError, match="deleted"):
        sample.send_test(webhook)


def test_a_plan_without_webhooks_has_no_test(account: Account, webhook: Webhook) -> None:
    account.plan = Plan.FREE
    account.save()
    with pytest.raises(subscriptions.PlanWithoutWebhooks):
        sample.send_test(Webhook.objects.get())


def test_data_that_javascript_would_change_is_refused_by_path(webhook: Webhook) -> None:
    with pytest.raises(ValidationError) as caught:
        sample.send_test(webhook, data={"a": [2**53 + 1]})
    assert "data.a[0]" in caught.value.message_dict["data"][0]
    assert not Event.objects.exists()


def test_a_simulation_makes_copies_and_an_unknown_event(webhook: Webhook) -> None:
    delivery = sample.send_test(
        webhook, simulate={"copies": 3, "unknownEvent": True, "badSignature": True}
    )
    assert Delivery.objects.count() == 3
    assert Event.objects.count() == 1
    assert body(delivery)["event"] == "SOMETHING_NEW"
    assert delivery.simulate == {"copies": 3, "unknownEvent": True, "badSignature": True}


def test_the_moment_can_be_given(chatbot: Chatbot) -> None:
    moment = datetime(2023, 10, 15, 14, 30, 0, 123456, tzinfo=UTC)
    event = sample.compose(chatbot, "USER_MESSAGE_SENT", source=EventSource.API, occurred_at=moment)
    assert json.loads(bytes(event.body))["timestamp"] == "2023-10-15T14:30:00.123Z"
