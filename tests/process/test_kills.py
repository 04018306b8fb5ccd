"""Workers that are killed at random moments, again and again."""

from __future__ import annotations

import os
import random

import pytest

from tests.process.counter import Counter
from tests.process.stack import Stack
from tests.process.truth import interrupted_of
from webhooks.queue import LEASE_SECONDS
from webhooks.traffic import SLOTS

pytestmark = [pytest.mark.process, pytest.mark.soak, pytest.mark.timeout(300)]
# By the stack: how many deliveries, and how many kills.
LOAD = {"embedded": (3_000, 5), "served": (20_000, 22)}


def test_workers_killed_at_random_moments_lose_nothing(
    request: pytest.FixtureRequest, stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    count, kills = LOAD[request.node.callspec.params["stack"]]
    seed = int(os.environ.get("KILL_SEED") or random.randrange(10**9))
    chance = random.Random(seed)
    with capsys.disabled():
        print(f" KILL_SEED={seed}", end=" ", flush=True)
    # What is claimed and not yet sent is away until its lease runs out: not all of it arrives
    # before the last kill.
    moments = sorted(chance.sample(range(1, count * 3 // 4), kills))
    with Counter(delay_seconds=0.02) as counter:
        chatbot = stack.do("prepare", url=counter.url)["chatbotId"]
        assert stack.worker is not None
        workers = [stack.worker, stack.start_worker()]
        stack.do("pour", chatbot=chatbot, count=count)
        for moment in moments:
            counter.wait_for(moment, LEASE_SECONDS * 3)
            victim = chance.randrange(len(workers))
            workers[victim].kill()
            workers[victim].wait()
            workers[victim] = stack.start_worker()
        # All that is leased now was in the hand of a worker that is dead.
        for worker in workers:
            worker.kill()
            worker.wait()
        left = stack.do("let_time_pass", seconds=LEASE_SECONDS)
        stack.start_worker()
        stack.wait_for_all(chatbot, count, LEASE_SECONDS * 3)
        arrived = counter.chatlogs()
    expected = [f"c{number}" for number in range(count)]
    interrupted = interrupted_of(stack.do("attempts", chatbot=chatbot), arrived, expected)
    twice = arrived.total() - count
    with capsys.disabled():
        print(
            f"{kills + 2} kills, {interrupted} in flight, {twice} arrived again,"
            f" {left} left to the end",
            end=" ",
        )
    assert 0 < interrupted <= (kills + 2) * SLOTS
    assert twice <= interrupted
