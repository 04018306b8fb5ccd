"""A process of the product's own settings that fills its tables and looks at what became of it.

`python -m bench.inside` reads a JSON object per line, {"do": name, …}, calls the function of that
name and answers with one line of JSON.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import threading
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "emitter.settings"
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, connections, transaction  # noqa: E402
from django.db.models import Max, Min, QuerySet  # noqa: E402

from bench import history  # noqa: E402
from chatbots import events  # noqa: E402
from chatbots.models import Account, ApiKey, Chatbot, Event, EventSource  # noqa: E402
from webhooks import outbox, subscriptions, vault  # noqa: E402
from webhooks.models import Attempt, Delivery, DeliveryStatus, Endpoint, Webhook  # noqa: E402

EVENT = "USER_MESSAGE_SENT"
SECRET = "a secret of the bench"
DRAINED_POLL_SECONDS = 0.5
BEGUN_POLL_SECONDS = 0.02
TRICKLE_THREADS = 4
TRICKLE_START_SECONDS = 0.2


def use(database: str) -> None:
    """Go over to another database of the same server."""
    leave()
    connections.settings["default"]["NAME"] = database


def leave() -> None:
    """Hold no connection any more."""
    connections.close_all()


def migrate() -> None:
    call_command("migrate", interactive=False, verbosity=0)


def prepare(urls: list[str], each: int = 1) -> dict[str, Any]:
    """An account with a key, and for each of `urls` `each` chatbots with a webhook to it: in turn
    over the URLs, so that however many there are, as much comes for each in any stretch."""
    account = Account.objects.create(name="Bench")
    wanted = urls * each
    chatbots = Chatbot.objects.bulk_create(
        [Chatbot(account=account, name=f"Bot {n}") for n in range(len(wanted))]
    )
    first, _ = subscriptions.create(chatbots[0], url=wanted[0], event=EVENT, secret=SECRET)
    known = {first.url: first.endpoint}
    for made in Endpoint.objects.bulk_create(
        [Endpoint(origin=url.rstrip("/")) for url in urls if url != first.url]
    ):
        known[f"{made.origin}/"] = made
    copies: list[Webhook] = []
    for chatbot, url in zip(chatbots[1:], wanted[1:], strict=True):
        copy = Webhook.objects.get(pk=first.pk) if not copies else _copy(copies[0])
        copy.pk, copy.chatbot, copy.url, copy.endpoint = None, chatbot, url, known[url]
        copies.append(copy)
    Webhook.objects.bulk_create(copies, batch_size=1000)
    for copy in copies:
        copy.encrypted_secret = vault.encrypt(SECRET, copy.pk)
    Webhook.objects.bulk_update(copies, ["encrypted_secret"], batch_size=1000)
    return {
        "account": account.pk,
        "key": ApiKey.issue(account)[1],
        "chatbots": [chatbot.pk for chatbot in chatbots],
        "webhooks": [first.pk, *(copy.pk for copy in copies)],
    }


def _copy(webhook: Webhook) -> Webhook:
    fields = [field.attname for field in Webhook._meta.concrete_fields]
    return Webhook(**{name: getattr(webhook, name) for name in fields})


def _unsaved(chatbot: Chatbot, chatlog_id: str) -> Event:
    data = events.lay_over(EVENT, chatbot, {"chatlogId": chatlog_id})
    return events.build(chatbot, EVENT, data, source=EventSource.API)


def pour(chatbots: list[str], count: int) -> int:
    """`count` events, one delivery each, in turn over `chatbots`; the id they come after."""
    after = Delivery.objects.aggregate(last=Max("id"))["last"] or 0
    found = Chatbot.objects.in_bulk(chatbots)
    bots = [found[pk] for pk in chatbots]
    for start in range(0, count, 500):
        numbers = range(start, min(start + 500, count))
        with transaction.atomic():
            made = [_unsaved(bots[n % len(bots)], f"c{n}") for n in numbers]
            outbox.fan_out(Event.objects.bulk_create(made))
    analyze()
    return int(after)


def analyze() -> None:
    """What autovacuum would do by itself within a minute, at a moment of our own choice."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def settle() -> None:
    """Leave nothing to autovacuum that it would do while we measure."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)" if connection.vendor == "postgresql" else "ANALYZE")


def finished_history(first: int, last: int) -> None:
    """Events number `first` to `last`, delivered long ago."""
    history.copy(first, last)


def trickle(chatbots: list[str], count: int, per_second: float) -> dict[str, float]:
    """An event every so often, in turn over `chatbots`; by chatlog, when its COMMIT was over.

    On a few threads, as in a web process: one that waits for its COMMIT does not delay the next.
    """
    bots = list(Chatbot.objects.filter(pk__in=chatbots))
    committed: dict[str, float] = {}
    # Made beforehand: the pace leaves little time at 500 a second.
    made = iter([_unsaved(bots[number % len(bots)], f"t{number}") for number in range(count)])
    places = itertools.count()
    turn = threading.Lock()
    began = time.monotonic() + TRICKLE_START_SECONDS

    def note(name: str) -> None:
        committed[name] = time.monotonic()

    def one_after_another() -> None:
        connection.ensure_connection()
        while True:
            with turn:
                event, place = next(made, None), next(places)
            if event is None:
                break
            time.sleep(max(0.0, began + place / per_second - time.monotonic()))
            with transaction.atomic():
                # Before the wake-up: what that costs is part of the way.
                transaction.on_commit(partial(note, event.chatlog_id))
                event.save(force_insert=True)
                outbox.fan_out([event])
        connection.close()

    threads = [threading.Thread(target=one_after_another) for _ in range(TRICKLE_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return committed


def _those(after: int, webhooks: Sequence[int] | None) -> QuerySet[Delivery]:
    found = Delivery.objects.filter(pk__gt=after)
    return found if webhooks is None else found.filter(webhook__in=webhooks)


def begun(after: int, seconds: float) -> bool:
    """Wait so long at most until the first of those deliveries was attempted."""
    deadline = time.monotonic() + seconds
    while not Attempt.objects.filter(delivery_id__gt=after).exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(BEGUN_POLL_SECONDS)
    return True


def drained(after: int, webhooks: Sequence[int] | None, seconds: float) -> bool:
    """Wait so long at most until none of those deliveries is pending any more."""
    deadline = time.monotonic() + seconds
    # Past `after`: else each look goes over what waits for those that hang, on the cores that are
    # measured.
    pending = _those(after, webhooks).filter(status=DeliveryStatus.PENDING)
    while pending.exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(DRAINED_POLL_SECONDS)
    return True


def span(after: int, webhooks: Sequence[int] | None) -> dict[str, float]:
    """How many, how many of them arrived, and the time from the first request to the last end."""
    those = _those(after, webhooks)
    attempts = Attempt.objects.filter(delivery_id__gt=after)
    if webhooks is not None:
        attempts = attempts.filter(delivery__webhook__in=webhooks)
    first = attempts.aggregate(first=Min("started_at"))["first"]
    last = those.aggregate(last=Max("finished_at"))["last"]
    return {
        "deliveries": those.count(),
        "delivered": those.filter(status=DeliveryStatus.SUCCEEDED).count(),
        "attempts": attempts.count(),
        "seconds": (last - first).total_seconds(),
    }


def wake() -> None:
    from webhooks.tasks import deliver

    deliver.apply_async()


def queue_each() -> None:
    """One task for each delivery: the plain design's way."""
    from bench.one_task_per_delivery import deliver_one

    for delivery_id in Delivery.objects.order_by("pk").values_list("pk", flat=True):
        deliver_one.apply_async((delivery_id,))


CALLS = {
    call.__name__: call
    for call in (
        *(
            use,
            leave,
            migrate,
            prepare,
            pour,
            analyze,
            settle,
            finished_history,
            trickle,
            drained,
            span,
        ),
        *(begun, wake, queue_each),
    )
}


def main() -> None:
    for line in sys.stdin:
        given = json.loads(line)
        print(json.dumps(CALLS[given.pop("do")](**given)), flush=True)


if __name__ == "__main__":
    main()
