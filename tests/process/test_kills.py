"""Workers that are killed at random moments, again and again."""

from __future__ import annotations

import os
import random
from subprocess import Popen

import pytest

from tests.process.counter import Counter
from tests.process.stack import Stack
from tests.process.truth import interrupted_of
from webhooks.limits import SLOTS
from webhooks.queue import LEASE_SECONDS

pytestmark = [pytest.mark.process, pytest.mark.soak, pytest.mark.timeout(300)]
# By the stack: how many deliveries, and how many kills.
LOAD = {"embedded": (3_000, 5), "served": (20_000, 22)}
CONVERSATIONS = 40
MESSAGES = 25
ORDERED_KILLS = 4


@pytest.fixture
def chance(capsys: pytest.CaptureFixture[str]) -> random.Random:
    """Of a seed that is told, and may be given."""
    seed = int(os.environ.get("KILL_SEED") or random.randrange(10**9))
    with capsys.disabled():
        print(f" KILL_SEED={seed}", end=" ", flush=True)
    return random.Random(seed)


def two_workers(stack: Stack) -> list[Popen[bytes]]:
    assert stack.worker is not None
    return [stack.worker, stack.start_worker()]


def kill(
    workers: list[Popen[bytes]],
    stack: Stack,
    counter: Counter,
    chance: random.Random,
    *,
    kills: int,
    count: int,
) -> int:
    """Kill one of the workers at random moments while `count` deliveries go out, and in the end all
    of them; a new one goes on. Returns how many deliveries were in a dead hand then."""
    # What is claimed and not yet sent is away until its lease runs out: not all of it arrives
    # before the last kill.
    moments = sorted(chance.sample(range(1, count * 3 // 4), kills))
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
    left = int(stack.do("let_time_pass", seconds=LEASE_SECONDS))
    stack.start_worker()
    return left


def test_workers_killed_at_random_moments_lose_nothing(
    request: pytest.FixtureRequest,
    stack: Stack,
    chance: random.Random,
    capsys: pytest.CaptureFixture[str],
) -> None:
    count, kills = LOAD[request.node.callspec.params["stack"]]
    with Counter(delay_seconds=0.02) as counter:
        chatbot = stack.do("prepare", url=counter.url)["chatbotId"]
        workers = two_workers(stack)
        stack.do("pour", chatbot=chatbot, count=count)
        left = kill(workers, stack, counter, chance, kills=kills, count=count)
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


def test_workers_killed_at_random_moments_leave_each_conversation_in_order(
    stack: Stack, chance: random.Random, capsys: pytest.CaptureFixture[str]
) -> None:
    count = CONVERSATIONS * MESSAGES
    with Counter(delay_seconds=0.02) as counter:
        chatbot = stack.do("prepare", url=counter.url, ordered=True)["chatbotId"]
        workers = two_workers(stack)
        stack.do("pour", chatbot=chatbot, count=CONVERSATIONS, each=MESSAGES)
        kill(workers, stack, counter, chance, kills=ORDERED_KILLS, count=count)
        stack.wait_for_all(chatbot, count, LEASE_SECONDS * 3)
        arrivals, arrived = counter.arrivals(), counter.messages()
    tried = stack.do("attempts", chatbot=chatbot, by="message")
    expected = [f"c{n} {place}" for n in range(CONVERSATIONS) for place in range(MESSAGES)]
    interrupted = interrupted_of(tried, arrived, expected)
    twice = arrived.total() - count
    with capsys.disabled():
        print(f"{interrupted} in flight, {twice} arrived again", end=" ")
    assert 0 < interrupted <= (ORDERED_KILLS + 2) * CONVERSATIONS
    assert twice <= interrupted
    orders: dict[str, list[int]] = {}
    for one in arrivals:
        orders.setdefault(one.chatlog, []).append(int(one.message.split()[1]))
    for chatlog, order in orders.items():
        # Again where a worker was lost; never past one that came after it.
        assert order == sorted(order), chatlog
