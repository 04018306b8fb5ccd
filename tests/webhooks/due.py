"""Deliveries that are due, made without the wake-up, and what became of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import connection
from django.utils import timezone

from chatbots import events
from chatbots.models import Chatbot, Event, EventSource
from webhooks import queue, subscriptions
from webhooks.engine import Engine
from webhooks.models import Delivery, Webhook
from webhooks.outcome import Outcome
from webhooks.queue import Claimed, Due, Finished, Lane, Look, Offer, Taken

Result = TypeVar("Result")
EVENT = "USER_MESSAGE_SENT"


def add_webhook(
    chatbot: Chatbot,
    url: str = "https://hooks.example.com/wonderchat",
    secret: str = "s3cret-s3cret",
    **more: Any,
) -> Webhook:
    return subscriptions.create(chatbot, url=url, event=EVENT, secret=secret, **more)[0]


def add_event(chatbot: Chatbot, **data: Any) -> Event:
    event = events.build(
        chatbot, EVENT, events.lay_over(EVENT, chatbot, data), source=EventSource.API
    )
    event.save(force_insert=True)
    return event


def add_due(
    webhook: Webhook, count: int = 1, *, seconds_ago: float = 0, **columns: Any
) -> list[int]:
    """`count` deliveries of one event, due since `seconds_ago`; their ids, longest due first."""
    event = add_event(webhook.chatbot)
    first = timezone.now() - timedelta(seconds=seconds_ago)
    given: dict[str, Any] = {"event": event, "webhook": webhook, "account": webhook.account}
    due_at = columns.get("due_at", first)
    if columns.get("lease_until"):
        given["wait"] = "lease"
    elif due_at > timezone.now():
        given["wait"] = "time"
    made = Delivery.objects.bulk_create(
        [
            Delivery(
                **(given | {"due_at": first - timedelta(microseconds=count - number)} | columns)
            )
            for number in range(count)
        ],
        batch_size=1000,
    )
    return [delivery.pk for delivery in made]


def offers(lanes: Iterable[Lane], room: int = 1000, window: int = 0) -> list[Offer]:
    """So much room for each of them."""
    return [
        Offer(one.webhook_id, one.account_id, room, window or room, one.has_limit) for one in lanes
    ]


def ripen() -> int:
    """Make ready what waits for a time that has come, and what was lost; how many there were."""
    return queue.present().ripen(None).number + queue.present().ripen_lost(None).number


def look(**more: Any) -> Due:
    """What one sweep finds, of what is ready or about to be."""
    ripen()
    return queue.present().look(Look(**more))


def claim_all(limit: int = 1000, room: int = 1000) -> list[Claimed]:
    """A look at every webhook, and a claim of what was found."""
    found = offers(look().lanes, room)
    return queue.present().claim(found, limit).claimed if found else []


def claim_of(webhook: Webhook, room: int, limit: int = 1000, **more: Any) -> Taken:
    """A claim of one webhook's."""
    offer = Offer(webhook.pk, webhook.account.pk, room, room, webhook.rate_limit is not None)
    return queue.present().claim([offer], limit, **more)


def put_off(webhook: Webhook) -> int:
    """Of what is ready for a webhook, have what has another in front wait for its turn; how many
    those were. Nothing is to be taken."""
    taken = claim_of(webhook, 256)
    assert taken.claimed == []
    return len(taken.put_off)


def due_webhooks() -> list[int]:
    """Webhooks with ready work that are not held back."""
    return [lane.webhook_id for lane in look().lanes]


def run_beside(beside: ThreadPoolExecutor, running: Engine) -> Future[None]:
    """A run in another thread, whose connection is closed when it ends."""

    def run() -> None:
        try:
            running.run()
        finally:
            connection.close()

    return beside.submit(run)


def made_up(**fields: Any) -> Claimed:
    """A delivery in a worker's hand that no database knows; `fields` are those that matter."""
    nothing: dict[str, Any] = {
        "delivery_id": 1,
        "number": 1,
        "failures": 0,
        "endpoint_id": 1,
        "webhook_id": 1,
        "account_id": 1,
        "event_id": "",
        "body": b"",
        "url": "",
        "encrypted_secret": "",
        "previous_secrets": [],
        "generation": 0,
        "standard_headers": False,
        "retry_schedule": "",
        "is_test": False,
        "simulate": None,
        "conversation": "",
    }
    return Claimed(**nothing | fields)


def finish(claimed: Claimed, status: str = "succeeded", **more: Any) -> Finished:
    """An answer of 200 to `claimed`, or one of 500 if it did not succeed."""
    outcome: dict[str, Any] = {"duration_ms": 3, "status_code": 200}
    if status != "succeeded":
        outcome |= {"status_code": 500, "error_kind": "http_status", "error": "It failed."}
    outcome |= {"response_head": b"HTTP/1.1 200 OK\r\n\r\n", "response_body": b"ok"}
    delay: float = more.pop("delay_seconds", 0.0)
    asked: float = more.pop("asked_seconds", 0.0)
    return Finished(
        claimed=claimed,
        outcome=Outcome(**(outcome | more)),
        started_at=timezone.now(),
        url=claimed.url,
        request_head=b"POST / HTTP/1.1\r\n\r\n",
        status=status,
        delay_seconds=delay,
        asked_seconds=asked,
    )


def let_time_pass(seconds: float) -> None:
    """Whatever waits for a time has waited so much longer."""
    for delivery in Delivery.objects.filter(status="pending"):
        delivery.due_at -= timedelta(seconds=seconds)
        if delivery.lease_until:
            delivery.lease_until -= timedelta(seconds=seconds)
        delivery.save(update_fields=["due_at", "lease_until"])


def side_by_side(*jobs: Callable[[], Result], seconds: float = 60) -> list[Result]:
    """What each job gave; all begin at the same moment, each with a connection of its own."""
    barrier = threading.Barrier(len(jobs))

    def run(job: Callable[[], Result]) -> Result:
        try:
            barrier.wait(10)
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result(seconds) for future in [pool.submit(run, job) for job in jobs]]


def wait_until(holds: Callable[[], object], what: str, seconds: float = 10) -> None:
    """Wait for the thing itself; AssertionError when it does not come."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.005)


def states(ids: Sequence[int] | None = None) -> list[str]:
    """The statuses of these deliveries, or of all, in the order of their ids."""
    rows = Delivery.objects.all() if ids is None else Delivery.objects.filter(pk__in=ids)
    return list(rows.order_by("pk").values_list("status", flat=True))


def in_seconds(moment: datetime | None) -> float:
    """How far `moment` lies ahead."""
    assert moment is not None
    return (moment - timezone.now()).total_seconds()
