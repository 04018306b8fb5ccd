"""So many requests in a while, counted over all processes, whatever becomes of the count."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from chatbots import allowance
from chatbots.models import Account
from chatbots.request_count import RequestCount
from webhooks import upkeep

MINUTE = 60
ON_SQLITE = connection.vendor == "sqlite"


def passes(name: str, most: int, times: int) -> int:
    """How many of `times` requests may pass."""
    return [allowance.seconds_to_wait(name, most, MINUTE) for _ in range(times)].count(0)


@pytest.mark.django_db
@pytest.mark.parametrize("most", [1, 2, 19, 20, 21, 100, 399])
def test_as_many_pass_as_are_allowed_and_the_others_hear_how_long_to_wait(most: int) -> None:
    assert passes("a", most, most + 5) == most
    assert 0 < allowance.seconds_to_wait("a", most, MINUTE) <= MINUTE
    assert passes("b", most, 1) == 1


@pytest.mark.django_db
def test_another_process_gets_what_is_left() -> None:
    assert passes("a", 100, 41) == 41  # Nine lots of five, four of them still here.
    allowance.forget()  # As another process begins.
    assert passes("a", 100, 100) == 55
    allowance.forget()
    assert passes("a", 100, 5) == 0


@pytest.mark.django_db
def test_a_busy_caller_costs_few_statements() -> None:
    with CaptureQueriesContext(connection) as asked:
        assert passes("a", 2000, 2500) == 2000
    counts = [query for query in asked.captured_queries if "INSERT" in query["sql"]]
    assert len(counts) == 21  # Twenty lots of a hundred, and the one that was refused.


@pytest.mark.django_db
def test_when_the_while_is_over_all_may_pass_again() -> None:
    assert passes("a", 2, 3) == 2
    RequestCount.objects.update(ends_at=time.time() - 1)
    allowance.forget()
    assert passes("a", 2, 3) == 2


@pytest.mark.django_db
def test_a_clock_that_was_far_ahead_holds_nobody_up() -> None:
    assert passes("a", 2, 3) == 2
    RequestCount.objects.update(ends_at=time.time() + 3600)
    allowance.forget()
    assert passes("a", 2, 3) == 2


@pytest.mark.django_db
def test_what_is_over_is_removed() -> None:
    assert passes("old", 2, 1) == 1
    RequestCount.objects.update(ends_at=time.time() - 1)
    assert passes("new", 2, 1) == 1
    upkeep.prune()
    assert [row.name for row in RequestCount.objects.all()] == ["new"]


@pytest.mark.django_db(transaction=True)
def test_threads_together_get_no_more_than_is_allowed() -> None:
    def some(_: int) -> int:
        try:
            return passes("a", 200, 60)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(some, range(8))) == 200


@pytest.mark.django_db(transaction=True)
def test_where_nothing_can_be_counted_everybody_passes() -> None:
    rename("chatbots_requestcount", "gone")
    try:
        assert passes("a", 2, 10) == 10
        assert Account.objects.count() == 0  # The connection is as good as before.
    finally:
        rename("gone", "chatbots_requestcount")
    allowance.forget()
    assert passes("a", 2, 10) == 2


def rename(table: str, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {name}")


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(not ON_SQLITE, reason="PostgreSQL locks rows")
def test_a_write_that_takes_long_holds_no_reader_up() -> None:
    Account.objects.count()
    with contextlib.closing(
        sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    ) as writing:
        writing.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        assert passes("a", 2, 10) == 10
        assert time.monotonic() - began < 10
    # Other statements wait for the lock as long as ever.
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone() == (20_000,)


@pytest.mark.django_db
@pytest.mark.skipif(ON_SQLITE, reason="SQLite waits for no disk at COMMIT here")
def test_postgresql_counts_without_waiting_for_the_disk() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname='chatbots_requestcount'")
        assert cursor.fetchone() == ("u",)
