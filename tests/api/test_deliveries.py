from __future__ import annotations

import base64
import gzip
from datetime import timedelta

import pytest
from django.utils import timezone

from chatbots.models import Account, Chatbot
from tests.api.conftest import EVENT, URL, Api, check_problem
from webhooks.api import scope
from webhooks.models import Attempt, Delivery, Webhook


@pytest.fixture
def delivery(api: Api, chatbot: Chatbot, webhook: Webhook) -> Delivery:
    made = api.post("/events", {"chatbotId": chatbot.pk, "event": EVENT}).json()
    return Delivery.objects.get(pk=made["deliveries"][0]["id"])


def attempt(delivery: Delivery, number: int, status_code: int | None, error: str = "") -> None:
    Attempt.objects.create(
        delivery=delivery,
        number=number,
        started_at=timezone.now(),
        duration_ms=12,
        status_code=status_code,
        error_kind="http_status" if error else "",
        error=error,
        url=URL,
        remote_address="203.0.113.7",
        request_head=b"POST /wonderchat HTTP/1.1\r\nHost: hooks.example.com\r\nA: b\r\n\r\n",
        request_body=b"changed" if number == 1 else None,
        response_head=b"HTTP/1.1 500 Oops\r\nServer: x\r\n\r\n" if status_code else b"",
        response_body="né\n".encode() if status_code else b"",
        response_truncated=bool(status_code),
    )
    Delivery.objects.filter(pk=delivery.pk).update(attempts=number)


def test_a_delivery_shows_every_attempt_as_it_was(api: Api, delivery: Delivery) -> None:
    attempt(delivery, 1, 500, "The endpoint answered 500.")
    attempt(delivery, 2, None, "No answer.")
    shown = api.get(f"/deliveries/{delivery.pk}").json()
    assert (shown["id"], shown["attemptCount"], shown["status"]) == (
        str(delivery.pk),
        2,
        "pending",
    )
    first, second = shown["attempts"]
    assert first.pop("startedAt").endswith("Z")
    assert first == {
        "number": 1,
        "durationMs": 12,
        "statusCode": 500,
        "errorKind": "http_status",
        "error": "The endpoint answered 500.",
        "remoteAddress": "203.0.113.7",
        "request": {
            "method": "POST",
            "url": URL,
            "headers": {"Host": "hooks.example.com", "A": "b"},
            "body": "changed",
        },
        "response": {
            "headers": {"Server": "x"},
            "body": "né\n",
            "bodyBase64": "bsOpCg==",
            "truncated": True,
        },
    }
    assert second["request"]["body"] == bytes(delivery.event.body).decode()
    assert second["response"] == {
        "headers": {},
        "body": "",
        "bodyBase64": "",
        "truncated": False,
    }


def test_a_delivery_and_its_attempts_are_of_one_moment(
    api: Api, delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = scope.delivery

    def recorded_right_after(account: Account, delivery_id: str) -> Delivery:
        found = find(account, delivery_id)
        attempt(delivery, 1, 401, "Your endpoint answered 401 Unauthorized.")
        Delivery.objects.filter(pk=delivery.pk).update(status="failed", finished_at=timezone.now())
        return found

    monkeypatch.setattr(scope, "delivery", recorded_right_after)
    shown = api.get(f"/deliveries/{delivery.pk}").json()
    assert len(shown["attempts"]) == 1
    assert (shown["status"], shown["attemptCount"], shown["waitingFor"]) == ("failed", 1, None)


@pytest.mark.parametrize(
    ("columns", "status_code", "error", "expected", "verdict", "as_expected"),
    [
        ({}, 401, "No.", None, None, None),
        ({"is_test": True}, 200, "", "accepted", "accepted, as it should be", True),
        ({"is_test": True}, 401, "No.", "accepted", "refused a request in order", False),
        (
            {"simulate": {"badSignature": True}},
            401,
            "No.",
            "refused",
            "refused, as it should be",
            True,
        ),
        (
            {"simulate": {"badSignature": True}},
            200,
            "",
            "refused",
            "accepted a forged request",
            False,
        ),
        (
            {"simulate": {"timestampSkewSeconds": -600}},
            200,
            "",
            "either",
            "accepted, as it may be",
            True,
        ),
        ({"simulate": {"copies": 3}}, None, "No.", "accepted", None, None),
    ],
)
def test_a_test_and_what_misbehaves_have_an_expectation_and_a_verdict(
    api: Api,
    delivery: Delivery,
    columns: dict[str, object],
    status_code: int | None,
    error: str,
    expected: str | None,
    verdict: str | None,
    as_expected: bool | None,
) -> None:
    if status_code:
        attempt(delivery, 1, status_code, error)
        columns = {"status": "failed" if error else "succeeded"} | columns
    Delivery.objects.update(**columns)
    wanted = (expected, verdict, as_expected)
    for row in (
        api.get(f"/deliveries/{delivery.pk}").json(),
        api.get("/deliveries").json()["results"][0],
    ):
        assert (row["expected"], row["verdict"], row["asExpected"]) == wanted
    again = api.post(f"/deliveries/{delivery.pk}/resend").json()
    # It is not over.
    assert (again["expected"], again["verdict"], again["asExpected"]) == (expected, None, None)


def test_the_log_is_narrowed_and_shows_how_the_last_attempt_went(
    api: Api, chatbot: Chatbot, webhook: Webhook, delivery: Delivery
) -> None:
    attempt(delivery, 1, 500, "The endpoint answered 500.")
    attempt(delivery, 2, 200)
    Delivery.objects.update(status="succeeded", finished_at=timezone.now())
    test = api.post(f"/webhooks/{webhook.pk}/test").json()["deliveryId"]

    def listed(query: str) -> list[str]:
        return [row["id"] for row in api.get(f"/deliveries{query}").json()["results"]]

    newest, oldest = api.get("/deliveries").json()["results"]
    assert (newest["id"], newest["isTest"], newest["lastAttempt"]) == (test, True, None)
    assert oldest["lastAttempt"]["statusCode"] == 200
    assert oldest["nextAttemptAt"] is None
    assert newest["waitingFor"]
    assert listed("?status=succeeded") == [str(delivery.pk)]
    assert listed(f"?eventId={delivery.event_id}") == [str(delivery.pk)]
    assert listed(f"?webhookId={webhook.pk}") == [test, str(delivery.pk)]
    assert listed("?webhookId=99999") == []
    assert listed("?until=2000-01-01") == []
    assert len(listed("?since=2000-01-01")) == 2
    check_problem(api.get("/deliveries?status=lost"), 400)


def test_a_delivery_is_resent(api: Api, delivery: Delivery) -> None:
    Delivery.objects.update(status="failed", attempts=5, failures=5, finished_at=timezone.now())
    answer = api.post(f"/deliveries/{delivery.pk}/resend")
    assert answer.status_code == 202
    shown = answer.json()
    assert (shown["id"], shown["status"], shown["finishedAt"]) == (
        str(delivery.pk),
        "pending",
        None,
    )


def test_a_delivery_in_flight_is_not_resent(api: Api, delivery: Delivery) -> None:
    Delivery.objects.update(lease_until=timezone.now() + timedelta(seconds=20))
    assert api.get(f"/deliveries/{delivery.pk}").json()["inFlight"] is True
    problem = check_problem(api.post(f"/deliveries/{delivery.pk}/resend"), 409)
    assert "on its way" in problem["detail"]


@pytest.mark.parametrize(
    ("head", "body", "text"),
    [
        (b"Content-Encoding: gzip", gzip.compress("Größe".encode(), mtime=0), "Größe"),
        (b"Content-Type: text/plain; charset=latin1", "Größe".encode("latin-1"), "Größe"),
        (
            b"Content-Encoding: br",
            b"\0\1",
            "[2 bytes, compressed with br, which is not read here.]",
        ),
    ],
)
def test_an_answer_is_readable_and_exact(
    api: Api, delivery: Delivery, head: bytes, body: bytes, text: str
) -> None:
    attempt(delivery, 1, 500, "It failed.")
    row = Attempt.objects.filter(delivery=delivery)
    row.update(response_head=b"HTTP/1.1 500 Oops\r\n%s\r\n\r\n" % head, response_body=body)
    [shown] = api.get(f"/deliveries/{delivery.pk}").json()["attempts"]
    assert shown["response"]["body"] == text
    assert base64.b64decode(shown["response"]["bodyBase64"]) == body
