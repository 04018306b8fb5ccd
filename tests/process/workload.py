"""A process of the product's own settings that makes chats and events, told what to do by lines.

`python -m tests.process.workload` reads a JSON object per line, {"do": name, …}, calls the function
of that name and answers with one line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "emitter.settings"
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from django.db.models import Count, F  # noqa: E402
from django.db.models.functions import Now  # noqa: E402

from chatbots import conversation, database_clock, events  # noqa: E402
from chatbots.models import Account, Answer, ApiKey, Chatbot, Event, EventSource  # noqa: E402
from webhooks import outbox, subscriptions  # noqa: E402
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


def prepare(url: str, schedule: str = "standard", **names: str) -> dict[str, str]:
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
            chatbot, url=url, event=event, secret="s3cret", retry_schedule=schedule
        )
    return {"chatbotId": chatbot.pk, "apiKey": ApiKey.issue(account)[1]}


def _unsaved(chatbot: Chatbot, chatlog_id: str) -> Event:
    data = events.lay_over(EVENT, chatbot, {"chatlogId": chatlog_id})
    return events.build(chatbot, EVENT, data, source=EventSource.API)


def pour(chatbot: str, count: int) -> None:
    """`count` events, chatlogs c0, c1, …, committed together."""
    bot = Chatbot.objects.get(pk=chatbot)
    with transaction.atomic():
        for first in range(0, count, 500):
            numbers = range(first, min(first + 500, count))
            outbox.fan_out(Event.objects.bulk_create([_unsaved(bot, f"c{n}") for n in numbers]))


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


CALLS: dict[str, Callable[..., Any]] = {
    call.__name__: call
    for call in (
        migrate,
        prepare,
        pour,
        trickle,
        ask,
        state,
        let_time_pass,
        give_up,
        recover,
        recovery,
    )
}


def main() -> None:
    for line in sys.stdin:
        given = json.loads(line)
        print(json.dumps(CALLS[given.pop("do")](**given)), flush=True)


if __name__ == "__main__":
    main()
