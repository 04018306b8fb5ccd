"""From an event to its deliveries: in the event's own transaction, or not at all."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from chatbots import conversation
from chatbots.models import Account, Chatbot, Conversation, Event, Message, Plan
from tests.webhooks.due import EVENT, add_event, add_webhook, states
from webhooks import outbox, subscriptions, waker
from webhooks.models import Delivery, Webhook

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def webhook(chatbot: Chatbot) -> Webhook:
    return add_webhook(chatbot)


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """One entry for each wake-up: whether a transaction was open at that moment."""
    calls: list[bool] = []
    monkeypatch.setattr(waker, "wake", lambda: calls.append(connection.in_atomic_block))
    return calls


def sent_to() -> set[int]:
    return set(Delivery.objects.values_list("webhook_id", flat=True))


# ---------------------------------------------------------------- who gets it


def test_each_webhook_of_the_event_gets_one_delivery(chatbot: Chatbot) -> None:
    webhooks = [add_webhook(chatbot, f"https://hooks{n}.example.com/") for n in range(3)]
    event = add_event(chatbot)
    assert outbox.fan_out([event]) == 3
    assert sent_to() == {webhook.pk for webhook in webhooks}
    for delivery in Delivery.objects.all():
        assert delivery.event_id == event.pk
        assert (delivery.status, delivery.attempts, delivery.failures) == ("pending", 0, 0)
        assert delivery.due_at == delivery.created_at
        assert (delivery.account, delivery.wait) == (chatbot.account, "")
        assert (delivery.lease_until, delivery.finished_at, delivery.simulate) == (None, None, None)
        assert delivery.is_test is False


def test_webhooks_of_other_events_and_chatbots_get_nothing(chatbot: Chatbot) -> None:
    other = Chatbot.objects.create(account=chatbot.account, name="Other")
    mine = add_webhook(chatbot)
    add_webhook(other)
    subscriptions.create(chatbot, url=mine.url, event="HUMAN_HANDOVER", secret="s3cret")
    assert outbox.fan_out([add_event(chatbot)]) == 1
    assert sent_to() == {mine.pk}


def test_a_disabled_webhooks_delivery_waits_for_it(webhook: Webhook) -> None:
    subscriptions.disable(webhook, "Just now.")
    assert outbox.fan_out([add_event(webhook.chatbot)]) == 1
    assert states() == ["held"]
    subscriptions.enable(webhook)
    assert states() == ["pending"]


def test_a_deleted_webhook_gets_nothing(webhook: Webhook) -> None:
    subscriptions.delete(webhook)
    assert outbox.fan_out([add_event(webhook.chatbot)]) == 0


@pytest.mark.parametrize("plan", Plan)
def test_only_plans_with_webhooks_send(webhook: Webhook, account: Account, plan: Plan) -> None:
    Account.objects.filter(pk=account.pk).update(plan=plan)
    made = outbox.fan_out([add_event(webhook.chatbot)])
    assert made == (plan in {Plan.BASIC, Plan.PRO, Plan.ENTERPRISE})


def test_an_event_that_does_not_exist_goes_nowhere(webhook: Webhook) -> None:
    event = add_event(webhook.chatbot)
    event.type = "SOMETHING_NEW"
    event.save()
    assert outbox.fan_out([event]) == 0


def test_several_events_at_once(chatbot: Chatbot) -> None:
    add_webhook(chatbot, "https://a.example.com/")
    add_webhook(chatbot, "https://b.example.com/")
    events = [add_event(chatbot) for _ in range(5)]
    assert outbox.fan_out(events) == 10
    assert Delivery.objects.values("event_id", "webhook_id").distinct().count() == 10


def test_no_events_are_no_error(woken: list[bool]) -> None:
    assert outbox.fan_out([]) == 0
    assert woken == []


def test_copies_are_deliveries_of_their_own_and_the_simulation_goes_along(
    webhook: Webhook,
) -> None:
    assert outbox.fan_out([add_event(webhook.chatbot)], simulate={"badSignature": True}, copies=3)
    assert Delivery.objects.count() == 3
    for delivery in Delivery.objects.all():
        assert delivery.simulate == {"badSignature": True}


@pytest.mark.parametrize("webhooks", [1, 40])
def test_it_takes_one_statement_however_many_webhooks_there_are(
    chatbot: Chatbot, webhooks: int
) -> None:
    for number in range(webhooks):
        add_webhook(chatbot, f"https://hooks{number}.example.com/")
    event = add_event(chatbot)
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        assert outbox.fan_out([event]) == webhooks
    assert sum("INSERT INTO webhooks_delivery" in q["sql"] for q in queries) == 1
    # SQLite reads them again.
    expected = 1 if connection.vendor == "postgresql" else 2
    assert sum("SAVEPOINT" not in q["sql"] for q in queries) == expected


# ---------------------------------------------------------------- to one webhook


def test_to_one_webhook_leaves_the_others_out(chatbot: Chatbot) -> None:
    add_webhook(chatbot, "https://other.example.com/")
    webhook = add_webhook(chatbot)
    delivery = outbox.send_to(webhook, add_event(chatbot))
    assert sent_to() == {webhook.pk}
    assert (delivery.status, delivery.is_test) == ("pending", False)


@pytest.mark.parametrize(("is_test", "status"), [(True, "pending"), (False, "held")])
def test_to_a_disabled_webhook_a_test_is_sent_and_all_else_waits(
    webhook: Webhook, is_test: bool, status: str
) -> None:
    subscriptions.disable(webhook, "Just now.")
    webhook.refresh_from_db()
    delivery = outbox.send_to(webhook, add_event(webhook.chatbot), is_test=is_test)
    assert delivery.status == status


# ---------------------------------------------------------------- with the chat, or not at all


def test_a_chats_rows_and_its_deliveries_commit_together(webhook: Webhook) -> None:
    reply = conversation.ask(webhook.chatbot, "What are your business hours?")
    (event,) = reply.events
    assert Delivery.objects.get().event_id == event.pk
    assert Message.objects.filter(conversation=reply.conversation).count() == 2


def test_a_chat_that_fails_leaves_nothing_behind(webhook: Webhook, woken: list[bool]) -> None:
    class Mistake(Exception):
        pass

    def fail_after_asking() -> None:
        with transaction.atomic():
            conversation.ask(webhook.chatbot, "What are your business hours?")
            assert Delivery.objects.count() == 1
            raise Mistake

    with pytest.raises(Mistake):
        fail_after_asking()
    for model in (Conversation, Message, Event, Delivery):
        assert model._default_manager.count() == 0
    assert woken == []


def test_the_wake_up_comes_after_the_commit_and_only_then(
    webhook: Webhook, woken: list[bool]
) -> None:
    with transaction.atomic():
        conversation.ask(webhook.chatbot, "Hello")
        assert woken == []
    assert woken == [False]


def test_nobody_is_woken_when_nothing_is_to_be_sent(chatbot: Chatbot, woken: list[bool]) -> None:
    conversation.ask(chatbot, "Hello")
    assert Event.objects.count() == 1
    assert woken == []


@pytest.fixture
def quiet() -> Iterator[None]:
    """Django says that a callback failed, which is what is tried here."""
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


def test_a_wake_up_that_fails_does_not_reach_the_chat(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch, quiet: None
) -> None:
    def fail() -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(waker, "wake", fail)
    conversation.ask(webhook.chatbot, "Hello")
    assert states() == ["pending"]


def test_the_bytes_of_an_event_are_those_of_its_deliveries(webhook: Webhook) -> None:
    event = add_event(webhook.chatbot, userMessage='Zoë 🎉 "quoted" \\ </script> مرحبا \u2028')
    outbox.fan_out([event])
    body = bytes(Delivery.objects.select_related("event").get().event.body)
    assert body == event.body
    assert 'Zoë 🎉 \\"quoted\\" \\\\ </script> مرحبا \u2028'.encode() in body
    assert EVENT.encode() in body
