"""Two emitters: on the embedded parts, and on PostgreSQL and Redis. Started once, for all tests."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests import needs
from tests.process.stack import OwnRedis, Stack, wait_until
from tests.receiver import Receiver


@dataclass
class Served:
    """An emitter on PostgreSQL and a Redis of its own, which can be frozen."""

    stack: Stack
    redis: OwnRedis


def started(stack: Stack) -> Stack:
    stack.do("migrate")
    stack.start_worker()
    stack.start_beat()
    stack.start_web()
    with Receiver() as receiver:
        chatbot = stack.do("prepare", url=receiver.url("/"))["chatbotId"]
        stack.do("pour", chatbot=chatbot, count=1)
        wait_until(lambda: receiver.requests, "the worker's first delivery", 60)
        wait_until(lambda: stack.state(chatbot)["statuses"] == {"succeeded": 1}, "its record")
    return stack


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("embedded")) as stack:
        yield started(stack)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    if not needs.postgresql() or not shutil.which("redis-server"):
        what = "needs PostgreSQL (TEST_DATABASE_URL) and redis-server"
        pytest.fail(what, pytrace=False) if needs.IN_CI else pytest.skip(what)
    var: Path = tmp_path_factory.mktemp("served")
    server = needs.POSTGRESQL_URL.rsplit("/", 1)[0]
    name = f"emitter_process_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            with (
                OwnRedis(var) as broker,
                Stack(var, DATABASE_URL=f"{server}/{name}", BROKER_URL=broker.url) as stack,
            ):
                yield Served(started(stack), broker)
        finally:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            connection.execute(drop)


@pytest.fixture(params=["embedded", "served"])
def stack(request: pytest.FixtureRequest) -> Stack:
    """Each of the two, one after the other."""
    if request.param == "served":
        both: Served = request.getfixturevalue("served")
        return both.stack
    alone: Stack = request.getfixturevalue("embedded")
    return alone
