"""What holds for every test of the engine."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from webhooks import engine
from webhooks.engine import Engine


@pytest.fixture(autouse=True)
def brief_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run ends soon after its last work, and so before a retry that is due in a second."""
    monkeypatch.setattr(engine, "LINGER_SECONDS", 0.05)


@pytest.fixture
def on_postgresql(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("holds on PostgreSQL; SQLite has one writer at a time")


@pytest.fixture
def running() -> Iterator[Engine]:
    """A worker's engine, of the test's own."""
    made = Engine()
    yield made
    if made._transport is not None:
        made._transport.close()


@pytest.fixture
def beside() -> Iterator[ThreadPoolExecutor]:
    """Threads for what goes on at the same time."""
    with ThreadPoolExecutor(4) as pool:
        yield pool
