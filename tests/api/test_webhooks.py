from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from chatbots.models import Account, Chatbot, Event, Plan
from chatbots.timestamp import iso
from tests.api.conftest import EVENT, URL, Api, check_problem, fields_of
from webhooks import breaker, subscriptions
from webhooks.models import Delivery, Endpoint, Webhook

KEYS = [
    "id",
    "chatbotId",
    "url",
    "event",
    "status",
    "statusReason",
    "description",
    "secretHint",
    "retrySchedule",
    "standardHeaders",
    "ordered",
    "rateLimit",
    "createdAt",
    "failingSince",
    "lastSuccessAt",
    "heldBackUntil",
    "previousSecretUntil",
]


def test_a_webhook_is_added_and_its_made_secret_shown_once(api: Api, chatbot: Chatbot) -> None:
    answer = api.post("/webhooks", {"chatbotId": chatbot.pk, "url": URL, "event": EVENT})
    assert answer.status_code == 201
    made = answer.json()
    assert list(made) == [*KEYS, "secret"]
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert made["secretHint"] == "…" + secret[-3:]
    assert (made["status"], made["retrySchedule"]) == ("active", "standard")
    assert api.get(f"/webhooks/{made['id']}").json() == made
    assert secret not in api.get("/webhooks").content.decode()


def test_a_given_secret_is_never_read_back(api: Api, chatbot: Chatbot) -> None:
    body = {
        "chatbotId": chatbot.pk,
        "url": URL,
        "event": EVENT,
        "secret": "correct horse battery",
        "description": "Orders team",
        "retrySchedule": "quick",
        "standardHeaders": True,
        "ordered": True,
    }
    answer = api.post("/webhooks", body)
    assert answer.status_code == 201
    assert "secret" not in answer.json()
    assert "horse" not in answer.content.decode()
    assert {key: answer.json()[key] for key in body if key != "secret"} == {
        key: value for key, value in body.items() if key != "secret"
    }
    assert Webhook.objects.get().secret == "correct horse battery"


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"url": "ftp://x"}, ["url"]),
        ({"url": ""}, ["url"]),
        ({"url": "http://hooks.example.com/"}, ["url"]),
        ({"url": "https://127.0.0.1/"}, ["url"]),
        ({"url": "https://example.com/" + "x" * 2000}, ["url"]),
        ({"url": "https://example.com/\x00"}, ["url"]),
        ({"event": "NOPE"}, ["event"]),
        ({"secret": ""}, ["secret"]),
        ({"secret": "x" * 501}, ["secret"]),
        ({"secret": "\ud800"}, ["secret"]),
        ({"secret": 5}, ["secret"]),
        ({"secret": None}, ["secret"]),
        ({"description": "x" * 201}, ["description"]),
        ({"retrySchedule": "often"}, ["retrySchedule"]),
        ({"standardHeaders": 1}, ["standardHeaders"]),
        ({"secrett": "x"}, ["secrett"]),
        ({"url": None, "event": None}, ["url", "event"]),
        ({"url": "x", "secret": ""}, ["url", "secret"]),
    ],
)
def test_a_wrong_webhook_is_refused_by_field(
    api: Api, chatbot: Chatbot, changes: dict[str, Any], fields: list[str]
) -> None:
    body = {"chatbotId": chatbot.pk, "url": URL, "event": EVENT, **changes}
    assert fields_of(check_problem(api.post("/webhooks", body), 400)) == fields
    assert not Webhook.objects.exists()


def test_a_missing_field_is_named(api: Api, db: None) -> None:
    problem = check_problem(api.post("/webhooks", {}), 400)
    assert fields_of(problem) == ["chatbotId", "url", "event"]


def test_a_duplicate_is_refused(api: Api, chatbot: Chatbot, webhook: Webhook) -> None:
    body = {"chatbotId": chatbot.pk, "url": URL, "event": EVENT}
    problem = check_problem(api.post("/webhooks", body), 400)
    assert "already sends this event" in problem["errors"][0]["message"]


def test_a_plan_without_webhooks_may_neither_add_test_nor_enable(
    api: Api, account: Account, chatbot: Chatbot, webhook: Webhook
) -> None:
    account.plan = Plan.LITE
    account.save()
    body = {"chatbotId": chatbot.pk, "url": URL + "2", "event": EVENT}
    assert "Lite plan" in check_problem(api.post("/webhooks", body), 403)["detail"]
    check_problem(api.post(f"/webhooks/{webhook.pk}/test"), 403)
    check_problem(api.post(f"/webhooks/{webhook.pk}/enable"), 403)
    assert api.get(f"/webhooks/{webhook.pk}").status_code == 200


def test_webhooks_are_listed_and_narrowed(api: Api, chatbot: Chatbot, webhook: Webhook) -> None:
    second, _ = subscriptions.create(chatbot, url=URL, event="HUMAN_HANDOVER")
    subscriptions.disable(second, "Because.")
    third, _ = subscriptions.create(chatbot, url=URL + "3", event=EVENT)
    subscriptions.delete(third)

    def listed(query: str) -> list[str]:
        return [row["id"] for row in api.get(f"/webhooks{query}").json()["results"]]

    assert listed("") == [str(second.pk), str(webhook.pk)]
    assert listed("?status=disabled") == [str(second.pk)]
    assert listed(f"?event={EVENT}") == [str(webhook.pk)]
    assert listed(f"?chatbotId={chatbot.pk}&limit=1") == [str(second.pk)]
    assert listed("?chatbotId=cnobody0") == []
    check_problem(api.get("/webhooks?chatbotId=nope"), 400)
    check_problem(api.get("/webhooks?status=deleted"), 400)


def test_a_webhook_is_changed(api: Api, webhook: Webhook) -> None:
    path = f"/webhooks/{webhook.pk}"
    changed = api.patch(path, {"url": "https://new.example.com/", "description": "New"})
    assert changed.status_code == 200
    assert changed.json()["url"] == "https://new.example.com/"
    assert api.patch(path, {"secret": "another secret"}).status_code == 200
    webhook.refresh_from_db()
    assert (webhook.secret, webhook.endpoint.origin) == (
        "another secret",
        "https://new.example.com:443",
    )
    assert api.patch(path, {}).status_code == 200


def test_what_was_read_can_be_put_back_and_no_more(api: Api, webhook: Webhook) -> None:
    path = f"/webhooks/{webhook.pk}"
    shown = api.get(path).json()
    assert api.patch(path, shown | {"description": "x"}).status_code == 200
    problem = check_problem(api.patch(path, {"status": "disabled", "id": str(webhook.pk + 1)}), 400)
    assert fields_of(problem) == ["id", "status"]
    assert "/disable" in problem["detail"]


def test_a_deleted_webhook_is_gone_and_its_log_stays(api: Api, webhook: Webhook) -> None:
    delivery = api.post(f"/webhooks/{webhook.pk}/test").json()["deliveryId"]
    assert api.delete(f"/webhooks/{webhook.pk}").status_code == 204
    for call in (api.get, api.delete):
        check_problem(call(f"/webhooks/{webhook.pk}"), 404)
    assert api.get(f"/deliveries/{delivery}").json()["status"] == "cancelled"
    problem = check_problem(api.post(f"/deliveries/{delivery}/resend"), 409)
    assert "deleted" in problem["detail"]


def test_a_test_takes_edited_fields_and_simulations(api: Api, webhook: Webhook) -> None:
    answer = api.post(
        f"/webhooks/{webhook.pk}/test",
        {
            "data": {"userMessage": "Hi", "name": None},
            "unset": ["email"],
            "simulate": {"badSignature": True},
        },
    )
    assert answer.status_code == 202
    delivery = Delivery.objects.get(pk=answer.json()["deliveryId"])
    data = json.loads(bytes(delivery.event.body))["data"]
    assert (data["userMessage"], data["name"]) == ("Hi", None)
    assert "email" not in data
    assert delivery.is_test
    assert delivery.simulate == {"badSignature": True}
    path = f"/webhooks/{webhook.pk}/test"
    assert fields_of(check_problem(api.post(path, {"simulate": {"x": 1}}), 400)) == ["simulate"]
    assert fields_of(check_problem(api.post(path, {"data": {"a": "\ud800"}}), 400)) == ["data"]


def test_disabling_and_enabling_hold_and_release(
    api: Api, chatbot: Chatbot, webhook: Webhook
) -> None:
    off = api.post(f"/webhooks/{webhook.pk}/disable", {"reason": "Being rebuilt."}).json()
    assert (off["status"], off["statusReason"], off["held"]) == ("disabled", "Being rebuilt.", 0)
    api.post("/events", {"chatbotId": chatbot.pk, "event": EVENT})
    assert Delivery.objects.get().status == "held"
    on = api.post(f"/webhooks/{webhook.pk}/enable").json()
    assert (on["status"], on["statusReason"], on["released"]) == ("active", "", 1)
    too_long = {"reason": "x" * 301}
    check_problem(api.post(f"/webhooks/{webhook.pk}/disable", too_long), 400)


def test_how_a_webhook_does_is_told_and_may_be_put_back_as_it_was_read(
    api: Api, webhook: Webhook
) -> None:
    health = ("failingSince", "lastSuccessAt", "heldBackUntil", "previousSecretUntil")
    read = api.get(f"/webhooks/{webhook.pk}").json()
    assert [read[name] for name in health] == [None] * 4
    now = timezone.now()
    Webhook.objects.update(
        failing_since=now,
        last_success_at=now - timedelta(hours=1),
        asked_to_wait_until=now + timedelta(minutes=1),
    )
    api.post(f"/webhooks/{webhook.pk}/rotate-secret")
    (shown,) = api.get("/webhooks").json()["results"]
    assert all(shown[name] for name in health)
    assert shown["heldBackUntil"] == iso(now + timedelta(minutes=1))
    assert "asked, with Retry-After, to be left alone until" in shown["statusReason"]
    # It does differently by now.
    put_back = read | {"secretHint": shown["secretHint"], "description": "x"}
    assert api.patch(f"/webhooks/{webhook.pk}", put_back).status_code == 200
    Webhook.objects.update(asked_to_wait_until=now - timedelta(seconds=1))
    breaker.hold(Endpoint, webhook.endpoint_id, "timeout")
    held = api.get(f"/webhooks/{webhook.pk}").json()
    assert held["heldBackUntil"] > iso(now)
    assert held["statusReason"].startswith("Held back until ")
    api.post(f"/webhooks/{webhook.pk}/disable")
    assert api.get(f"/webhooks/{webhook.pk}").json()["heldBackUntil"] is None


def test_a_rotated_secret_is_shown_once_when_made(api: Api, webhook: Webhook) -> None:
    made = api.post(f"/webhooks/{webhook.pk}/rotate-secret").json()
    webhook.refresh_from_db()
    assert made["secret"] == webhook.secret
    assert made["previousSecretUntil"]
    given = api.post(f"/webhooks/{webhook.pk}/rotate-secret", {"secret": "mine, all mine"})
    assert "secret" not in given.json()
    webhook.refresh_from_db()
    assert webhook.secret == "mine, all mine"
    check_problem(api.post(f"/webhooks/{webhook.pk}/rotate-secret", {"secret": ""}), 400)


def test_a_webhook_whose_secret_cannot_be_read_is_shown_and_can_be_mended(
    api: Api, webhook: Webhook
) -> None:
    Webhook.objects.update(encrypted_secret="lost")
    assert "unreadable" in api.get("/webhooks").json()["results"][0]["secretHint"]
    diagnose = {"webhookId": str(webhook.pk), "body": "x", "signature": "y"}
    check_problem(api.post("/signatures/diagnose", diagnose), 400)
    assert api.post(f"/webhooks/{webhook.pk}/rotate-secret").status_code == 200


@pytest.mark.parametrize("wrong", ["0", "-1", "x", "1.0", "9" * 18, "9" * 30, "%00", "١"])
def test_an_id_that_is_none_is_not_there(api: Api, webhook: Webhook, wrong: str) -> None:
    check_problem(api.get(f"/webhooks/{wrong}"), 404)
    check_problem(api.get(f"/deliveries/{wrong}"), 404)


def test_a_key_of_another_account_sees_and_does_nothing(
    api: Api, stranger: Api, chatbot: Chatbot, webhook: Webhook
) -> None:
    delivery = api.post(f"/webhooks/{webhook.pk}/test").json()["deliveryId"]
    event = Event.objects.get().pk
    own = f"/webhooks/{webhook.pk}"
    since = {"since": "2000-01-01"}
    for answer in (
        stranger.get(own),
        stranger.patch(own, {"description": "x"}),
        stranger.delete(own),
        stranger.post(f"{own}/test"),
        stranger.post(f"{own}/enable"),
        stranger.post(f"{own}/disable"),
        stranger.post(f"{own}/rotate-secret"),
        stranger.post(f"{own}/recover", since),
        stranger.get(f"/deliveries/{delivery}"),
        stranger.post(f"/deliveries/{delivery}/resend"),
        stranger.get(f"/events/{event}"),
        stranger.post("/webhooks", {"chatbotId": chatbot.pk, "url": URL, "event": EVENT}),
        stranger.post("/events", {"chatbotId": chatbot.pk, "event": EVENT}),
        stranger.post("/events/batch", {"chatbotId": chatbot.pk, "events": [{"event": EVENT}]}),
        stranger.post(
            "/signatures/diagnose",
            {"webhookId": str(webhook.pk), "body": "x", "signature": "y"},
        ),
    ):
        check_problem(answer, 404)
    empty: dict[str, Any] = {"results": [], "next": None}
    for path in (
        "/webhooks",
        f"/webhooks?chatbotId={chatbot.pk}",
        "/deliveries",
        f"/deliveries?webhookId={webhook.pk}",
        f"/deliveries?eventId={event}",
        "/events",
        f"/events?chatbotId={chatbot.pk}",
    ):
        assert stranger.get(path).json() == empty
    webhook.refresh_from_db()
    assert (webhook.status, webhook.description, webhook.secret) == ("active", "", "s3cret-s3cret")


def test_one_webhook_too_many_is_told_by_its_code(
    api: Api, chatbot: Chatbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "MOST_PER_CHATBOT", 1)
    one = {"chatbotId": chatbot.pk, "url": URL, "event": EVENT}
    assert api.post("/webhooks", one).status_code == 201
    problem = check_problem(api.post("/webhooks", one | {"url": f"{URL}/other"}), 400)
    assert problem["code"] == "too_many_webhooks"
    assert "has 1 webhook; a chatbot can have 1 at most" in problem["detail"]


def test_a_change_offers_what_can_be_changed(api: Api, webhook: Webhook) -> None:
    problem = check_problem(api.patch(f"/webhooks/{webhook.pk}", {"colour": "red"}), 400)
    offered = problem["detail"].partition("There are: ")[2]
    assert "rateLimit" in offered
    for name in ("id", "status", "failingSince", "lastSuccessAt", "heldBackUntil"):
        assert name not in offered.rstrip(".").split(", ")
    problem = check_problem(api.patch(f"/webhooks/{webhook.pk}", {"rateLimit": 0}), 400)
    assert "null, an empty field, is none" in problem["detail"]
