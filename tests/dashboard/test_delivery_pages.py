"""The delivery log, and one delivery with the exact request and response."""

from __future__ import annotations

import gzip
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.dashboard.conftest import deliver
from webhooks import presence
from webhooks.models import Attempt, Delivery, DeliveryStatus, Webhook


def page_of(delivery: Delivery, name: str = "change") -> str:
    return reverse(f"admin:webhooks_delivery_{name}", args=[delivery.pk])


def test_a_delivery_shows_each_attempt_as_it_was(
    browser_of_member: Client, webhook: Webhook
) -> None:
    delivery = deliver(webhook, attempts=2)
    text = browser_of_member.get(page_of(delivery)).content.decode()
    assert "Succeeded on attempt 2" in text
    assert "Attempt 1" in text
    assert "Your endpoint answered 500." in text
    assert "X-Wonderchat-Signature" in text
    assert "curl -X POST" in text
    assert "every 1s" not in text  # Final: it asks no more.


@pytest.mark.parametrize(
    ("columns", "status", "says"),
    [
        (
            {"simulate": {"badSignature": True}},
            DeliveryStatus.SUCCEEDED,
            "accepted a forged request",
        ),
        ({"is_test": True}, DeliveryStatus.SUCCEEDED, "accepted, as it should be"),
        ({"is_test": True}, DeliveryStatus.FAILED, "not accepted: it answered 500"),
    ],
)
def test_an_experiment_says_its_verdict_and_that_it_counts_for_nothing(
    browser_of_member: Client,
    webhook: Webhook,
    columns: dict[str, Any],
    status: DeliveryStatus,
    says: str,
) -> None:
    delivery = deliver(webhook, status)
    Delivery.objects.filter(pk=delivery.pk).update(**columns)
    text = browser_of_member.get(page_of(delivery)).content.decode()
    assert f"<h2>{says[0].upper()}{says[1:]}</h2>" in text
    assert f"<strong>Verdict:</strong> {says}." in text
    assert "<strong>Expected:</strong> The receiver" in text
    assert ("{&quot;badSignature&quot;: true}" in text) == ("simulate" in columns)
    assert "does not count for its webhook" in text
    everything = reverse("admin:webhooks_delivery_changelist")
    assert f">{delivery.pk}<" in browser_of_member.get(everything).content.decode()
    real = browser_of_member.get(everything, {"kind": "real"}).content.decode()
    assert f">{delivery.pk}<" not in real
    experiments = browser_of_member.get(everything, {"kind": "experiment"}).content.decode()
    assert f">{delivery.pk}<" in experiments


@pytest.mark.parametrize(
    ("headers", "body", "shown"),
    [
        (
            b"Content-Encoding: gzip\r\n",
            gzip.compress("Größe fehlt".encode(), mtime=0),
            "Größe fehlt",
        ),
        (
            b"Content-Type: text/html; charset=ISO-8859-1\r\n",
            "Größe fehlt".encode("latin-1"),
            "Größe fehlt",
        ),
        (b"Content-Encoding: br\r\n", b"\x0b\x02\x80", "3 bytes, compressed with br"),
    ],
)
def test_an_answer_is_shown_as_people_read_it(
    browser_of_member: Client, webhook: Webhook, headers: bytes, body: bytes, shown: str
) -> None:
    delivery = deliver(webhook, DeliveryStatus.FAILED, response_body=body)
    head = b"HTTP/1.1 500 Oops\r\n" + headers + b"\r\n"
    Attempt.objects.filter(delivery=delivery).update(response_head=head)
    assert shown in browser_of_member.get(page_of(delivery)).content.decode()


def test_what_a_receiver_answers_is_never_html(browser_of_member: Client, webhook: Webhook) -> None:
    evil = b"</pre></textarea><script>alert(1)</script><img src=x onerror=alert(2)>"
    for body in (evil, b'{"a":"' + evil + b'"}'):
        delivery = deliver(webhook, response_body=body)
        for name in ("change", "live"):
            text = browser_of_member.get(page_of(delivery, name)).content.decode()
            assert "<script>alert" not in text
            assert "<img src=x" not in text
            assert "&lt;script&gt;alert(3)" in text  # In a header of the answer.


def test_what_a_visitor_says_is_never_html(browser_of_member: Client, webhook: Webhook) -> None:
    said = "</textarea></script><script>alert(1)</script>'\"><img src=x onerror=alert(2)>"
    delivery = deliver(webhook, data={"userMessage": said, "name": said})
    pages = [
        page_of(delivery),
        reverse("admin:chatbots_event_change", args=[delivery.event_id]),
        reverse("admin:index"),
    ]
    for address in pages:
        text = browser_of_member.get(address).content.decode()
        assert "<script>alert" not in text
        assert "<img src=x" not in text


def test_a_delivery_on_its_way_asks_every_second_and_is_quiet_until_something_changes(
    browser_of_member: Client, webhook: Webhook
) -> None:
    presence.report("a worker")
    delivery = deliver(webhook, DeliveryStatus.PENDING, attempts=0)
    Delivery.objects.update(due_at=timezone.now(), failures=0)
    page = browser_of_member.get(page_of(delivery))
    assert "About to be sent" in page.content.decode()
    assert "every 1s" in page.content.decode()
    live = {"seen": page.context["version"]}
    assert browser_of_member.get(page_of(delivery, "live"), live).status_code == 204
    Delivery.objects.update(attempts=1, lease_until=timezone.now() + timedelta(seconds=10))
    flying = browser_of_member.get(page_of(delivery, "live"), live).content.decode()
    assert flying.count("Attempt 1 is on its way") == 1
    assert "Resend" not in flying
    Delivery.objects.update(status=DeliveryStatus.FAILED, lease_until=None)
    final = browser_of_member.get(page_of(delivery, "live"), live).content.decode()
    assert "Failed after 1 attempt" in final
    assert "hx-get" not in final


def test_a_delivery_that_waits_long_asks_when_its_time_comes(
    browser_of_member: Client, webhook: Webhook
) -> None:
    presence.report("a worker")
    delivery = deliver(webhook, DeliveryStatus.PENDING)
    text = browser_of_member.get(page_of(delivery)).content.decode()
    assert "Retrying" in text
    assert "Attempt 1 failed. Your endpoint answered 500." in text
    assert "load delay:23" in text  # Due in four minutes.
    assert "Send now" in text


def test_resend_queues_the_same_delivery_again(browser_of_member: Client, webhook: Webhook) -> None:
    delivery = deliver(webhook, DeliveryStatus.FAILED)
    answer = browser_of_member.post(page_of(delivery, "resend"))
    assert answer["Location"] == page_of(delivery)
    delivery.refresh_from_db()
    assert delivery.status == DeliveryStatus.PENDING
    assert browser_of_member.get(page_of(delivery, "resend")).status_code == 405
    Delivery.objects.update(lease_until=timezone.now() + timedelta(seconds=10))
    refused = browser_of_member.post(page_of(delivery, "resend"), follow=True)
    assert "on its way at this moment" in refused.content.decode()


def test_a_search_by_id_finds_a_delivery_or_those_of_an_event(
    browser_of_member: Client, webhook: Webhook
) -> None:
    first, second = deliver(webhook), deliver(webhook)
    listed = reverse("admin:webhooks_delivery_changelist")
    for words in (str(first.pk), first.event_id, f"  {first.event_id} "):
        text = browser_of_member.get(listed, {"q": words}).content.decode()
        assert page_of(first) in text
        assert page_of(second) not in text
    for words in ("9" * 40, "nothing", "١٢", "a\0b", "-1"):
        assert browser_of_member.get(listed, {"q": words}).status_code == 200


def test_filters_narrow_the_log(browser_of_member: Client, webhook: Webhook) -> None:
    good, bad = deliver(webhook), deliver(webhook, DeliveryStatus.FAILED)
    listed = reverse("admin:webhooks_delivery_changelist")
    text = browser_of_member.get(listed, {"status__exact": "failed"}).content.decode()
    assert page_of(bad) in text
    assert page_of(good) not in text
    assert page_of(good) in browser_of_member.get(listed, {"event": webhook.event}).content.decode()
    none = browser_of_member.get(listed, {"event": "HUMAN_HANDOVER"}).content.decode()
    assert page_of(good) not in none


def test_the_log_does_not_count_its_rows(
    browser_of_member: Client, webhook: Webhook, django_assert_max_num_queries: object
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    deliver(webhook)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        browser_of_member.get(reverse("admin:webhooks_delivery_changelist"))
    counting = [
        q["sql"] for q in queries if "COUNT(" in q["sql"] and "webhooks_delivery" in q["sql"]
    ]
    assert counting == []


def test_an_event_says_why_it_was_sent_nowhere(browser_of_member: Client, webhook: Webhook) -> None:
    delivery = deliver(webhook)
    address = reverse("admin:chatbots_event_change", args=[delivery.event_id])
    assert page_of(delivery) in browser_of_member.get(address).content.decode()
    Delivery.objects.all().delete()
    webhook.event = "HUMAN_HANDOVER"
    webhook.save()
    text = browser_of_member.get(address).content.decode()
    assert "No webhook of this chatbot subscribes to USER_MESSAGE_SENT." in text
    # One that was added since, or is disabled, is no reason, and nothing waits for it.
    for status in ("active", "disabled"):
        Webhook.objects.update(event="USER_MESSAGE_SENT", status=status)
        text = browser_of_member.get(address).content.decode()
        assert "No webhook subscribed to it then" in text
        assert "waits" not in text


@pytest.mark.parametrize(
    ("kind", "address", "said"),
    [
        ("dns", "", "no connection was made"),
        ("connect", "127.0.0.1", "no connection was made"),
        ("refused_address", "10.0.0.1", "no connection was made"),
        ("internal", "", "no connection was made"),
        ("internal", "127.0.0.1", ""),
        ("tls", "127.0.0.1", "the TLS connection failed"),
        ("timeout", "127.0.0.1", ""),
        ("closed", "127.0.0.1", ""),
        ("http_status", "127.0.0.1", ""),
    ],
)
def test_an_attempt_that_never_left_says_so_above_its_request(
    browser_of_member: Client, webhook: Webhook, kind: str, address: str, said: str
) -> None:
    delivery = deliver(webhook, DeliveryStatus.FAILED)
    Attempt.objects.update(error_kind=kind, remote_address=address)
    text = browser_of_member.get(page_of(delivery)).content.decode()
    sentence = f"Nothing was sent: {said}. This is what would have gone out."
    assert (sentence in text) if said else ("Nothing was sent" not in text)


def test_a_list_says_why_the_last_attempt_failed_in_the_same_number_of_queries(
    browser_of_member: Client, webhook: Webhook, django_assert_num_queries: Any
) -> None:
    address = reverse("admin:webhooks_delivery_changelist")
    for status in (DeliveryStatus.FAILED, DeliveryStatus.PENDING):
        deliver(webhook, status, attempts=2)
    Attempt.objects.filter(number=2).update(error_kind="connect")
    deliver(webhook, DeliveryStatus.SUCCEEDED, attempts=2)
    browser_of_member.get(address)
    with CaptureQueriesContext(connection) as first:
        text = browser_of_member.get(address).content.decode()
    assert text.count(">No connection<") == 2
    assert ">Not a 2xx<" not in text
    for _ in range(5):
        deliver(webhook, DeliveryStatus.FAILED)
    with django_assert_num_queries(len(first)):
        text = browser_of_member.get(address).content.decode()
    assert text.count(">Not a 2xx<") == 5
    for page in (reverse("admin:index"), page_of_webhook(webhook)):
        assert ">Not a 2xx<" in browser_of_member.get(page).content.decode()


def page_of_webhook(webhook: Webhook) -> str:
    return reverse("admin:webhooks_webhook_change", args=[webhook.pk])
