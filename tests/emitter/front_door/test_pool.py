"""Django's threads: so many, each with its own place, and a bounded number that waits for one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from chatbots.later import Busy
from emitter.front_door import pool as pool_module
from emitter.front_door.pool import Pool


class Gate:
    """Holds up whoever comes in, until it is opened."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self.inside: list[int] = []

    def enter(self, number: int) -> int:
        self.inside.append(number)
        assert self._open.wait(30)
        return number

    def open(self) -> None:
        self._open.set()


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open()


async def until_inside(gate: Gate, count: int) -> None:
    async with asyncio.timeout(30):
        while len(gate.inside) < count:
            await asyncio.sleep(0.001)


def test_more_than_may_wait_are_refused_at_once(gate: Gate) -> None:
    async def ask() -> list[object]:
        pool = Pool(threads=2, most_waiting=3)
        tasks = [asyncio.create_task(pool.run(gate.enter, number)) for number in range(8)]
        await until_inside(gate, 2)
        gate.open()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        # There are places again.
        assert await pool.run(gate.enter, 9) == 9
        pool.close()
        return list(ended)

    ended = asyncio.run(ask())
    assert ended[:5] == [0, 1, 2, 3, 4]
    assert [type(one) for one in ended[5:]] == [Busy] * 3


def test_nobody_waits_for_a_thread_without_end(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "WAIT_SECONDS", 0.05)

    async def ask() -> None:
        pool = Pool(threads=1, most_waiting=3)
        first = asyncio.create_task(pool.run(gate.enter, 1))
        await until_inside(gate, 1)
        with pytest.raises(Busy):
            await pool.run(gate.enter, 2)
        gate.open()
        assert await first == 1
        # What was given up is not done later.
        assert await pool.run(gate.enter, 3) == 3
        assert gate.inside == [1, 3]
        pool.close()

    asyncio.run(ask())


def test_who_waited_and_has_a_thread_is_waited_for(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "WAIT_SECONDS", 0.2)

    async def ask() -> None:
        pool = Pool(threads=1, most_waiting=3)
        quick = asyncio.create_task(pool.run(lambda: None))
        slow = asyncio.create_task(pool.run(gate.enter, 2))
        await until_inside(gate, 1)
        await asyncio.sleep(0.3)
        gate.open()
        assert [await quick, await slow] == [None, 2]
        pool.close()

    asyncio.run(ask())


def test_a_mistake_is_its_callers_and_a_caller_that_leaves_costs_nobody_a_place(
    gate: Gate,
) -> None:
    def fail() -> None:
        raise LookupError("nowhere")

    async def ask() -> None:
        pool = Pool(threads=1, most_waiting=0)
        with pytest.raises(LookupError, match="nowhere"):
            await pool.run(fail)
        leaving = asyncio.create_task(pool.run(gate.enter, 1))
        await until_inside(gate, 1)
        leaving.cancel()
        with pytest.raises(Busy):
            await pool.run(gate.enter, 2)
        gate.open()
        async with asyncio.timeout(30):
            while pool._inside:
                await asyncio.sleep(0.001)
        assert await pool.run(gate.enter, 3) == 3
        pool.close()

    asyncio.run(ask())
