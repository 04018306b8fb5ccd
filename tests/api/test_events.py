from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from chatbots import jsonbytes
from chatbots.models import Account, Chatbot, Event, Plan
from tests.api.conftest import EVENT, URL, Api, check_problem, fields_of
from webhooks import subscriptions
from webhooks.models import Delivery, Webhook


@pytest.fixture
def sandbox(settings: Any) -> None:
    settings.SANDBOX = True


def test_an_event_is_made_and_sent(api: Api, chatbot: Chatbot, webhook: Webhook) -> None:
    answer = api.post(
        "/events",
        {
            "chatbotId": chatbot.pk,
            "event": EVENT,
            "data": {"userMessage": "Zoë 🎉 \u2028", "name": None, "extra": {"a": [1, 0.5]}},
            "unset": ["email"],
            "timestamp": "2023-10-15T16:30:00.5+02:00",
        },
    )
    assert answer.status_code == 202
    made = answer.json()
    event = Event.objects.get(pk=made["id"])
    delivery = Delivery.objects.get()
    assert made["deliveries"] == [
        {"id": str(delivery.pk), "webhookId": str(webhook.pk), "url": URL}
    ]
    assert made["reason"] == ""
    assert made["event"] == EVENT
    assert made["timestamp"] == "2023-10-15T14:30:00.500Z"
    payload = made["payload"]
    assert payload["timestamp"] == "2023-10-15T14:30:00.500Z"
    assert payload["data"]["userMessage"] == "Zoë 🎉 \u2028"
    assert payload["data"]["name"] is None
    assert "email" not in payload["data"]
    assert list(payload["data"])[-1] == "extra"
    assert bytes(event.body) in answer.content


def test_few_statements_make_an_event(api: Api, chatbot: Chatbot, webhook: Webhook) -> None:
    body = {"chatbotId": chatbot.pk, "event": EVENT}
    api.post("/events", body)
    with CaptureQueriesContext(connection) as asked:
        assert api.post("/events", body).status_code == 202
    statements = [query["sql"].split()[0] for query in asked.captured_queries]
    # The event, if its key and chatbot hold; its deliveries, and what they are.
    expected = {
        "postgresql": ["WITH"],
        "sqlite": ["SELECT", "SELECT", "INSERT", "INSERT", "SELECT"],
    }
    found = [word for word in statements if word in {"SELECT", "INSERT", "WITH"}]
    assert found == expected[connection.vendor]


def test_the_key_may_come_in_the_body_as_in_wonderchats_api(
    api: Api, chatbot: Chatbot, webhook: Webhook
) -> None:
    body = {"apiKey": api.key, "chatbotId": chatbot.pk, "event": EVENT}
    answer = Client().post("/api/v1/events", body, content_type="application/json")
    assert answer.status_code == 202


def test_without_a_webhook_the_reason_says_so(api: Api, chatbot: Chatbot) -> None:
    made = api.post("/events", {"chatbotId": chatbot.pk, "event": EVENT}).json()
    assert made["deliveries"] == []
    assert "No webhook of this chatbot" in made["reason"]


def test_a_disabled_webhook_is_listed_and_the_reason_says_it_waits(
    api: Api, chatbot: Chatbot, webhook: Webhook
) -> None:
    subscriptions.disable(webhook, "x")
    made = api.post("/events", {"chatbotId": chatbot.pk, "event": EVENT}).json()
    assert len(made["deliveries"]) == 1
    assert "waits" in made["reason"]


def test_a_plan_without_webhooks_still_has_events(
    api: Api, account: Account, chatbot: Chatbot, webhook: Webhook
) -> None:
    account.plan = Plan.FREE
    account.save()
    answer = api.post("/events", {"chatbotId": chatbot.pk, "event": EVENT})
    assert answer.status_code == 202
    assert answer.json()["deliveries"] == []
    assert "Basic plans and above" in answer.json()["reason"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"event": "NOPE"}, "event"),
        ({"event": None}, "event"),
        ({"event": "\ud800"}, "event"),
        ({"chatbotId": 5}, "chatbotId"),
        ({"data": []}, "data"),
        ({"data": {"a": 2**53 + 1}}, "data.a"),
        ({"data": {"name": "\ud83c"}}, "data.name"),
        ({"data": {"0": 1}}, "data"),
        ({"unset": "email"}, "unset"),
        ({"unset": [1]}, "unset"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"timestamp": 5}, "timestamp"),
        ({"timestamp": "0001-01-01T00:00:00+10:00"}, "timestamp"),
        ({"simulate": {"copies": 3}}, "simulate"),
        ({"simulate": 3}, "simulate"),
        ({"evnt": EVENT}, "evnt"),
    ],
)
def test_a_wrong_field_is_named(
    api: Api, chatbot: Chatbot, changes: dict[str, Any], field: str
) -> None:
    body = {"chatbotId": chatbot.pk, "event": EVENT, **changes}
    problem = check_problem(api.post("/events", body), 400)
    assert fields_of(problem) == [field]
    assert not Event.objects.exists()


def test_an_unknown_event_is_answered_with_the_three_and_the_way_out(
    api: Api, chatbot: Chatbot
) -> None:
    problem = check_problem(api.post("/events", {"chatbotId": chatbot.pk, "event": "X"}), 400)
    for word in ("LIVE_CHAT_INITIATED", "USER_MESSAGE_SENT", "HUMAN_HANDOVER", "unknownEvent"):
        assert word in problem["errors"][0]["message"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'"x"',
        b"{",
        b"\xff",
        b'{"a":1,"a":2}',
        b'{"a":NaN}',
        b'{"a":1e999}',
        b"[" * 100_000,
        b"\xef\xbb\xbf{}",
    ],
)
def test_a_body_that_is_no_object_is_refused_in_words(api: Api, db: None, body: bytes) -> None:
    check_problem(api.post("/events", body), 400)


def test_another_accounts_chatbot_is_not_there(stranger: Api, chatbot: Chatbot) -> None:
    check_problem(stranger.post("/events", {"chatbotId": chatbot.pk, "event": EVENT}), 404)
    check_problem(stranger.post("/events", {"chatbotId": "nope", "event": EVENT}), 404)
    check_problem(stranger.post("/events", {"chatbotId": "", "event": EVENT}), 404)
    check_problem(stranger.post("/events", {"chatbotId": "\x01", "event": EVENT}), 404)
    assert not Event.objects.exists()


@pytest.mark.usefixtures("sandbox")
def test_a_simulation_makes_copies_with_an_unknown_name(
    api: Api, chatbot: Chatbot, webhook: Webhook
) -> None:
    made = api.post(
        "/events",
        {
            "chatbotId": chatbot.pk,
            "event": EVENT,
            "simulate": {"copies": 3, "unknownEvent": True, "timestampSkewSeconds": -600},
        },
    ).json()
    assert len(made["deliveries"]) == 3
    assert made["event"] == EVENT
    assert made["payload"]["event"] not in {"USER_MESSAGE_SENT", ""}
    asked = {"copies": 3, "unknownEvent": True, "timestampSkewSeconds": -600}
    assert Delivery.objects.filter(simulate=asked).count() == 3


def test_a_batch_is_made_together(api: Api, chatbot: Chatbot, webhook: Webhook) -> None:
    answer = api.post(
        "/events/batch",
        {
            "chatbotId": chatbot.pk,
            "events": [{"event": EVENT, "data": {"n": n}} for n in range(500)],
        },
    )
    assert answer.status_code == 202
    made = answer.json()
    assert made["deliveries"] == 500
    assert len(set(made["ids"])) == 500
    assert json.loads(bytes(Event.objects.get(pk=made["ids"][7]).body))["data"]["n"] == 7


def test_a_batch_with_a_mistake_makes_nothing_and_names_each(
    api: Api, chatbot: Chatbot, webhook: Webhook
) -> None:
    problem = check_problem(
        api.post(
            "/events/batch",
            {
                "chatbotId": chatbot.pk,
                "events": [
                    {"event": EVENT},
                    {"event": "X"},
                    5,
                    {"event": EVENT, "data": {"a": 1e17 + 0.0, "b": "\ud800"}},
                ],
            },
        ),
        400,
    )
    assert fields_of(problem) == ["events[1].event", "events[2]", "events[3].data.b"]
    assert not Event.objects.exists()


@pytest.mark.parametrize("events", [[], [{"event": EVENT}] * 501, "x", None])
def test_a_batch_of_the_wrong_size_is_refused(api: Api, chatbot: Chatbot, events: Any) -> None:
    problem = check_problem(
        api.post("/events/batch", {"chatbotId": chatbot.pk, "events": events}), 400
    )
    assert fields_of(problem) == ["events"]


def test_the_body_has_a_limit_and_a_batch_a_larger_one(
    api: Api, chatbot: Chatbot, webhook: Webhook
) -> None:
    large = {"event": EVENT, "data": {"userMessage": "x" * 200 * 1024}}
    assert api.post("/events", {"chatbotId": chatbot.pk, **large}).status_code == 202
    batch = {"chatbotId": chatbot.pk, "events": [large] * 2}
    assert api.post("/events/batch", batch).status_code == 202
    batch["events"] = [large] * 21
    check_problem(api.post("/events/batch", batch), 413)


@pytest.mark.parametrize(
    "data",
    [
        {"userMessage": "x" * 256 * 1024},
        {"more": [10.0**20] * 20_000},  # 21 digits each, written in five bytes.
    ],
    ids=["long", "longer than it was written"],
)
def test_an_events_size_has_one_limit_each_way_in(
    api: Api, chatbot: Chatbot, webhook: Webhook, data: dict[str, Any]
) -> None:
    large = {"event": EVENT, "data": data}
    check_problem(api.post("/events", {"chatbotId": chatbot.pk, **large}), 413)
    batch = {"chatbotId": chatbot.pk, "events": [{"event": EVENT}, large]}
    problem = check_problem(api.post("/events/batch", batch), 413)
    assert fields_of(problem) == ["events[1]"]
    assert "256 KiB" in problem["detail"]
    check_problem(api.post(f"/webhooks/{webhook.pk}/test", {"data": data}), 413)
    assert not Event.objects.exists()


def test_events_are_listed_newest_first_and_narrowed(
    api: Api, stranger: Api, account: Account, chatbot: Chatbot, webhook: Webhook
) -> None:
    other = Chatbot.objects.create(account=account, name="Second")
    ids = []
    for bot, event, chatlog in (
        (chatbot, EVENT, "log1"),
        (chatbot, "HUMAN_HANDOVER", "log2"),
        (other, EVENT, "log2"),
    ):
        body = {"chatbotId": bot.pk, "event": event, "data": {"chatlogId": chatlog}}
        ids.append(api.post("/events", body).json()["id"])

    def listed(query: str) -> list[str]:
        answer = api.get(f"/events{query}")
        assert answer.status_code == 200
        assert answer.json()["next"] is None
        return [row["id"] for row in answer.json()["results"]]

    assert sorted(listed("")) == sorted(ids)
    assert sorted(listed(f"?chatbotId={chatbot.pk}")) == sorted(ids[:2])
    assert listed("?event=HUMAN_HANDOVER") == [ids[1]]
    assert sorted(listed("?chatlogId=log2")) == sorted(ids[1:])
    assert listed("?since=2100-01-01T00:00:00Z") == []
    assert listed("?until=2000-01-01T00:00:00%2B02:00") == []
    assert len(listed("?since=2000-01-01T00:00:00+02:00&until=2100-01-01")) == 3
    check_problem(api.get("/events?chatlogId=%00"), 400)
    check_problem(api.get("/events?since=soon"), 400)
    check_problem(api.get("/events?event=NOPE"), 400)
    assert stranger.get("/events").json() == {"results": [], "next": None}


def test_pages_follow_each_other_without_gap_or_repeat(
    api: Api, chatbot: Chatbot, webhook: Webhook
) -> None:
    batch = {"chatbotId": chatbot.pk, "events": [{"event": EVENT}] * 7}
    ids = api.post("/events/batch", batch).json()["ids"]
    for path in ("/events", "/deliveries"):
        seen: list[str] = []
        address: str | None = f"{path}?limit=3&since=2000-01-01"
        while address:
            page = api.get(address).json()
            api.post("/events", {"chatbotId": chatbot.pk, "event": EVENT})
            seen += [row["id"] for row in page["results"]]
            address = page["next"]
            assert address is None or address.startswith("http://testserver/api/v1/")
        assert len(seen) == len(set(seen)) >= 7
        assert path != "/events" or set(ids) <= set(seen)
    for query in ("?limit=0", "?limit=x", "?limit=201", "?cursor=!", "?cursor=eHh4AA"):
        check_problem(api.get(f"/deliveries{query}"), 400)


def test_one_event_has_its_payload_and_deliveries(
    api: Api, stranger: Api, chatbot: Chatbot, webhook: Webhook
) -> None:
    made = api.post("/events", {"chatbotId": chatbot.pk, "event": EVENT, "data": {"x": 1e21}})
    shown = api.get(f"/events/{made.json()['id']}")
    assert shown.json()["payload"] == made.json()["payload"]
    assert shown.json()["source"] == "api"
    assert shown.json()["deliveries"][0]["status"] == "pending"
    assert b'"x":1e+21' in shown.content
    check_problem(stranger.get(f"/events/{made.json()['id']}"), 404)
    for wrong in ("nope", "%00", "x" * 300, "%FF"):
        check_problem(api.get(f"/events/{wrong}"), 404)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=[])),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=[])), inner)
    ),
    max_leaves=12,
)


@given(
    event=st.sampled_from([EVENT, "HUMAN_HANDOVER", "LIVE_CHAT_INITIATED"]) | json_values,
    data=st.dictionaries(st.sampled_from(["email", "name", "chatlogId", "extra", "0"]), json_values)
    | json_values,
    unset=st.lists(st.sampled_from(["email", "chatlogId", "nope"])) | json_values,
    timestamp=st.none() | st.datetimes().map(lambda moment: moment.isoformat()) | json_values,
)
@hypothesis_settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_is_posted_is_refused_or_sent_as_javascript_would_give_it_back(
    api: Api, chatbot: Chatbot, webhook: Webhook, event: Any, data: Any, unset: Any, timestamp: Any
) -> None:
    body = {"chatbotId": chatbot.pk, "event": event, "data": data, "unset": unset}
    if timestamp is not None:
        body["timestamp"] = timestamp
    answer = api.post("/events", body)
    if answer.status_code != 202:
        check_problem(answer, 400)
        return
    stored = bytes(Event.objects.get(pk=answer.json()["id"]).body)
    assert jsonbytes.encode(jsonbytes.decode(stored)) == stored
    assert stored in answer.content
    assert len(answer.json()["deliveries"]) in {0, 1}


@given(body=st.binary(max_size=60))
@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_bytes_make_a_server_error(api: Api, db: None, body: bytes) -> None:
    for path in ("/events", "/events/batch", "/webhooks", "/signatures/diagnose"):
        assert api.post(path, body).status_code == 400


def test_a_batch_without_a_good_key_is_not_parsed(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parsed(data: bytes) -> Any:
        raise AssertionError("It was parsed.")

    monkeypatch.setattr(jsonbytes, "decode", parsed)
    large = b'{"events": [' + b'"a", ' * 100_000 + b'"b"], "apiKey": %s}'
    for key in (b'"wc_nobodys"', b"null", b"1", b'{"a": 1}'):
        answer = Client().post("/api/v1/events/batch", large % key, content_type="application/json")
        assert answer.status_code == 401, key
    nothing = Client().post("/api/v1/events/batch", b"[1]", content_type="application/json")
    assert nothing.status_code == 401


def test_a_key_in_a_batchs_body_is_found_wherever_it_stands(api_key: str, chatbot: Chatbot) -> None:
    for body in (
        {"apiKey": api_key, "chatbotId": chatbot.pk, "events": [{"event": "HUMAN_HANDOVER"}]},
        {"chatbotId": chatbot.pk, "events": [{"event": "HUMAN_HANDOVER"}], "apiKey": api_key},
    ):
        answer = Client().post("/api/v1/events/batch", body, content_type="application/json")
        assert answer.status_code == 202


def test_one_mistake_of_a_batch_is_one(api: Api, chatbot: Chatbot) -> None:
    asked = {"chatbotId": chatbot.pk, "events": [{"event": "NOPE"}]}
    problem = check_problem(api.post("/events/batch", asked), 400)
    assert problem["detail"].startswith("1 mistake; no event was made.")
