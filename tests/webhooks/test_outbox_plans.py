"""Recording an event reads what it is about, however many chatbots, keys and webhooks there are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chatbots import events, prepared
from chatbots.models import Account, ApiKey, Chatbot, EventSource
from chatbots.standing import Standing
from tests.webhooks.due import EVENT, add_due, add_event, add_webhook
from tests.webhooks.plans import assert_no_history_is_read
from webhooks import outbox
from webhooks.models import Webhook
from webhooks.outbox import Outgoing

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]
MANY = 5000
# All that is read to record an event.
TABLES = "webhooks_webhook|chatbots_chatbot|chatbots_account|chatbots_apikey"
PREPARED = """
SELECT name, cardinality(parameter_types) FROM pg_prepared_statements
WHERE statement LIKE %s ORDER BY prepare_time DESC LIMIT 1
"""


@pytest.fixture(params=[True, False], ids=["analysed", "not analysed"])
def many_others(request: pytest.FixtureRequest, chatbot: Chatbot) -> None:
    """Other accounts, each with a chatbot, a key and a webhook of the same event; and history."""
    webhook = add_webhook(chatbot)
    add_due(webhook, MANY, status="succeeded", finished_at=timezone.now())
    accounts = Account.objects.bulk_create(
        [Account(name=f"Account {number}", plan=chatbot.account.plan) for number in range(MANY)]
    )
    chatbots = Chatbot.objects.bulk_create(
        [Chatbot(account=account, name="Support") for account in accounts]
    )
    ApiKey.objects.bulk_create(
        [ApiKey(account=account, prefix="wc_", hash=str(account.pk)) for account in accounts]
    )
    Webhook.objects.bulk_create(
        [
            Webhook(
                chatbot=other,
                endpoint_id=webhook.endpoint_id,
                url=webhook.url,
                event=EVENT,
                encrypted_secret=webhook.encrypted_secret,
            )
            for other in chatbots
        ]
    )
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("RESET ALL")  # The engine of an earlier test plans in its own way.
        if request.param:
            cursor.execute("ANALYZE")


def record(chatbot: Chatbot, simulate: dict[str, Any] | None = None) -> None:
    """As the REST API does."""
    data = events.lay_over(EVENT, chatbot, {})
    event = events.build(chatbot, EVENT, data, source=EventSource.API)
    standing = Standing(ApiKey.issue(chatbot.account)[0], chatbot)
    [sent] = outbox.record([(standing, [Outgoing(event, simulate)])])
    assert sent is not None
    assert len(sent) == 1


def explained(sql: str, parameters: Sequence[Any]) -> list[str]:
    """The plans of a statement: for these parameters, and for whatever it is given."""
    plans = [prepared.run("EXPLAIN " + sql, parameters)]
    with connection.cursor() as cursor:
        cursor.execute("DISCARD PLANS")
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        # Its text there has other marks for its parameters.
        cursor.execute(PREPARED, [re.sub(r"%b", "%", sql)])
        [(name, values)] = cursor.fetchall()
        nothing = ", ".join(["NULL"] * values)
        cursor.execute(f'EXPLAIN EXECUTE "{name}" ({nothing})')
        plans.append(cursor.fetchall())
    return ["\n".join(row[0] for row in plan) for plan in plans]


@pytest.mark.parametrize("simulate", [None, {"badSignature": True}])
def test_recording_an_event_reads_no_others_rows(
    chatbot: Chatbot,
    many_others: None,
    on_postgresql: None,
    monkeypatch: pytest.MonkeyPatch,
    simulate: dict[str, Any] | None,
) -> None:
    asked: list[tuple[str, Sequence[Any]]] = []
    run = prepared.run

    def noted(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        asked.append((sql, parameters))
        return run(sql, parameters)

    monkeypatch.setattr(prepared, "run", noted)
    record(chatbot, simulate)
    outbox.fan_out([add_event(chatbot)], simulate=simulate)
    monkeypatch.undo()
    assert [sql for sql, _ in asked] == [outbox._RECORD, outbox._SPREAD]
    for sql, parameters in asked:
        for plan in explained(sql, parameters):
            assert_no_history_is_read(plan, tables=TABLES)
            for condition in re.findall("Index Cond: (.*)", plan):
                # Not by what they all have in common, such as the event's name.
                assert re.search(r"\b(?:id|chatbot_id|account_id)\b", condition), plan
            for table in TABLES.split("|"):
                # A key is asked for where it is proved to be there.
                assert table in plan or (table, sql) == ("chatbots_apikey", outbox._SPREAD), plan


def test_recording_an_event_reads_no_others_rows_on_sqlite(
    chatbot: Chatbot, many_others: None
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("holds on SQLite")
    with CaptureQueriesContext(connection) as queries:
        record(chatbot)
    statements = [
        query["sql"] for query in queries if re.match(r"\s*(?:INSERT|SELECT)", query["sql"])
    ]
    assert any("INSERT INTO webhooks_delivery" in sql for sql in statements)
    for sql in statements:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN " + sql)
            plan = "\n".join(row[3] for row in cursor.fetchall())
        # `d`: the newest rows, from the end.
        assert not re.search(rf"SCAN (?:{TABLES}|[wca]\b)", plan), sql + plan
