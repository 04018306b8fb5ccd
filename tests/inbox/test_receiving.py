from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.test import Client

from inbox import receiver
from inbox.models import KEPT_REQUESTS, AnswerStatus, Inbox, InboxRequest, Verdict
from tests.inbox.conftest import SECRET
from webhooks.models import Webhook
from webhooks.signing import sign

BODY = '{"event":"USER_MESSAGE_SENT","data":{"name":"Zoë 🎉\u2028</script>"}}'.encode()


def post(
    inbox: Inbox, body: bytes = BODY, query: str = "", headers: dict[str, str] | None = None
) -> Any:
    client = Client(enforce_csrf_checks=True)
    return client.post(
        inbox.get_absolute_url() + query, body, content_type="application/json", headers=headers
    )


def test_the_default_inbox_is_one(db: None) -> None:
    assert Inbox.ensure_default() == Inbox.ensure_default()
    assert len(Inbox.ensure_default().token) >= 32


def test_asking_for_the_default_inbox_takes_one_look(
    inbox: Inbox, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        assert Inbox.ensure_default() == inbox


def test_a_request_is_kept_as_it_arrived_and_answered_200(inbox: Inbox, webhook: Webhook) -> None:
    answer = post(inbox, query="?a=1&b=%20", headers={"X-Wonderchat-Signature": sign(SECRET, BODY)})
    assert (answer.status_code, answer.content) == (200, b"OK")
    row = InboxRequest.objects.get()
    assert bytes(row.body) == BODY
    assert (row.method, row.path) == ("POST", f"{inbox.get_absolute_url()}?a=1&b=%20")
    assert (row.verdict, row.webhook, row.event) == (Verdict.VALID, webhook, "USER_MESSAGE_SENT")
    assert ["X-Wonderchat-Signature", sign(SECRET, BODY)] in row.headers


def test_any_content_type_and_any_bytes_are_taken(inbox: Inbox) -> None:
    answer = Client().post(inbox.get_absolute_url(), b"\0\xff\x80", content_type="text/strange")
    assert answer.status_code == 200
    assert bytes(InboxRequest.objects.get().body) == b"\0\xff\x80"


@pytest.mark.parametrize("status", AnswerStatus.values)
def test_it_answers_as_it_is_told(inbox: Inbox, status: int) -> None:
    Inbox.objects.update(answer_status=status, retry_after_seconds=7)
    answer = post(inbox)
    assert answer.status_code == status
    assert answer.headers.get("Retry-After") == ("7" if status in (429, 503) else None)
    assert ("Location" in answer.headers) == (status == 302)
    assert InboxRequest.objects.get().answered_status == status


def test_more_than_a_mebibyte_is_refused_and_not_kept(inbox: Inbox) -> None:
    assert post(inbox, b"x" * (1024 * 1024 + 1)).status_code == 413
    assert not InboxRequest.objects.exists()


def test_receiving_takes_few_queries(
    inbox: Inbox, webhook: Webhook, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(4):  # One more, now and then, to forget the oldest.
        post(inbox)


def test_only_the_newest_requests_are_kept(inbox: Inbox) -> None:
    InboxRequest.objects.bulk_create(
        InboxRequest(
            inbox=inbox, method="POST", path="/", body=b"", verdict="valid", answered_status=200
        )
        for _ in range(KEPT_REQUESTS + 40)
    )
    newest = inbox.requests.values_list("id", flat=True).first()
    inbox.prune()
    assert inbox.requests.count() == KEPT_REQUESTS
    assert inbox.requests.values_list("id", flat=True).first() == newest


def test_one_delayed_request_too_many_is_told_so_at_once(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = threading.BoundedSemaphore(1)
    taken.acquire()
    monkeypatch.setattr(receiver, "_sleepers", taken)
    Inbox.objects.update(answer_delay_seconds=30)
    answer = post(inbox)
    assert answer.status_code == 503
    assert "one too many" in answer.content.decode()
    assert InboxRequest.objects.get().answered_status == 503


def test_a_delay_gives_its_place_back(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[int] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    Inbox.objects.update(answer_delay_seconds=3)
    for _ in range(receiver.MOST_SLEEPERS + 2):
        assert post(inbox).status_code == 200
    assert slept == [3] * (receiver.MOST_SLEEPERS + 2)


def test_outside_the_sandbox_there_is_no_inbox(inbox: Inbox, settings: Any) -> None:
    settings.SANDBOX = False
    assert post(inbox).status_code == 404
    assert Client().get(inbox.get_absolute_url()).status_code == 404
    assert not InboxRequest.objects.exists()


@pytest.mark.parametrize("token", ["nothing", "%00", "a%00b", "%20"])
def test_an_unknown_token_is_not_found(db: None, settings: Any, token: str) -> None:
    settings.SANDBOX = True
    address = f"/inbox/{token}"
    assert Client().get(address).status_code == 404
    assert Client().post(address, b"{}", content_type="application/json").status_code == 404
