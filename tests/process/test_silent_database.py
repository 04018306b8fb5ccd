"""Connections that are swallowed by the network, and a worker that stands still in a recording."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
import requests

from tests.process.silence import Network
from tests.process.stack import OwnRedis, Stack, wait_until
from tests.receiver import Receiver
from webhooks.queue import LEASE_SECONDS

pytestmark = [pytest.mark.process, pytest.mark.postgresql, pytest.mark.thorough]
NOTICED_SECONDS = 30.0


def through(network: Network, url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=f"{parts.username}@127.0.0.1:{network.port}").geturl()


@pytest.fixture
def network(postgresql_url: str) -> Iterator[Network]:
    with Network(urlsplit(postgresql_url).port or 5432) as made:
        yield made


@pytest.fixture
def stack(postgresql_url: str, tmp_path: Path) -> Iterator[Stack]:
    """Nothing is started yet; the workload has a way of its own to the database."""
    with Stack(tmp_path, DATABASE_URL=postgresql_url) as made:
        made.do("migrate")
        yield made


def test_a_worker_whose_connection_goes_silent_goes_on_with_another(
    stack: Stack, network: Network, postgresql_url: str, live_receiver: Receiver
) -> None:
    chatbot = stack.do("prepare", url=live_receiver.url("/"))["chatbotId"]
    stack.start_worker(DATABASE_URL=through(network, postgresql_url))
    stack.do("pour", chatbot=chatbot, count=3)
    stack.wait_for_all(chatbot, 3, 60)

    # Some are in flight, some come after: each arrives once.
    live_receiver.answer("/", 200, delay_seconds=2)
    stack.do("pour", chatbot=chatbot, count=4)
    live_receiver.wait_for(7)
    assert network.swallow() > 0
    live_receiver.answer("/", 200)
    stack.do("pour", chatbot=chatbot, count=5)
    stack.wait_for_all(chatbot, 12, NOTICED_SECONDS)
    assert len(live_receiver.requests) == 12
    assert {attempts for _, attempts, *_ in stack.do("outcomes", chatbot=chatbot)} == {1}
    assert stack.state(chatbot)["untruthful"] == []


def test_a_web_process_whose_connections_go_silent_answers_again(
    stack: Stack, network: Network, postgresql_url: str
) -> None:
    made = stack.do("prepare", url="http://127.0.0.1:9/")
    stack.start_web(DATABASE_URL=through(network, postgresql_url))
    wait_until(stack.web_answers, "the web", 60)
    event = {"chatbotId": made["chatbotId"], "event": "USER_MESSAGE_SENT"}

    def status() -> int:
        return requests.post(
            f"{stack.web_url}/api/v1/events",
            json=event,
            headers={"Authorization": f"Bearer {made['apiKey']}"},
            timeout=NOTICED_SECONDS,
        ).status_code

    assert [status() for _ in range(5)] == [202] * 5
    assert network.swallow() > 0
    # Whoever waits is told so, in time; and whoever comes then meets a new connection.
    assert status() in {202, 503}
    wait_until(lambda: status() == 202, "an answer", NOTICED_SECONDS)


@pytest.mark.redis
def test_a_worker_whose_broker_goes_silent_is_woken_through_another_connection(
    tmp_path: Path, live_receiver: Receiver
) -> None:
    with (
        OwnRedis(tmp_path) as broker,
        Network(urlsplit(broker.url).port or 0) as network,
        Stack(tmp_path) as stack,
    ):
        stack.do("migrate")
        stack.start_worker(BROKER_URL=f"redis://127.0.0.1:{network.port}/0")
        wait_until(broker.is_listened_to, "the worker at the broker", 60)
        with redis.Redis.from_url(broker.url) as client:
            before = {one["id"] for one in client.client_list()}
            assert network.swallow() > 0
            wait_until(
                lambda: any(
                    one["cmd"] == "brpop" and one["id"] not in before
                    for one in client.client_list()
                ),
                "the worker at the broker again",
                2 * NOTICED_SECONDS,
            )


def test_a_worker_frozen_inside_a_recording_holds_up_nobody(
    stack: Stack, postgresql_url: str, live_receiver: Receiver
) -> None:
    mine, others = (
        stack.do("prepare", url=live_receiver.url(path))["chatbotId"] for path in ("/a", "/b")
    )
    stack.do("pour", chatbot=mine, count=4)
    frozen = stack.start("-m", "tests.process.frozen_recording", talks=True)
    try:
        assert frozen.stdout is not None
        assert frozen.stdout.readline() == b"inside\n", stack.said()
        stack.start_worker()
        began = time.monotonic()
        stack.do("pour", chatbot=others, count=500)
        stack.wait_for_all(others, 500, 60)
        assert time.monotonic() - began < LEASE_SECONDS
        # Its own are taken over, as any lost worker's.
        stack.wait_for_all(mine, 4, LEASE_SECONDS * 3)
        with psycopg.connect(postgresql_url) as connection:
            idle = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
            assert connection.execute(idle).fetchone() == (0,)
    finally:
        frozen.send_signal(signal.SIGKILL)
