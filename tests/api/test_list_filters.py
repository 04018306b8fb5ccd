"""Every parameter of every list: what it lets through, and what is no parameter at all."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chatbots import cuid
from chatbots.models import Chatbot, Event
from tests.api.conftest import EVENT, Api, check_problem, fields_of
from tests.webhooks.due import add_due, add_webhook
from tests.webhooks.plans import assert_no_history_is_read
from webhooks.api import filters, newest
from webhooks.models import Attempt, Delivery, Webhook

pytestmark = pytest.mark.django_db
LISTS = {
    "/deliveries": filters.DELIVERIES,
    "/events": filters.EVENTS,
    "/webhooks": filters.WEBHOOKS,
    "/webhooks/{webhook}/recoveries": filters.RECOVERIES,
}
FEW = "Seq Scan on (webhooks_webhook|webhooks_endpoint|chatbots_chatbot|chatbots_account)"
WITH_PARAMETERS = [(path, row.name) for path, table in LISTS.items() for row in table]


def attempt(delivery: Delivery, number: int, status: int | None, error_kind: str = "") -> Attempt:
    return Attempt(
        delivery=delivery,
        number=number,
        started_at=timezone.now(),
        duration_ms=5,
        status_code=status,
        error_kind=error_kind,
        url="https://hooks.example.com/",
        request_head=b"",
        response_head=b"",
        response_body=b"",
    )


@pytest.fixture
def log(chatbot: Chatbot) -> list[Delivery]:
    """Two chatbots' deliveries to five webhooks, of every sort, in no order."""
    chance = random.Random(5)
    other = Chatbot.objects.create(account=chatbot.account, name="Other")
    webhooks = [add_webhook(chatbot, f"https://h.example/{n}") for n in range(4)]
    webhooks.append(add_webhook(other))
    events = [
        Event(
            id=cuid.cuid(),
            chatbot=chance.choice([chatbot, chatbot, other]),
            type=chance.choice([EVENT, EVENT, "HUMAN_HANDOVER"]),
            chatlog_id=chance.choice(["one", "two", ""]),
            occurred_at=timezone.now(),
            body=b"{}",
        )
        for _ in range(60)
    ]
    Event.objects.bulk_create(events)
    start = datetime(2024, 5, 1, tzinfo=UTC)
    for number in range(120):
        event = chance.choice(events)
        webhook = chance.choice([w for w in webhooks if w.chatbot_id == event.chatbot_id])
        delivery = Delivery.objects.create(
            event=event,
            webhook=webhook,
            account=webhook.account,
            due_at=start,
            status=chance.choice(["succeeded", "succeeded", "failed", "held", "pending"]),
            is_test=chance.random() < 0.2,
        )
        Delivery.objects.filter(pk=delivery.pk).update(created_at=start + timedelta(minutes=number))
        ends = [chance.choice([(200, ""), (401, "http_status"), (None, "dns")]) for _ in range(2)]
        Attempt.objects.bulk_create(
            attempt(delivery, n + 1, *end) for n, end in enumerate(ends[: chance.randrange(3)])
        )
    rows = Delivery.objects.select_related("event").prefetch_related("attempt_rows")
    return list(rows.order_by("-pk"))


def last_of(delivery: Delivery) -> Attempt | None:
    return max(delivery.attempt_rows.all(), key=lambda row: row.number, default=None)


LETS_THROUGH: Mapping[str, Callable[[Delivery, Any], bool]] = {
    "webhookId": lambda row, value: str(row.webhook_id) == value,
    "eventId": lambda row, value: row.event_id == value,
    "chatbotId": lambda row, value: row.event.chatbot_id == value,
    "chatlogId": lambda row, value: row.event.chatlog_id == value,
    "event": lambda row, value: row.event.type == value,
    "status": lambda row, value: row.status == value,
    "statusCode": lambda row, value: (
        (last := last_of(row)) is not None and last.status_code == int(value)
    ),
    "errorKind": lambda row, value: (last := last_of(row)) is not None and last.error_kind == value,
    "isTest": lambda row, value: row.is_test == (value == "true"),
    "since": lambda row, value: row.created_at >= datetime.fromisoformat(value),
    "until": lambda row, value: row.created_at < datetime.fromisoformat(value),
}


def pages(api: Api, path: str) -> list[list[str]]:
    found, following = [], path
    while following:
        page = api.get(following).json()
        found.append([row["id"] for row in page["results"]])
        following = page["next"]
    return found


def values_of(log: list[Delivery]) -> dict[str, list[str]]:
    """Some values of each parameter, by name: of rows that are there, and of none."""
    newest_row, middle = log[0], log[60]
    return {
        "webhookId": [str(newest_row.webhook_id), str(middle.webhook_id), "9" * 18],
        "eventId": [newest_row.event_id, middle.event_id, "clm1234567890abcdef"],
        "chatbotId": [newest_row.event.chatbot_id, middle.event.chatbot_id, "clm1234567890abcdef"],
        "chatlogId": ["one", "two", "nothing"],
        "event": [EVENT, "HUMAN_HANDOVER", "LIVE_CHAT_INITIATED"],
        "status": ["succeeded", "failed", "held", "cancelled"],
        "statusCode": ["200", "401", "999"],
        "errorKind": ["http_status", "dns", "tls"],
        "isTest": ["true", "false"],
        "since": [middle.created_at.isoformat(), "2124-01-01T00:00:00+00:00"],
        "until": [middle.created_at.isoformat(), "9999-12-31T23:59:59+00:00"],
    }


@pytest.mark.thorough
@pytest.mark.parametrize("small", [False, True], ids=["one stretch", "many stretches"])
def test_each_filter_and_each_pair_lets_through_what_it_says(
    api: Api, log: list[Delivery], monkeypatch: pytest.MonkeyPatch, small: bool
) -> None:
    if small:
        monkeypatch.setattr(newest, "STRETCH", 30)
        monkeypatch.setattr(newest, "LANES", 3)
    assert set(LETS_THROUGH) == {row.name for row in filters.DELIVERIES}
    values = values_of(log)
    asked = [((name, value),) for name, texts in values.items() for value in texts]
    pairs = list(itertools.combinations([one for (one,) in asked], 2))
    for query in asked + random.Random(1).sample(pairs, 6 if small else 30):
        names = [name for name, _ in query]
        if len(set(names)) < len(names):
            continue
        wanted = [
            str(row.pk) for row in log if all(LETS_THROUGH[name](row, v) for name, v in query)
        ]
        got = pages(api, f"/deliveries?{urlencode([*query, ('limit', '40')])}")
        assert [*itertools.chain(*got)] == wanted, query
        assert all(len(page) == 40 for page in got[:-1]) or small, query


def test_events_are_walked_in_the_same_way(
    api: Api, log: list[Delivery], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newest, "STRETCH", 5)
    for query, wanted in {
        "chatlogId=one": Event.objects.filter(chatlog_id="one"),
        "event=HUMAN_HANDOVER": Event.objects.filter(type="HUMAN_HANDOVER"),
        "until=9999-12-31": Event.objects.all(),
        "since=9999-12-31": Event.objects.none(),
        f"chatbotId={log[0].event.chatbot_id}": log[0].event.chatbot.events.all(),
    }.items():
        got = pages(api, f"/events?{query}&limit=3")
        assert [*itertools.chain(*got)] == list(
            wanted.order_by("-pk").values_list("pk", flat=True)
        ), query


def test_nothing_of_another_account_is_in_any_list(stranger: Api, log: list[Delivery]) -> None:
    for name, texts in values_of(log).items():
        for value in texts:
            answer = stranger.get(f"/deliveries?{urlencode({name: value})}")
            assert answer.json() == {"results": [], "next": None}


@pytest.mark.parametrize("path", LISTS)
def test_a_parameter_that_a_list_does_not_have_is_an_error(
    api: Api, webhook: Webhook, path: str
) -> None:
    for name in ("chatlogid", "webhookid", "x", "Limit", "page", "format", "é", "\0", ""):
        query = urlencode({name: "1"})
        problem = check_problem(api.get(f"{path.format(webhook=webhook.pk)}?{query}"), 400)
        assert problem["code"] == "unknown_parameter"
        assert fields_of(problem) == [name]


def test_a_mistyped_parameter_is_told_its_right_name(api: Api) -> None:
    problem = check_problem(api.get("/deliveries?webhookid=1"), 400)
    assert "Did you mean webhookId?" in problem["detail"]


def test_a_parameter_twice_or_without_a_value_is_an_error(api: Api) -> None:
    for path, name in WITH_PARAMETERS:
        for query in (f"{name}=1&{name}=1", f"{name}=", f"{name}"):
            problem = check_problem(api.get(f"{path}?{query}"), 400)
            assert fields_of(problem) == [name]
            assert problem["code"] == "invalid_parameter"


def test_a_value_that_no_row_can_have_is_an_error(api: Api) -> None:
    for name, values in {
        "statusCode": ["4xx", "99", "-401", "²", "1000"],
        "errorKind": ["DNS", "lost"],
        "isTest": ["1", "True"],
        "status": ["Failed"],
        "event": ["user_message_sent"],
        "since": ["yesterday", "2024-13-01"],
        "until": ["1"],
        "eventId": ["USER_MESSAGE_SENT", "nothing", "7", "CLM1234567890ABCDEF"],
        "webhookId": ["abc", "²", "-1", "1.5", "0", "9" * 19, "1e3", "٣"],
        "chatbotId": ["nothing", "7", "CLM1234567890ABCDEF", "c", "c\0abcdefghi", "é" * 25],
        "chatlogId": ["x" * 65, "a\0b"],
        "limit": ["0", "x", "201"],
        "cursor": ["%"],
    }.items():
        for value in values:
            problem = check_problem(api.get(f"/deliveries?{urlencode({name: value})}"), 400)
            assert fields_of(problem) == [name]
            assert problem["code"] == "invalid_parameter"


def test_what_an_event_is_kept_with_is_what_it_is_found_by(api: Api, chatbot: Chatbot) -> None:
    """Whoever posts an event names its conversation as they like."""
    for chatlog_id in ("chat-é", "日本 🎉", "-", "a b+c&d", "x" * 64):
        made = api.post(
            "/events", {"chatbotId": chatbot.pk, "event": EVENT, "data": {"chatlogId": chatlog_id}}
        ).json()
        for path in ("/events", "/deliveries"):
            answer = api.get(f"{path}?{urlencode({'chatlogId': chatlog_id})}")
            assert answer.status_code == 200
            found = [row["id"] for row in answer.json()["results"]]
            assert found == ([made["id"]] if path == "/events" else []), chatlog_id


OF_NO_MOMENT = "must be a moment from 1970 to 9999, in UTC."
NOT_ISO = "must be a moment in ISO 8601, such as 2023-10-15T14:30:00.000Z."


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("0001-01-01T00:00:00Z", OF_NO_MOMENT),
        ("0001-01-01T00:00:00+14:00", OF_NO_MOMENT),
        ("1969-12-31T23:59:59.999Z", OF_NO_MOMENT),
        ("1970-01-01T00:30:00+01:00", OF_NO_MOMENT),
        ("9999-12-31T23:59:59-14:00", OF_NO_MOMENT),
        ("2023-02-29", NOT_ISO),
        ("1700000000", NOT_ISO),
        ("٢٠٢٤-01-01", NOT_ISO),
        ("now", NOT_ISO),
        ("1970-01-01", ""),
        ("2024-02-29T23:59:59.9-12:00", ""),
        ("2024-05-01t00:00:00z", ""),
        ("9999-12-31T23:59:59.999Z", ""),
    ],
)
def test_a_moment_that_is_refused_is_told_why(api: Api, moment: str, said: str) -> None:
    for path in ("/events", "/deliveries"):
        answer = api.get(f"{path}?{urlencode({'until': moment})}")
        if not said:
            assert answer.status_code == 200
            continue
        assert check_problem(answer, 400)["errors"] == [{"field": "until", "message": said}]


def test_a_window_that_ends_before_it_begins_is_an_error(api: Api) -> None:
    problem = check_problem(api.get("/deliveries?since=2024-05-02&until=2024-05-01"), 400)
    assert fields_of(problem) == ["until"]
    assert problem["code"] == "invalid_parameter"
    # Who asks for what came since the last look may look twice in one moment.
    assert api.get("/deliveries?since=2024-05-01&until=2024-05-01").status_code == 200


def test_a_value_that_no_row_can_have_is_an_error_in_each_list(api: Api) -> None:
    for path in ("/events", "/webhooks", "/deliveries"):
        problem = check_problem(api.get(f"{path}?chatbotId=nothing"), 400)
        assert problem["errors"] == [
            {
                "field": "chatbotId",
                "message": "must be the id of a chatbot: c, then small letters and digits.",
            }
        ]


def test_a_type_where_an_events_id_belongs_is_told_the_right_parameter(api: Api) -> None:
    problem = check_problem(api.get("/deliveries?eventId=HUMAN_HANDOVER"), 400)
    assert "Did you mean event=HUMAN_HANDOVER?" in problem["detail"]


@pytest.mark.thorough
def test_no_value_is_our_fault(api: Api) -> None:
    for path, name in WITH_PARAMETERS:
        for value in ("\0", "'", "%", "9" * 30, "\ud800", "é" * 70, " ", "9999-12-31T23:59-14:00"):
            query = urlencode({name: value.encode("utf-8", "surrogatepass")})
            assert api.get(f"{path}?{query}").status_code in {200, 400}


def test_the_next_page_keeps_the_filters(api: Api, log: list[Delivery]) -> None:
    following = api.get("/deliveries?status=succeeded&isTest=false&limit=2").json()["next"]
    assert "status=succeeded" in following
    assert "isTest=false" in following
    assert "limit=2" in following


def test_what_no_index_finds_costs_a_bounded_stretch_of_the_log(
    api: Api, chatbot: Chatbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page ends after STRETCHES, with a `next` to go on from; nothing is missed."""
    monkeypatch.setattr(newest, "STRETCH", 50)
    webhook = add_webhook(chatbot)
    ids = add_due(webhook, 600, status="succeeded")
    Delivery.objects.filter(pk=ids[0]).update(status="failed")
    got = pages(api, "/deliveries?status=failed")
    # The last stretch ends at the very first row: that nothing lies below it, one more look says.
    assert 0 <= len(got) - 600 / (50 * newest.STRETCHES) <= 1
    assert [*itertools.chain(*got)] == [str(ids[0])]


def test_a_window_of_the_past_is_found_without_walking_to_it(
    api: Api, chatbot: Chatbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newest, "STRETCH", 120)
    webhook = add_webhook(chatbot)
    ids = add_due(webhook, 3000, status="succeeded")
    start = datetime(2024, 5, 1, tzinfo=UTC)
    for day, first in enumerate(range(0, 3000, 100)):
        made = Delivery.objects.filter(pk__in=ids[first : first + 100])
        made.update(created_at=start + timedelta(days=day))
    [found] = pages(api, "/deliveries?since=2024-05-04&until=2024-05-05&status=succeeded&limit=200")
    assert found == [str(pk) for pk in reversed(ids[300:400])]


@pytest.mark.thorough
def test_no_filter_reads_the_whole_log(
    api: Api, chatbot: Chatbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("holds on PostgreSQL; the plans of SQLite are others")
    other = Chatbot.objects.create(account=chatbot.account, name="Busy")
    quiet, busy = add_webhook(chatbot), add_webhook(other)
    busy_ids = add_due(busy, 20_000, status="succeeded")
    Attempt.objects.bulk_create(
        attempt(Delivery(pk=pk), number, 200) for pk in busy_ids[::4] for number in (1, 2)
    )
    Event.objects.bulk_create(
        Event(chatbot=other, type=EVENT, occurred_at=timezone.now(), body=b"{}")
        for _ in range(5000)
    )
    of = Delivery.objects.get(pk=add_due(quiet, status="succeeded")[0])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    monkeypatch.setattr(newest, "STRETCH", 100)
    for name, value in {
        "webhookId": str(quiet.pk),
        "chatbotId": chatbot.pk,
        "eventId": of.event_id,
        "chatlogId": "nothing",
        "event": "HUMAN_HANDOVER",
        "status": "failed",
        "statusCode": "401",
        "errorKind": "dns",
        "isTest": "true",
        "since": "2020-01-01",
        "until": "2020-01-01",
        "limit": "5",
    }.items():
        with CaptureQueriesContext(connection) as queries:
            assert api.get(f"/deliveries?{urlencode({name: value})}").status_code == 200
        for query in queries:
            if "webhooks_delivery" not in query["sql"] or " WHERE " not in query["sql"]:
                continue  # The oldest and the newest of all, say: one row each.
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN " + query["sql"])
                lines = [row[0] for row in cursor.fetchall()]
            # Of accounts, chatbots and webhooks there are few here.
            plan = "\n".join(line for line in lines if not re.search(FEW, line))
            assert_no_history_is_read(plan, tables="webhooks_delivery|webhooks_attempt")
