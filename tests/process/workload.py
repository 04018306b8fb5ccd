"""A process of the product's own settings that makes chats and events, told what to do by lines.

`python -m tests.process.workload` reads a JSON object per line, {"do": name, …}, calls the function
of that name and answers with one line of JSON.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "emitter.settings"
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import close_old_connections, connection, transaction  # noqa: E402
from django.db.models import Count, F  # noqa: E402
from django.db.models.functions import Now  # noqa: E402

from chatbots import conversation, database_clock, events  # noqa: E402
from chatbots.models import (  # noqa: E402
    Account,
    Answer,
    ApiKey,
    Chatbot,
    Conversation,
    Event,
    EventSource,
    Message,
)
from tests.process.told import listen  # noqa: E402
from webhooks import outbox, subscriptions, upkeep  # noqa: E402
from webhooks import recovery as recovery_of  # noqa: E402
from webhooks.models import (  # noqa: E402
    Attempt,
    Delivery,
    RecoveredDelivery,
    Recovery,
    Webhook,
)

EVENT = "USER_MESSAGE_SENT"


def migrate() -> None:
    call_command("migrate", interactive=False, verbosity=0)


def prepare(
    url: str, schedule: str = "standard", ordered: bool = False, **names: str
) -> dict[str, str]:
    """An account with a key and a chatbot, whose three events go to `url`."""
    account = Account.objects.create(name="Acme")
    chatbot = Chatbot.objects.create(
        account=account,
        name=names.get("chatbot", "Customer Support Bot"),
        support_email="support@acme.example",
    )
    Answer.objects.create(
        chatbot=chatbot,
        question="What are your business hours?",
        answer=names.get("answer", "We're open Monday to Friday, 9 AM to 6 PM EST."),
    )
    for event in events.PAYLOADS:
        subscriptions.create(
            chatbot,
            url=url,
            event=event,
            secret="s3cret",
            retry_schedule=schedule,
            ordered=ordered,
        )
    return {"chatbotId": chatbot.pk, "apiKey": ApiKey.issue(account)[1]}


def _unsaved(chatbot: Chatbot, chatlog_id: str, **more: str) -> Event:
    data = events.lay_over(EVENT, chatbot, {"chatlogId": chatlog_id} | more)
    return events.build(chatbot, EVENT, data, source=EventSource.API)


def pour(chatbot: str, count: int, each: int = 1) -> None:
    """`count` chatlogs c0, c1, …, committed together; `each` with so many events, one of every
    chatlog in turn, whose messages say which: "c0 0", "c1 0", …, "c0 1", …"""
    bot = Chatbot.objects.get(pk=chatbot)
    with transaction.atomic():
        for place in range(each):
            for first in range(0, count, 500):
                made = [
                    _unsaved(bot, f"c{n}", userMessage=f"c{n} {place}")
                    for n in range(first, min(first + 500, count))
                ]
                outbox.fan_out(Event.objects.bulk_create(made))


def pour_large(chatbot: str, count: int, kilobytes: int) -> None:
    """`count` deliveries, to each webhook that wants it, of one event of that size."""
    bot = Chatbot.objects.get(pk=chatbot)
    with transaction.atomic():
        event = _unsaved(bot, "large", userMessage="x" * 1000 * kilobytes)
        event.save(force_insert=True)
        outbox.fan_out([event], copies=count)


def trickle(chatbot: str, count: int, per_second: float) -> dict[str, float]:
    """An event every so often; by chatlog, the time right after its COMMIT."""
    bot = Chatbot.objects.get(pk=chatbot)
    committed: dict[str, float] = {}

    def note(name: str) -> None:
        committed[name] = time.time()

    began = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, began + number / per_second - time.monotonic()))
        name = f"t{number}"
        with transaction.atomic():
            transaction.on_commit(partial(note, name))
            event = _unsaved(bot, name)
            event.save(force_insert=True)
            outbox.fan_out([event])
    return committed


def ask(chatbot: str, count: int) -> list[float]:
    """The seconds that each of `count` messages to the chatbot took."""
    bot = Chatbot.objects.select_related("account").get(pk=chatbot)
    seconds = []
    for _ in range(count):
        began = time.perf_counter()
        conversation.ask(bot, "What are your business hours?")
        seconds.append(time.perf_counter() - began)
    return seconds


def statuses(chatbot: str) -> dict[str, int]:
    """How many of its deliveries stand how."""
    mine = Delivery.objects.filter(webhook__chatbot=chatbot).values_list("status")
    return dict(mine.annotate(count=Count("id")).order_by())


def state(chatbot: str) -> dict[str, Any]:
    """How its deliveries stand, and whether their attempts tell the truth."""
    mine = Delivery.objects.filter(webhook__chatbot=chatbot)
    attempts = Attempt.objects.filter(delivery__webhook__chatbot=chatbot)
    rows = dict(
        attempts.values_list("delivery_id")
        .annotate(rows=Count("number"))
        .values_list("delivery_id", "rows")
    )
    return {
        "statuses": dict(Counter(mine.values_list("status", flat=True))),
        "attempts": dict(Counter(attempts.values_list("error_kind", flat=True))),
        "leased": mine.exclude(lease_until=None).count(),
        "untried": mine.filter(attempts=0).count(),
        "untruthful": [
            pk for pk, begun in mine.values_list("pk", "attempts") if rows.get(pk, 0) != begun
        ],
    }


def let_time_pass(seconds: float) -> int:
    """Leases run out so much earlier; returns how many there were."""
    step = timedelta(seconds=seconds)
    return Delivery.objects.exclude(lease_until=None).update(
        lease_until=F("lease_until") - step, due_at=F("due_at") - step
    )


def give_up(chatbot: str) -> int:
    """All that waits has failed; returns how many."""
    waiting = Delivery.objects.filter(webhook__chatbot=chatbot, status="pending")
    return waiting.update(status="failed", finished_at=Now())


def prune(seconds: float) -> int:
    """Forget what is past its retention so many seconds after it is past for what is new now;
    returns how many events."""
    later = timedelta(days=settings.EVENT_RETENTION_DAYS, seconds=seconds)
    return upkeep.prune(database_clock.now() + later)


def recover(chatbot: str) -> int:
    """Recover the last hour of the webhook that `pour` is for; returns the recovery's id."""
    webhook = Webhook.objects.get(chatbot=chatbot, event=EVENT)
    hour = database_clock.now() - timedelta(hours=1)
    return recovery_of.start(webhook, hour).pk


def recovery(pk: int) -> dict[str, Any]:
    """How far a recovery came, and how many deliveries it knows it sent again."""
    row = Recovery.objects.get(pk=pk)
    items = RecoveredDelivery.objects.filter(recovery=row).count()
    return {"status": row.status, "requeued": row.requeued, "items": items}


def attempts(chatbot: str, by: str = "chatlog") -> dict[str, list[Any]]:
    """By chatlog, or by message: its delivery's status and whether it is leased, how many attempts
    it counts, and the number and error of each that has a row."""
    found: dict[str, list[Any]] = {}
    mine = Delivery.objects.filter(webhook__chatbot=chatbot)
    names = {}
    for pk, chatlog, body, status, lease, begun in mine.values_list(
        "pk", "event__chatlog_id", "event__body", "status", "lease_until", "attempts"
    ):
        names[pk] = name = chatlog if by == "chatlog" else _message(body)
        assert name not in found, name
        found[name] = [status, lease is not None, begun, []]
    rows = Attempt.objects.filter(delivery__webhook__chatbot=chatbot).order_by("number")
    for pk, number, error_kind in rows.values_list("delivery_id", "number", "error_kind"):
        found[names[pk]][3].append([number, error_kind])
    return found


def _message(body: bytes | memoryview) -> str:
    return str(json.loads(bytes(body))["data"]["userMessage"])


def chatlogs(chatbot: str) -> list[str]:
    """The conversations that were begun."""
    return list(Conversation.objects.filter(chatbot=chatbot).values_list("pk", flat=True))


def event_ids(chatbot: str) -> list[str]:
    return list(Event.objects.filter(chatbot=chatbot).values_list("pk", flat=True))


def outcomes(chatbot: str) -> list[list[Any]]:
    """What each delivery and each attempt came to, in their order."""
    mine = Delivery.objects.filter(webhook__chatbot=chatbot).order_by("pk")
    return [
        [
            *row[1:],
            list(
                Attempt.objects.filter(delivery=row[0])
                .order_by("number")
                .values_list("number", "status_code", "error_kind")
            ),
        ]
        for row in mine.values_list("pk", "status", "attempts", "failures")
    ]


def moments(chatbot: str) -> list[float]:
    """The times in its attempts, its deliveries and its webhooks' rows, in seconds since 1970."""
    mine = Delivery.objects.filter(webhook__chatbot=chatbot)
    tried = Attempt.objects.filter(delivery__webhook__chatbot=chatbot)
    hooks = Webhook.objects.filter(chatbot=chatbot)
    rows = [
        *tried.values_list("started_at"),
        *mine.values_list("due_at", "finished_at"),
        *hooks.values_list("failing_since", "last_success_at"),
    ]
    return [moment.timestamp() for row in rows for moment in row if moment]


def conversations(chatbot: str) -> dict[str, Any]:
    """The rows of each visitor's message: its own, its answer, its event and that's delivery."""
    deliveries = Counter(
        Delivery.objects.filter(webhook__chatbot=chatbot).values_list("event_id", flat=True)
    )
    rows: dict[str, dict[str, int]] = {}
    asked = {}
    said = Message.objects.filter(conversation__chatbot=chatbot).order_by("id")
    for chatlog, kind, content in said.values_list("conversation_id", "type", "content"):
        if kind == "user":
            asked[chatlog] = content
            rows[content] = {"user": 1, "bot": 0, "events": 0, "deliveries": 0}
        else:
            rows[asked[chatlog]]["bot"] += 1
    for event in Event.objects.filter(chatbot=chatbot):
        row = rows.setdefault(_message(event.body), {"events": 0})
        row["events"] += 1
        row["deliveries"] = row.get("deliveries", 0) + deliveries[event.pk]
    return {"rows": rows, "chatlogs": Conversation.objects.filter(chatbot=chatbot).count()}


def cut_connections() -> int:
    """End all other connections to the database; returns how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])


CALLS: dict[str, Callable[..., Any]] = {
    call.__name__: call
    for call in (
        migrate,
        prepare,
        pour,
        pour_large,
        trickle,
        ask,
        statuses,
        state,
        attempts,
        chatlogs,
        event_ids,
        outcomes,
        moments,
        conversations,
        let_time_pass,
        give_up,
        prune,
        recover,
        recovery,
        cut_connections,
    )
}


def called(name: str, **given: Any) -> Any:
    close_old_connections()  # As each request does.
    return CALLS[name](**given)


if __name__ == "__main__":
    listen({name: partial(called, name) for name in CALLS})
