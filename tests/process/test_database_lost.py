"""PostgreSQL cuts its connections, is restarted, and crashes."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import needs
from tests.process.cluster import Cluster, pg_ctl
from tests.process.conftest import started
from tests.process.counter import Counter
from tests.process.stack import Stack, wait_until
from tests.process.truth import interrupted_of
from tests.process.visitors import Visitors
from webhooks.queue import LEASE_SECONDS

pytestmark = [pytest.mark.process, pytest.mark.soak, pytest.mark.timeout(300)]
SOME = 2000
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
        chatlogs = stack.do("attempts", chatbot=chatbot)
        arrived = counter.chatlogs()
        assert interrupted_of(stack, chatbot, arrived, chatlogs) == 0
        assert set(arrived.values()) == {1}


def assert_all_arrived(stack: Stack, chatbot: str, counter: Counter, visitors: Visitors) -> None:
    """Each event that was poured or answered 200 arrived, and nobody had to be started again."""
    known = stack.do("statuses", chatbot=chatbot)
    # A claim whose connection was cut before its answer came is in nobody's hand for a lease.
    stack.wait_for_all(chatbot, sum(known.values()), LEASE_SECONDS * 3)
    chatlogs = stack.do("attempts", chatbot=chatbot)
    interrupted_of(stack, chatbot, counter.chatlogs(), chatlogs)
    said: Tally[str] = counter.messages()
    assert {f"c{number}" for number in range(SOME)} <= set(chatlogs)
    assert set(visitors.answered) <= set(said)
    assert visitors.unanswered == []
    for question, refusal in visitors.refused.items():
        assert refusal.status_code == 503, refusal.text
        assert refusal.headers["Content-Type"] == "application/problem+json"
        assert refusal.json()["detail"].startswith("The database is not answering."), question
    assert stack.all_run(), stack.said()
