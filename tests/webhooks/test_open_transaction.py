"""What a look and a claim cost while a transaction is open elsewhere: a dump, a report."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.db.models import Max

from chatbots.models import Chatbot
from tests.webhooks.due import add_due, add_webhook, claim_of, finish
from webhooks import queue, queue_postgresql_claim, queue_postgresql_look
from webhooks.engine_cursor import engine_cursor
from webhooks.models import Delivery, Webhook
from webhooks.queue import Look, Offer

pytestmark = pytest.mark.django_db(transaction=True)
EACH = 1500


@pytest.fixture
def report(on_postgresql: None) -> Iterator[None]:
    """Somebody reads for long, and sees all rows as they were."""
    settings = connection.get_connection_params()
    names = {
        name: settings[name] for name in ("host", "port", "user", "dbname") if name in settings
    }
    with psycopg.connect(**names) as other:
        other.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        other.execute("SELECT count(*) FROM webhooks_delivery")
        yield


def pages_read(sql: str, values: dict[str, Any]) -> int:
    """How many pages of tables and indexes a statement of the engine's touches."""
    with transaction.atomic(), engine_cursor() as cursor:
        transaction.set_rollback(True)  # Explaining a claim makes one.
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + sql.replace("%b", "%s"), values)
        (found,) = cursor.fetchall()[0]
    plan = found if isinstance(found, list) else json.loads(found)
    top = plan[0]["Plan"]
    return int(top["Shared Hit Blocks"]) + int(top["Shared Read Blocks"])


def look_reads(look: Look) -> int:
    return pages_read(queue_postgresql_look.LOOK, queue_postgresql_look.look_values(look))


def claim_reads(offers: Sequence[Offer]) -> int:
    sql = queue_postgresql_claim.CLAIM.replace(")b::", ")s::")
    return pages_read(sql, queue_postgresql_claim.claim_values(offers, 10, 1 << 20))


def deliver(webhook: Webhook, count: int) -> None:
    add_due(webhook, count)
    while claimed := claim_of(webhook, 500).claimed:
        queue.present().record([finish(one) for one in claimed])


def test_a_look_between_sweeps_and_a_claim_cost_no_more_than_what_is_new(
    chatbot: Chatbot, report: None
) -> None:
    webhooks = [add_webhook(chatbot, f"https://hooks{n}.example.com/") for n in range(4)]
    account = chatbot.account.pk

    def new_work() -> tuple[Look, list[Offer]]:
        """Three more for each, and how a worker that has seen all before looks and claims."""
        last = Delivery.objects.aggregate(last=Max("pk"))["last"] or 0
        since = {webhook.pk: _now() for webhook in webhooks}
        for webhook in webhooks:
            add_due(webhook, 3, seconds_ago=-1, wait="")
        known = {webhook.pk: account for webhook in webhooks}
        look = Look(sweep=False, fresh_after=last, known=known, ripe_after=_now())
        return look, [Offer(pk, account, 3, 3, since=since[pk]) for pk in known]

    look, offers = new_work()
    look_before, claim_before = look_reads(look), claim_reads(offers)
    for webhook in webhooks:
        deliver(webhook, EACH)
    look, offers = new_work()
    assert look_reads(look) < 1.5 * look_before + 10
    assert claim_reads(offers) < 1.5 * claim_before + 10
    # Whoever is not told better goes over all that nobody may clear away.
    from_the_start = [one._replace(since=None) for one in offers]
    assert look_reads(Look()) > look_reads(look) + EACH / 20
    assert claim_reads(from_the_start) > claim_reads(offers) + EACH / 20


def _now() -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        return cursor.fetchone()[0]
