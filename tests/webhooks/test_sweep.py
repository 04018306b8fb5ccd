"""What each worker does by itself goes on after whatever becomes of one round of it."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import Celery
from django.db import OperationalError

from webhooks import engine, presence, sweep, upkeep
from webhooks.sweep import Sweep

pytestmark = pytest.mark.django_db(transaction=True)


class Rounds:
    """Work that fails as it is told, a round each, and counts."""

    def __init__(self, *failures: Exception) -> None:
        self._failures = list(failures)
        self.count = 0
        self.is_done = threading.Event()

    def __call__(self) -> None:
        self.count += 1
        if self._failures:
            raise self._failures.pop(0)
        self.is_done.set()


@pytest.fixture
def begin(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Rounds, Rounds], Sweep]]:
    """Starts a worker's step with this for the engine's run and that for long work."""
    monkeypatch.setattr(sweep, "SWEEP_SECONDS", 0.01)
    monkeypatch.setattr(engine, "stop", lambda: None)  # The engine of all other tests.
    begun: list[Sweep] = []

    def start(deliver: Rounds, go_on: Rounds) -> Sweep:
        monkeypatch.setattr(engine, "run", deliver)
        monkeypatch.setattr(upkeep, "go_on", go_on)
        step = Sweep(Celery("test-sweep", set_as_current=False))
        step.start(None)
        begun.append(step)
        return step

    yield start
    for step in begun:
        step.stop(None)


Begin = Callable[[Rounds, Rounds], Sweep]


def test_both_go_on_after_an_error_that_nobody_foresaw(
    begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    deliver, go_on = Rounds(ValueError("odd row")), Rounds(ValueError("odd change"))
    begin(deliver, go_on)
    assert deliver.is_done.wait(10)
    assert go_on.is_done.wait(10)
    assert "The engine failed; it goes on in 0.01 s" in caplog.text
    assert "Long work failed; it goes on in 0.01 s" in caplog.text
    assert "odd row" in caplog.text


def test_while_the_database_is_away_that_is_said_once(
    begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    away = [OperationalError("no route") for _ in range(5)]
    deliver, go_on = Rounds(), Rounds(*away)
    begin(deliver, go_on)
    assert go_on.is_done.wait(10)
    said = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.getMessage() for record in said] == [
        "Long work waits for the database: no route"
    ]


def test_a_worker_that_stops_ends_both_and_takes_its_leave(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: queue.Queue[Any] = queue.Queue()
    monkeypatch.setattr(presence, "leave", left.put)
    monkeypatch.setattr(engine._engine, "_alive_at", 1.0)
    deliver, go_on = Rounds(), Rounds()
    step = begin(deliver, go_on)
    assert deliver.is_done.wait(10)
    assert go_on.is_done.wait(10)

    step.terminate(None)

    assert left.get(timeout=10) == engine._engine._name
    counts = deliver.count, go_on.count
    assert not any(thread.is_alive() for thread in step._threads)
    assert (deliver.count, go_on.count) == counts
