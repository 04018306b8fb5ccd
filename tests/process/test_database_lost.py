"""PostgreSQL cuts its connections, is restarted, and crashes."""

from __future__ import annotations

import os
import signal
import subprocess
from collections import Counter as Tally
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest

from tests import needs
from tests.process.cluster import Cluster, pg_ctl
from tests.process.conftest import started
from tests.process.counter import Counter
from tests.process.stack import Stack, wait_until
from tests.process.truth import interrupted_of
from tests.process.visitors import Visitors
from webhooks.engine import SETTLED_SECONDS
from webhooks.queue import LEASE_SECONDS
from webhooks.queue_postgresql_claim import LIFE

pytestmark = [pytest.mark.process, pytest.mark.soak, pytest.mark.timeout(300)]
SOME = 2000
UNDONE = "SELECT count(*) FROM webhooks_delivery WHERE status = 'pending' AND attempts = 0"
# Connections of others that have looked for due work, or whether they may.
LOOKED = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'idle'
  AND (query LIKE '%pg_postmaster_start_time%' OR query LIKE '%webhooks_delivery%')
"""
CUTS = 10
ANSWERS_BETWEEN = 20


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    if not pg_ctl():
        what = "needs PostgreSQL's own programs (pg_ctl)"
        pytest.fail(what, pytrace=False) if needs.IN_CI else pytest.skip(what)
    with Cluster() as own:
        yield own


@pytest.fixture(scope="module")
def stack(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    var: Path = tmp_path_factory.mktemp("restarted")
    with Stack(var, DATABASE_URL=cluster.url) as own:
        yield started(own)


def test_deliveries_and_chats_go_on_when_connections_are_cut(stack: Stack) -> None:
    with Counter(delay_seconds=0.02) as counter:
        made = stack.do("prepare", url=counter.url)
        chatbot = made["chatbotId"]
        wait_until(stack.web_answers, "the web", 60)
        stack.do("pour", chatbot=chatbot, count=SOME)
        with Visitors(stack.web_url, chatbot, made["apiKey"]) as visitors:
            for cut in range(1, CUTS + 1):
                visitors.wait_for(cut * ANSWERS_BETWEEN)
                counter.wait_for(cut * SOME // CUTS // 2)
                assert stack.do("cut_connections") > 0
            visitors.wait_for((CUTS + 1) * ANSWERS_BETWEEN)
        assert_all_arrived(stack, chatbot, counter, visitors)


def test_deliveries_and_chats_go_on_after_restarts_and_a_crash_of_the_database(
    stack: Stack, cluster: Cluster
) -> None:
    with Counter(delay_seconds=0.02) as counter:
        made = stack.do("prepare", url=counter.url)
        chatbot = made["chatbotId"]
        stack.do("pour", chatbot=chatbot, count=SOME)
        with Visitors(stack.web_url, chatbot, made["apiKey"]) as visitors:
            counter.wait_for(SOME // 5)
            visitors.wait_for(ANSWERS_BETWEEN)
            cluster.restart("fast")
            visitors.wait_for(len(visitors.answered) + ANSWERS_BETWEEN)
            counter.wait_for(SOME // 2)
            cluster.restart("immediate")
            visitors.wait_for(len(visitors.answered) + ANSWERS_BETWEEN)
        assert_all_arrived(stack, chatbot, counter, visitors)


def test_a_claim_that_a_crash_of_the_database_undid_is_recorded_all_the_same(
    stack: Stack, cluster: Cluster
) -> None:
    with Counter(delay_seconds=5) as counter:
        chatbot = stack.do("prepare", url=counter.url)["chatbotId"]
        stack.do("pour", chatbot=chatbot, count=4)
        counter.wait_for(4)
        cluster.restart("immediate")
        stack.wait_for_all(chatbot, 4, LEASE_SECONDS * 3)
        tried = stack.do("attempts", chatbot=chatbot)
        arrived = counter.chatlogs()
        assert interrupted_of(tried, arrived, [f"c{number}" for number in range(4)]) == 0
        assert set(arrived.values()) == {1}


@pytest.mark.parametrize("is_new", [False, True], ids=["that had looked", "that is new"])
def test_what_a_worker_sent_before_a_crash_undid_its_claim_no_other_worker_sends_again(
    stack: Stack, cluster: Cluster, is_new: bool
) -> None:
    first = stack.worker
    assert first is not None
    others = []
    with Counter(delay_seconds=2) as counter:
        try:
            if not is_new:
                others.append(second_worker(stack))
                others[0].send_signal(signal.SIGSTOP)
            chatbot = stack.do("prepare", url=counter.url)["chatbotId"]
            stack.do("pour", chatbot=chatbot, count=4)
            counter.wait_for(4)
            # Its next report to the others would take the claim to the disk.
            first.send_signal(signal.SIGSTOP)
            cluster.crash()
            cluster.start()
            # What the first worker has in hand is due, as if nobody had taken it.
            assert cluster.ask(UNDONE) == (4,)
            if is_new:
                others.append(stack.start_worker())
            else:
                others[0].send_signal(signal.SIGCONT)
            wait_until(
                lambda: cluster.ask(LOOKED) != (0,), "the other worker came back before the first"
            )
            first.send_signal(signal.SIGCONT)
            stack.wait_for_all(chatbot, 4, LEASE_SECONDS * 3)
        finally:
            first.send_signal(signal.SIGCONT)
            for other in others:
                other.kill()
            stack.worker = first
        assert set(counter.chatlogs().values()) == {1}
        tried = stack.do("attempts", chatbot=chatbot).values()
        assert [attempts for *_, attempts in tried] == [[[1, ""]]] * 4


def second_worker(stack: Stack) -> subprocess.Popen[bytes]:
    """One more worker, which has delivered."""
    first, second = stack.worker, stack.start_worker()
    assert first is not None
    first.send_signal(signal.SIGSTOP)
    try:
        with Counter() as counter:
            chatbot = stack.do("prepare", url=counter.url)["chatbotId"]
            stack.do("pour", chatbot=chatbot, count=1)
            stack.wait_for_all(chatbot, 1, LEASE_SECONDS * 3)
    finally:
        first.send_signal(signal.SIGCONT)
    return second


def test_each_life_of_the_server_has_a_name_of_its_own(cluster: Cluster) -> None:
    def life() -> tuple[str, float]:
        name, seconds = cluster.ask(LIFE)
        return str(name), float(seconds)

    def kill_a_process_of_the_server() -> None:
        with psycopg.connect(cluster.url) as connection:
            os.kill(connection.info.backend_pid, signal.SIGKILL)
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT pg_sleep(60)")
        wait_until(cluster.answers, "the server is back")

    names = [life()[0]]
    assert life()[0] == names[0]
    ends: list[Callable[[], None]] = [
        partial(cluster.restart, "fast"),
        partial(cluster.restart, "immediate"),
        kill_a_process_of_the_server,
    ]
    for end in ends:
        end()
        name, seconds = life()
        assert 0 <= seconds < SETTLED_SECONDS
        names.append(name)
    assert len(set(names)) == 1 + len(ends)


def assert_all_arrived(stack: Stack, chatbot: str, counter: Counter, visitors: Visitors) -> None:
    """Each event that was poured or answered 200 arrived, and nobody had to be started again."""
    known = stack.do("statuses", chatbot=chatbot)
    # A claim whose connection was cut before its answer came is in nobody's hand for a lease.
    stack.wait_for_all(chatbot, sum(known.values()), LEASE_SECONDS * 3)
    poured = [f"c{number}" for number in range(SOME)]
    expected = [*poured, *stack.do("chatlogs", chatbot=chatbot)]
    interrupted_of(stack.do("attempts", chatbot=chatbot), counter.chatlogs(), expected)
    said: Tally[str] = counter.messages()
    assert set(visitors.answered) <= set(said)
    assert visitors.unanswered == []
    for question, refusal in visitors.refused.items():
        assert refusal.status_code == 503, refusal.text
        assert refusal.headers["Content-Type"] == "application/problem+json"
        assert refusal.json()["detail"].startswith("The database is not answering."), question
    assert stack.all_run(), stack.said()
