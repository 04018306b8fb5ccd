"""Redis freezes, forgets everything, and dies."""

from __future__ import annotations

import signal

import pytest

from tests.process.conftest import Served
from tests.process.counter import Counter
from tests.process.stack import Stack, wait_until
from tests.process.truth import interrupted_of
from webhooks.recovery import BATCH

pytestmark = [pytest.mark.process, pytest.mark.thorough]
SOME = 200


def test_what_is_committed_while_redis_is_frozen_is_delivered_while_it_is_frozen(
    served: Served,
) -> None:
    stack = served.stack
    with Counter() as counter:
        chatbot = stack.do("prepare", url=counter.url)["chatbotId"]
        stack.do("trickle", chatbot=chatbot, count=20, per_second=200)
        with served.redis.frozen():
            stack.do("ask", chatbot=chatbot, count=SOME)
            stack.wait_for_all(chatbot, SOME + 20)
        assert counter.chatlogs().total() == SOME + 20
        trickled = [f"t{number}" for number in range(20)]
        assert_each_was_sent_once(stack, chatbot, counter, trickled)
        # Wake-ups are taken again.
        wait_until(served.redis.is_listened_to, "the worker at Redis", 60)


def test_redis_may_forget_everything_at_any_time(served: Served) -> None:
    stack = served.stack
    with Counter(delay_seconds=0.02) as counter:
        chatbot = stack.do("prepare", url=counter.url)["chatbotId"]
        stack.do("pour", chatbot=chatbot, count=SOME * 5)
        for arrivals in range(SOME, SOME * 5, SOME):
            counter.wait_for(arrivals)
            served.redis.wipe()
        stack.wait_for_all(chatbot, SOME * 5)
        expected = [f"c{number}" for number in range(SOME * 5)]
        assert_each_was_sent_once(stack, chatbot, counter, expected)


def test_a_recovery_goes_on_while_redis_is_frozen(served: Served) -> None:
    stack = served.stack
    with Counter() as counter:
        chatbot = stack.do("prepare", url=counter.url)["chatbotId"]
        stack.signal_worker(signal.SIGKILL)
        stack.do("pour", chatbot=chatbot, count=BATCH + SOME)
        stack.do("give_up", chatbot=chatbot)
        stack.start_worker()
        wait_until(served.redis.is_listened_to, "the worker at Redis", 60)
        with served.redis.frozen():
            stack.do("recover", chatbot=chatbot)
            counter.wait_for(BATCH + SOME)
            stack.wait_for_all(chatbot, BATCH + SOME)
        assert set(counter.chatlogs().values()) == {1}


@pytest.mark.soak
def test_redis_may_die_and_come_back_empty(served: Served) -> None:
    stack = served.stack
    with Counter(delay_seconds=0.02) as counter:
        chatbot = stack.do("prepare", url=counter.url)["chatbotId"]
        stack.do("pour", chatbot=chatbot, count=SOME * 5)
        counter.wait_for(SOME)
        served.redis.kill()
        stack.do("ask", chatbot=chatbot, count=SOME)
        # All of it, without a broker.
        stack.wait_for_all(chatbot, SOME * 6)
        served.redis.start()
        wait_until(served.redis.is_listened_to, "the worker back at Redis", 60)
        stack.do("ask", chatbot=chatbot, count=SOME)
        stack.wait_for_all(chatbot, SOME * 7)
        assert counter.chatlogs().total() == SOME * 7
        poured = [f"c{number}" for number in range(SOME * 5)]
        assert_each_was_sent_once(stack, chatbot, counter, poured)
        assert stack.all_run()


def assert_each_was_sent_once(
    stack: Stack, chatbot: str, counter: Counter, made: list[str]
) -> None:
    """The chatlogs that were `made`, and those of the chats, by one attempt each."""
    arrived = counter.chatlogs()
    expected = [*made, *stack.do("chatlogs", chatbot=chatbot)]
    assert interrupted_of(stack.do("attempts", chatbot=chatbot), arrived, expected) == 0
    assert set(arrived.values()) == {1}
