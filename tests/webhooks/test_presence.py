"""Workers know of each other, and share what an endpoint has room for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from pytest_django import Settings

from chatbots.models import Chatbot
from tests.receiver import Receiver
from tests.webhooks.due import add_due, add_webhook, states
from webhooks import presence
from webhooks.engine import Engine
from webhooks.models import Attempt, Worker
from webhooks.room import FIRST

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def in_the_sandbox(settings: Settings) -> None:
    settings.SANDBOX = True


def age(worker: str, seconds: float) -> None:
    then = Now() - timedelta(seconds=seconds)
    Worker.objects.filter(pk=worker).update(seen_at=then, alive_at=then)


def most_at_once() -> int:
    """How many attempts were under way at the same time, by their records."""
    spans = [
        (row.started_at, row.started_at + timedelta(milliseconds=row.duration_ms))
        for row in Attempt.objects.all()
    ]
    return max(sum(start <= at < end for start, end in spans) for at, _ in spans)


def test_a_worker_counts_itself_and_the_others() -> None:
    assert presence.report("one") == 1
    assert presence.report("two") == 2
    assert presence.report("one") == 2
    presence.leave("two")
    assert presence.report("one") == 1


def test_a_worker_that_is_not_heard_of_is_not_counted_and_soon_forgotten() -> None:
    presence.report("killed")
    age("killed", presence.GONE_SECONDS + 1)
    assert presence.report("one") == 1
    assert Worker.objects.filter(pk="killed").exists()
    age("killed", presence.FORGOTTEN_SECONDS + 1)
    presence.report("one")
    assert not Worker.objects.filter(pk="killed").exists()


def test_a_worker_without_work_says_that_it_runs_and_takes_no_share(running: Engine) -> None:
    assert presence.last_alive_at() is None
    running.run()
    assert Worker.objects.count() == 1
    assert presence.last_alive_at() is not None
    assert presence.report("one") == 1
    running.leave()
    presence.leave("one")
    assert presence.last_alive_at() is None


def test_two_processes_have_two_names() -> None:
    assert presence.name() != presence.name()
    assert len(presence.name()) <= 100


@pytest.mark.parametrize("others", [0, 1, 3])
def test_workers_share_an_endpoints_room(
    running: Engine, chatbot: Chatbot, live_receiver: Receiver, others: int
) -> None:
    for number in range(others):
        presence.report(f"worker {number}")
    # Too slow for the room to grow.
    live_receiver.answer("/", delay_seconds=0.3)
    add_due(add_webhook(chatbot, live_receiver.url("/")), 20)
    running.run()
    assert states() == ["succeeded"] * 20
    share = FIRST // (others + 1)
    # A record's milliseconds are rounded, and a slot is filled as soon as it is free.
    assert share <= most_at_once() <= share + 1


def test_a_worker_that_stops_leaves(
    running: Engine, chatbot: Chatbot, live_receiver: Receiver
) -> None:
    add_due(add_webhook(chatbot, live_receiver.url("/")))
    running.run()
    assert Worker.objects.count() == 1
    running.leave()
    assert Worker.objects.count() == 0
