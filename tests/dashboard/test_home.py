from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from emitter import home
from inbox.models import Inbox
from tests.dashboard.conftest import Everything, deliver
from webhooks import presence
from webhooks.models import Delivery, DeliveryStatus, Webhook


def test_a_newcomer_is_told_the_three_next_steps(
    browser_of_member: Client, webhook: Webhook
) -> None:
    text = browser_of_member.get("/").content.decode()
    assert "Start here" in text
    assert f"/chatbot/{webhook.chatbot_id}" in text
    assert Inbox.ensure_default().get_absolute_url() in text
    assert reverse("admin:webhooks_webhook_add") in text


def test_the_figures_are_of_ones_own_last_day(
    browser_of_member: Client, own: Everything, others: Everything
) -> None:
    for _ in range(3):
        deliver(own.webhook)
    old = deliver(own.webhook)
    Delivery.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(hours=30))
    context = browser_of_member.get("/").context
    # The old one is last by id: figures go by id, found by time, as rows are made.
    assert context["deliveries_of_day"] in (4, 5)
    assert context["failed_of_day"] == 1
    assert context["success_rate"] < 100


def test_the_first_delivery_of_a_day_is_found_by_halving(webhook: Webhook) -> None:
    now = timezone.now()
    made = [deliver(webhook) for _ in range(7)]
    Delivery.objects.filter(pk__in=[made[2].pk]).delete()
    for hours, delivery in zip((40, 30, 0, 25, 3, 2, 1), made, strict=True):
        Delivery.objects.filter(pk=delivery.pk).update(created_at=now - timedelta(hours=hours))
    assert home.first_delivery_since(now - timedelta(hours=24)) == made[4].pk
    assert home.first_delivery_since(now - timedelta(hours=50)) <= made[0].pk
    assert home.first_delivery_since(now) == made[6].pk + 1


def test_where_something_waits_and_no_worker_runs_the_page_says_so(
    browser_of_member: Client, webhook: Webhook
) -> None:
    said = "No worker runs, so nothing is sent. Start one: make up."
    assert said not in browser_of_member.get("/").content.decode()
    deliver(webhook, DeliveryStatus.PENDING)
    assert said in browser_of_member.get("/").content.decode()
    presence.report_idle("a worker")
    assert said not in browser_of_member.get("/").content.decode()


@pytest.mark.parametrize(
    "columns", [{"is_test": True}, {"simulate": {"badSignature": True}}], ids=str
)
def test_an_experiment_is_in_no_figure_and_in_the_list(
    browser_of_member: Client, webhook: Webhook, columns: dict[str, object]
) -> None:
    deliver(webhook)
    refused = deliver(webhook, DeliveryStatus.FAILED)
    Delivery.objects.filter(pk=refused.pk).update(**columns)
    context = browser_of_member.get("/").context
    assert (context["deliveries_of_day"], context["failed_of_day"]) == (1, 0)
    assert context["success_rate"] == 100
    assert next(row.pk for row, _ in context["latest"]) == refused.pk


def test_without_any_delivery_the_page_is_calm(browser_of_operator: Client, db: None) -> None:
    assert home.first_delivery_since(timezone.now()) == 1
    text = browser_of_operator.get("/").content.decode()
    assert "nothing finished yet" in text
    assert "Add a chatbot" in text


def test_a_rate_is_never_rounded_up_to_perfect(browser_of_member: Client, webhook: Webhook) -> None:
    deliver(webhook, DeliveryStatus.FAILED)
    row = Delivery.objects.get()
    Delivery.objects.bulk_create(
        Delivery(
            event_id=row.event_id,
            webhook=webhook,
            account=row.account,
            status=DeliveryStatus.SUCCEEDED,
            due_at=row.due_at,
        )
        for _ in range(2500)
    )
    assert browser_of_member.get("/").context["success_rate"] == 99.9


def test_what_is_retried_is_told_beside_the_rate_that_does_not_count_it(
    browser_of_member: Client, webhook: Webhook
) -> None:
    deliver(webhook)
    assert "being retried" not in browser_of_member.get("/").content.decode()
    for _ in range(3):
        deliver(webhook, DeliveryStatus.PENDING)
    text = browser_of_member.get("/").content.decode()
    assert "and 3 being retried" in text
    assert "of those finished" in text
