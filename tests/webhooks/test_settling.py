"""What waits follows its webhook, in small transactions, however much it is."""

from __future__ import annotations

import pytest
from django.db import connection
from django.utils import timezone

from chatbots.models import Account, Chatbot, Plan
from tests.webhooks.due import (
    add_due,
    add_webhook,
    claim_all,
    finish,
    let_time_pass,
    side_by_side,
    states,
)
from tests.webhooks.ordered import add_events, ordered_webhook
from webhooks import queue, settling, subscriptions, upkeep
from webhooks.models import Attempt, Delivery, Unsettled, Webhook

pytestmark = pytest.mark.django_db


@pytest.fixture
def webhook(chatbot: Chatbot) -> Webhook:
    return add_webhook(chatbot)


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "BATCH", 3)


def test_disabling_and_enabling_begin_at_once_and_the_rest_follows(webhook: Webhook) -> None:
    ids = add_due(webhook, 10)
    assert subscriptions.disable(webhook, "x") == 10
    assert states(ids).count("held") == 3
    assert upkeep.go_on() == 7
    assert states(ids) == ["held"] * 10
    assert not Unsettled.objects.exists()

    assert subscriptions.enable(webhook) == 10
    assert states(ids) == ["pending"] * 3 + ["held"] * 7
    assert upkeep.go_on() == 7
    assert states(ids) == ["pending"] * 10
    assert Delivery.objects.filter(due_at__gt=timezone.now()).count() == 0
    assert not Unsettled.objects.exists()


def test_what_is_left_of_one_change_follows_the_next(webhook: Webhook) -> None:
    ids = add_due(webhook, 10)
    subscriptions.disable(webhook, "x")
    subscriptions.enable(webhook)
    upkeep.go_on()
    assert states(ids) == ["pending"] * 10


def test_nothing_that_is_left_goes_out_to_a_disabled_webhook(webhook: Webhook) -> None:
    ids = add_due(webhook, 10)
    subscriptions.disable(webhook, "x")
    assert claim_all() == []
    assert states(ids) == ["held"] * 10
    assert list(Delivery.objects.values_list("attempts", flat=True)) == [0] * 10


def test_deleting_cancels_all_that_waits(webhook: Webhook) -> None:
    ids = add_due(webhook, 5) + add_due(webhook, 5, status="held")
    subscriptions.delete(webhook)
    assert upkeep.go_on() == 7
    assert states(ids) == ["cancelled"] * 10
    assert not Delivery.objects.filter(finished_at=None).exists()


def test_an_event_that_was_just_committing_is_found(webhook: Webhook) -> None:
    subscriptions.disable(webhook, "x")
    late = add_due(webhook, 2)
    upkeep.go_on()
    assert states(late) == ["held"] * 2
    subscriptions.enable(webhook)
    late += add_due(webhook, 2, status="held")
    upkeep.go_on()
    assert states(late) == ["pending"] * 4


def test_what_is_held_for_an_active_webhook_is_found_sooner_or_later(webhook: Webhook) -> None:
    ids = add_due(webhook, 5, status="held")
    assert settling.settle_stragglers() == 3
    assert settling.settle_stragglers() == 2
    assert settling.settle_stragglers() == 0
    assert states(ids) == ["pending"] * 5


def test_below_the_basic_plan_what_waits_is_held_until_the_plan_has_webhooks(
    webhook: Webhook, chatbot: Chatbot
) -> None:
    ids = add_due(webhook, 4)
    (flying, *_) = claim_all(limit=1)
    account = chatbot.account
    account.plan = Plan.LITE
    account.save()
    upkeep.go_on()
    assert claim_all() == []
    assert sorted(states(ids)) == ["held"] * 3 + ["pending"]

    # What was in flight is tried no second time.
    queue.present().record([finish(flying, "pending")])
    settling.settle_stragglers()
    assert states(ids) == ["held"] * 4
    assert settling.settle_stragglers() == 0

    account.plan = Plan.PRO
    account.save()
    upkeep.go_on()
    assert states(ids) == ["pending"] * 4


def test_saving_an_account_leaves_what_is_disabled_and_other_accounts_alone(
    webhook: Webhook, chatbot: Chatbot
) -> None:
    ids = add_due(webhook, 2)
    subscriptions.disable(webhook, "x")
    chatbot.account.save()
    assert states(ids) == ["held"] * 2
    Account.objects.create(name="Other", plan=Plan.FREE).save()
    subscriptions.enable(webhook)
    assert states(ids) == ["pending"] * 2


def test_what_a_worker_has_in_hand_is_left_and_a_lost_one_is_told_of(webhook: Webhook) -> None:
    ids = add_due(webhook, 2)
    assert len(claim_all()) == 2
    assert subscriptions.disable(webhook, "x") == 0
    assert states(ids) == ["pending"] * 2
    let_time_pass(60)
    subscriptions.disable(webhook, "x")
    assert states(ids) == ["held"] * 2
    assert Attempt.objects.filter(error_kind="interrupted").count() == 2


@pytest.mark.thorough
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("has_most", [False, True], ids=["one of many", "with most of all rows"])
def test_each_batch_is_found_by_an_index(
    on_postgresql: None, webhook: Webhook, chatbot: Chatbot, has_most: bool
) -> None:
    add_due(webhook, 20)
    add_due(webhook, 20, status="held")
    # What is over, too: of 40 rows in all, no way to find half of them is better than another.
    add_due(webhook, 1000, status="succeeded", finished_at=timezone.now())
    for other in range(20):
        elsewhere = add_webhook(chatbot, f"https://hooks{other}.example.com/")
        over = webhook if has_most else elsewhere
        add_due(over, 1000, status="succeeded", finished_at=timezone.now())
        add_due(elsewhere, 100, wait="time", failures=1, seconds_ago=-600)
        add_due(elsewhere, 100, wait="turn", conversation="c", seconds_ago=-600)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE webhooks_delivery")
    ready, turn, retry, leased = [
        rows[: settling.BATCH].explain() for rows in settling.pending(webhook)
    ]
    held = settling.held(webhook).order_by("pk")[: settling.BATCH].explain()
    assert "delivery_held" in held, held
    assert "delivery_ready" in ready, ready
    assert "delivery_in_order" in turn, turn
    assert "delivery_leased" in leased, leased
    # With most of all rows, what waits for all webhooks is hardly more than what waits for it.
    assert "delivery_retry" in retry or (has_most and "delivery_waiting" in retry), retry


@pytest.mark.django_db(transaction=True)
def test_a_connection_on_which_something_was_settled_goes_on_in_its_own_way(
    on_postgresql: None, chatbot: Chatbot
) -> None:
    webhook = ordered_webhook(chatbot)
    add_events(chatbot, "one", "two")
    ways = (
        "SELECT name, setting FROM pg_settings WHERE name ~ '_timeout$|^enable_|^plan_|page_cost'"
    )

    def settle() -> tuple[list[object], list[object]]:
        with connection.cursor() as cursor:
            cursor.execute(ways)
            before = cursor.fetchall()
            assert subscriptions.disable(webhook, "x") == 2
            cursor.execute(ways)
            return before, cursor.fetchall()

    ((before, after),) = side_by_side(settle)
    assert before == after
