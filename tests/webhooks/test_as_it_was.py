"""An answer counts for the webhook as it was when the request was made, not as it is now."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from chatbots.models import Chatbot
from tests.receiver import Receiver
from tests.webhooks.due import add_due, add_webhook, claim_all, finish, states
from webhooks import queue, subscriptions, upkeep
from webhooks.engine import Engine
from webhooks.models import Webhook
from webhooks.successes import Successes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def in_the_sandbox(settings: Settings) -> None:
    settings.SANDBOX = True


@pytest.fixture
def webhook(chatbot: Chatbot, live_receiver: Receiver) -> Webhook:
    return add_webhook(chatbot, live_receiver.url("/old"))


def moves(webhook: Webhook) -> None:
    subscriptions.update(webhook, url=webhook.url.replace("/old", "/new"))


def is_enabled(webhook: Webhook) -> None:
    subscriptions.enable(webhook)


def gets_a_secret(webhook: Webhook) -> None:
    subscriptions.rotate_secret(webhook, "another secret")


def becomes_another_event(webhook: Webhook) -> None:
    subscriptions.update(webhook, event="HUMAN_HANDOVER")


CHANGES = [moves, is_enabled, gets_a_secret, becomes_another_event]


@pytest.mark.parametrize("change", CHANGES)
def test_410_in_flight_does_not_disable_what_was_changed_meanwhile(
    running: Engine,
    webhook: Webhook,
    live_receiver: Receiver,
    change: Callable[[Webhook], None],
) -> None:
    live_receiver.answer("/old", 410, delay_seconds=0.5)
    live_receiver.answer("/old", 200, then=True)
    add_due(webhook)

    def run() -> None:
        try:
            running.run()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as beside:
        under_way = beside.submit(run)
        live_receiver.wait_for(1)
        change(webhook)
        under_way.result(20)
    webhook.refresh_from_db()
    assert (webhook.status, webhook.status_reason) == ("active", "")
    assert not webhook.notice_due
    running.run()
    assert states() == ["succeeded"]


@pytest.mark.parametrize("change", CHANGES)
def test_a_failure_of_before_does_not_make_it_failing(
    webhook: Webhook, change: Callable[[Webhook], None]
) -> None:
    add_due(webhook)
    (claimed,) = claim_all()
    change(webhook)
    queue.present().record([finish(claimed, "pending", delay_seconds=5)])
    webhook.refresh_from_db()
    assert webhook.failing_since is None
    assert states() == ["pending"]  # It is recorded all the same.


@pytest.mark.parametrize("change", CHANGES)
def test_a_success_of_before_does_not_end_its_failing(
    webhook: Webhook, change: Callable[[Webhook], None]
) -> None:
    add_due(webhook, 2)
    before, after = claim_all()
    change(webhook)
    webhook.refresh_from_db()
    after.generation = webhook.generation
    queue.present().record([finish(after, "failed")])
    ours = Successes()
    ours.note([finish(before)])
    queue.present().tell(ours.to_tell(idle=True))
    webhook.refresh_from_db()
    assert webhook.failing_since is not None
    assert webhook.last_success_at is None


def test_without_a_change_both_count(webhook: Webhook) -> None:
    add_due(webhook, 2)
    bad, good = claim_all()
    queue.present().record([finish(bad, "failed")])
    assert Webhook.objects.get().failing_since is not None
    ours = Successes()
    ours.note([finish(good)])
    queue.present().tell(ours.to_tell(idle=True))
    row = Webhook.objects.get()
    assert row.failing_since is None
    assert row.last_success_at is not None


def test_a_new_url_has_no_history(webhook: Webhook) -> None:
    now = timezone.now()
    Webhook.objects.update(failing_since=now, last_success_at=now)
    subscriptions.update(webhook, description="the same URL", url=webhook.url)
    webhook.refresh_from_db()
    assert (webhook.failing_since, webhook.last_success_at) == (now, now)
    moves(webhook)
    webhook.refresh_from_db()
    assert (webhook.failing_since, webhook.last_success_at) == (None, None)


@pytest.mark.parametrize("change", [moves, is_enabled])
def test_five_days_of_failures_end_with_a_change_in_the_last_moment(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch, change: Callable[[Webhook], None]
) -> None:
    now = timezone.now()
    Webhook.objects.update(failing_since=now - timedelta(days=6), last_failure_at=now)
    really = subscriptions.disable_if

    def after_a_change(row: Webhook, reason: str, is_still: Callable[[Webhook], bool]) -> bool:
        change(Webhook.objects.get(pk=row.pk))
        return really(row, reason, is_still)

    monkeypatch.setattr(subscriptions, "disable_if", after_a_change)
    assert upkeep.disable_long_failing() == 0
    webhook.refresh_from_db()
    assert webhook.status == "active"


def test_many_that_are_gone_at_once_cost_as_much_as_one(
    running: Engine, webhook: Webhook, django_assert_max_num_queries: Any
) -> None:
    add_due(webhook, 60)
    gone = [finish(claimed, "pending", status_code=410) for claimed in claim_all()]
    with django_assert_max_num_queries(60):
        assert running._write(gone, were_held=False) == []
    webhook.refresh_from_db()
    assert webhook.status == "disabled"
