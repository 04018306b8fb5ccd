"""Recover: the count before, the press, and the progress until all is over."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.dashboard.conftest import deliver
from tests.webhooks.due import add_due
from webhooks import recovery, subscriptions
from webhooks.admin.forms import RecoverForm
from webhooks.models import Delivery, DeliveryStatus, Recovery, Webhook


def fail(webhook: Webhook, count: int) -> None:
    moment = timezone.now() - timedelta(minutes=30)
    add_due(webhook, count, status="failed", created_at=moment, finished_at=moment)


def minutes(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M")


@pytest.fixture
def since() -> str:
    return minutes(timezone.now() - timedelta(hours=1))


def page_of(webhook: Webhook, name: str = "recover", *more: int) -> str:
    return reverse(f"admin:webhooks_webhook_{name}", args=[webhook.pk, *more])


def text_of(browser: Client, address: str, query: dict[str, str] | None = None) -> str:
    answer = browser.get(address, query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_page_first_says_how_much_failed_in_the_window(
    browser_of_member: Client, webhook: Webhook, since: str
) -> None:
    fail(webhook, 3)
    shown = text_of(browser_of_member, page_of(webhook))
    assert "<strong>3 deliveries</strong> failed in this window" in shown
    assert "Send 3 deliveries again" in shown
    # And so for each other window, without a press.
    count = page_of(webhook, "recover_count")
    assert "3 deliveries" in text_of(browser_of_member, count, {"since": since, "until": ""})
    recent = minutes(timezone.now() - timedelta(minutes=10))
    nothing = text_of(browser_of_member, count, {"since": recent})
    assert "Nothing failed in this window." in nothing
    assert "disabled>" in nothing
    for wrong, said in (
        ({"since": ""}, "Give the moment"),
        ({"since": "x", "until": "y"}, "Give the moment"),
        ({"since": since, "until": "2000-01-01T00:00"}, "ends before it begins"),
        ({"since": "2999-01-01T00:00"}, "begins in the future"),
    ):
        assert said in text_of(browser_of_member, count, wrong)
    assert set(Delivery.objects.values_list("status", flat=True)) == {"failed"}


def test_recover_sends_again_what_failed_in_the_window(
    browser_of_member: Client, webhook: Webhook, since: str
) -> None:
    delivery = deliver(webhook, DeliveryStatus.FAILED)
    answer = browser_of_member.post(page_of(webhook), {"since": since}, follow=True)
    made = Recovery.objects.get()
    assert answer.redirect_chain == [(page_of(webhook, "recovery", made.pk), 302)]
    assert "1 delivery sent again" in answer.content.decode()
    assert made.requested_by == "member"
    delivery.refresh_from_db()
    assert delivery.status == DeliveryStatus.PENDING
    # A second press of the same button.
    again = browser_of_member.post(page_of(webhook), {"since": since})
    assert again["Location"] == page_of(webhook, "recovery", made.pk)
    assert Recovery.objects.count() == 1
    backwards = {"since": since, "until": minutes(timezone.now() - timedelta(hours=2))}
    text = browser_of_member.post(page_of(webhook), backwards).content.decode()
    assert "The window ends before it begins." in text
    assert browser_of_member.post(page_of(webhook), {"since": "x"}).status_code == 200


def test_the_progress_is_told_until_all_is_over(
    browser_of_member: Client,
    webhook: Webhook,
    since: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recovery, "BATCH", 2)
    fail(webhook, 5)
    browser_of_member.post(page_of(webhook), {"since": since})
    made = Recovery.objects.get()
    live = page_of(webhook, "recovery_live", made.pk)
    running = text_of(browser_of_member, live)
    assert "Queueing 2 of 5 again" in running
    assert "load delay:500ms, every 1s" in running
    assert "Running" in text_of(browser_of_member, page_of(webhook, "change"))
    seen = running.split("?seen=")[1].split('"')[0]
    assert browser_of_member.get(live, {"seen": seen}).status_code == 204

    recovery.go_on(60)
    waiting = browser_of_member.get(live, {"seen": seen})
    assert waiting.status_code == 200
    assert "<strong>5</strong> waiting" in waiting.content.decode()
    assert "load delay:500ms, every 3s" in waiting.content.decode()
    Delivery.objects.update(lease_until=timezone.now() + timedelta(seconds=10))
    flying = browser_of_member.get(live, {"seen": waiting.context["version"]}).content.decode()
    assert "<strong>5</strong> on their way" in flying
    assert "waiting to be sent" not in flying

    first, *rest = Delivery.objects.order_by("pk")
    Delivery.objects.filter(pk__in=[one.pk for one in rest]).update(status="succeeded")
    Delivery.objects.filter(pk=first.pk).update(status="failed")
    over = text_of(browser_of_member, live)
    assert "<strong>4</strong> succeeded" in over
    assert "<strong>1</strong> failed again" in over
    assert 'aria-valuenow="100"' in over
    assert "hx-get" not in over
    Delivery.objects.update(status="succeeded")
    assert "5 deliveries recovered" in text_of(browser_of_member, live)


def test_for_a_disabled_webhook_the_page_says_that_they_wait(
    browser_of_member: Client, webhook: Webhook, since: str
) -> None:
    fail(webhook, 2)
    subscriptions.disable(webhook, "x")
    assert "until it is enabled" in text_of(browser_of_member, page_of(webhook))
    browser_of_member.post(page_of(webhook), {"since": since})
    shown = text_of(browser_of_member, page_of(webhook, "recovery", Recovery.objects.get().pk))
    assert "2 deliveries wait for the webhook" in shown


def test_a_recovery_of_another_webhook_is_not_there(
    browser_of_member: Client, webhook: Webhook, since: str
) -> None:
    for name in ("recovery", "recovery_live"):
        assert browser_of_member.get(page_of(webhook, name, 4711)).status_code == 404


def test_a_moment_that_utc_does_not_have_is_no_moment() -> None:
    form = RecoverForm(data={"since": "0001-01-01T00:00:00+23:59", "until": ""})
    assert "Enter a valid date/time." in form.errors["since"]
