"""Arrays that are made whole arrive as those that psycopg makes."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, timedelta, timezone
from typing import Any

import psycopg
import pytest
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from psycopg import sql

from webhooks import binary_arrays
from webhooks.binary_arrays import Array

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("on_postgresql")]

MOMENTS = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))]))
MOMENTS = MOMENTS.filter(lambda moment: 1 < moment.year < 9999)
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
KINDS: list[tuple[str, Callable[[Sequence[Any]], Array], st.SearchStrategy[Any]]] = [
    ("bigint", binary_arrays.bigints, st.integers(-(2**63), 2**63 - 1)),
    ("int", binary_arrays.integers, st.integers(-(2**31), 2**31 - 1)),
    ("smallint", binary_arrays.smallints, st.none() | st.integers(-(2**15), 2**15 - 1)),
    ("float8", binary_arrays.doubles, st.floats(allow_nan=False)),
    ("bool", binary_arrays.booleans, st.booleans()),
    ("text", binary_arrays.texts, TEXTS),
    ("bytea", binary_arrays.byteas, st.binary(max_size=50)),
    ("timestamptz", binary_arrays.moments, MOMENTS),
]


@pytest.fixture
def raw() -> psycopg.Connection[Any]:
    connection.ensure_connection()
    made: psycopg.Connection[Any] = connection.connection
    binary_arrays.register(made.adapters)
    return made


@pytest.mark.parametrize(("name", "make", "values"), KINDS, ids=[name for name, *_ in KINDS])
@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_is_sent_is_what_arrives(
    raw: psycopg.Connection[Any],
    name: str,
    make: Callable[[Sequence[Any]], Array],
    values: st.SearchStrategy[Any],
    data: st.DataObject,
) -> None:
    sent = data.draw(st.lists(values, min_size=1, max_size=40))
    with psycopg.Cursor(raw) as cursor:
        asked = sql.SQL("SELECT v FROM unnest(%b::{}[]) WITH ORDINALITY AS v(v, n)")
        cursor.execute(asked.format(sql.SQL(name)), [make(sent)])
        assert [value for (value,) in cursor.fetchall()] == sent


def test_what_is_too_large_for_its_type_is_an_error_and_not_another_number() -> None:
    with pytest.raises(struct.error):
        binary_arrays.smallints([2**15])
