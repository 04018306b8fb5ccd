"""What is said when the database could not serve a request."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest
from django.db import OperationalError

from chatbots.database_trouble import retry_after_seconds, sentence


def raised(cause: Exception) -> OperationalError:
    """As Django raises what its driver raised."""
    error = OperationalError(*cause.args)
    error.__cause__ = cause
    return error


def full_sqlite() -> sqlite3.Error:
    connection = sqlite3.connect(":memory:")
    connection.execute("PRAGMA max_page_count = 2")
    connection.execute("CREATE TABLE kept (text)")
    with pytest.raises(sqlite3.OperationalError) as caught:
        connection.execute("INSERT INTO kept VALUES (?)", ["x" * 100_000])
    connection.close()
    return caught.value


@pytest.mark.parametrize("cause", [full_sqlite(), psycopg.errors.DiskFull("no space")])
def test_a_full_disk_is_told_as_such(cause: Exception) -> None:
    told = sentence(raised(cause))
    assert told.startswith("Nothing was saved: the disk of the database is full.")
    assert retry_after_seconds(raised(cause)) == 10


@pytest.mark.parametrize(
    "cause",
    [
        sqlite3.OperationalError("database is locked"),
        psycopg.errors.AdminShutdown("terminating connection due to administrator command"),
        psycopg.OperationalError('connection to server at "10.1.2.3" failed'),
    ],
)
def test_a_database_that_is_away_gives_nothing_of_its_own_words_away(cause: Exception) -> None:
    assert sentence(raised(cause)) == "The database is not answering. Try again in a moment."
    assert retry_after_seconds(raised(cause)) == 1
