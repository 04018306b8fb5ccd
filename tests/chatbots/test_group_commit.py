"""Jobs of many threads written together: none lost, none doubled, each mistake its own caller's."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from chatbots.group_commit import GroupCommit, NotTogether
from tests.webhooks.due import wait_until


class Paper:
    """Where groups are written: holds a writer up until told, and can be made to fail."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.alone: list[int] = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.spoils: Callable[[int], bool] = lambda job: False
        self.failure: type[BaseException] = ValueError

    def write_together(self, jobs: Sequence[int]) -> list[str]:
        self.groups.append(list(jobs))
        assert self.go_on.wait(30)
        for job in jobs:
            if self.spoils(job):
                raise self.failure(job)
        return [f"{job} written" for job in jobs]

    def write_alone(self, job: int, failure: BaseException | None) -> str:
        self.alone.append(job)
        if self.spoils(job):
            raise ValueError(job)
        return f"{job} written"


@pytest.fixture
def paper() -> Paper:
    return Paper()


def company(
    paper: Paper, first: int, others: Sequence[int], most: int = 100
) -> tuple[Future[str], list[Future[str]]]:
    """`others` come, in order, while `first` is being written; all have ended on return."""
    group: GroupCommit[int, str] = GroupCommit(paper.write_together, paper.write_alone, most)
    paper.go_on.clear()
    with ThreadPoolExecutor(1 + len(others)) as pool:
        leading = pool.submit(group.submit, first)
        wait_until(lambda: paper.groups, "the first group")
        following: list[Future[str]] = []
        for job in others:
            following.append(pool.submit(group.submit, job))
            wait_until(lambda: len(group._waiting) == len(following), "the queue")
        paper.go_on.set()
    return leading, following


def test_who_is_alone_is_written_at_once_on_the_callers_own_thread(paper: Paper) -> None:
    threads = []

    def write(jobs: Sequence[int]) -> list[str]:
        threads.append(threading.get_ident())
        return paper.write_together(jobs)

    group: GroupCommit[int, str] = GroupCommit(write, paper.write_alone, 100)
    assert [group.submit(1), group.submit(2)] == ["1 written", "2 written"]
    assert threads == [threading.get_ident()] * 2
    assert paper.groups == [[1], [2]]


def test_who_comes_while_others_are_written_is_written_together(paper: Paper) -> None:
    leading, following = company(paper, 1, [2, 3, 4])
    assert paper.groups == [[1], [2, 3, 4]]
    assert [future.result(30) for future in [leading, *following]] == [
        f"{job} written" for job in (1, 2, 3, 4)
    ]


def test_a_group_has_its_limit_and_the_rest_comes_after(paper: Paper) -> None:
    company(paper, 1, [2, 3, 4, 5, 6], most=2)
    assert paper.groups == [[1], [2, 3], [4, 5], [6]]


def test_one_that_is_over_the_limit_alone_is_written_alone(paper: Paper) -> None:
    group: GroupCommit[int, str] = GroupCommit(paper.write_together, paper.write_alone, 2)
    assert group.submit(1, weight=500) == "1 written"


def test_a_mistake_is_its_own_callers_and_the_others_are_written(paper: Paper) -> None:
    paper.spoils = lambda job: job == 3
    leading, following = company(paper, 1, [2, 3, 4])
    assert leading.result(30) == "1 written"
    assert following[0].result(30) == "2 written"
    assert following[2].result(30) == "4 written"
    with pytest.raises(ValueError, match="3"):
        following[1].result(30)
    assert sorted(paper.alone) == [2, 3, 4]


def test_a_writer_that_is_torn_away_leaves_nobody_waiting(paper: Paper) -> None:
    paper.spoils = lambda job: job == 1
    paper.failure = SystemExit
    leading, following = company(paper, 1, [2, 3])
    with pytest.raises(SystemExit):
        leading.result(30)
    assert [future.result(30) for future in following] == ["2 written", "3 written"]


def test_of_many_threads_each_job_is_written_once_and_answered_with_its_own(paper: Paper) -> None:
    group: GroupCommit[int, str] = GroupCommit(paper.write_together, paper.write_alone, 7)
    paper.spoils = lambda job: job % 97 == 0
    spoiled = []

    def submit(job: int) -> None:
        try:
            assert group.submit(job) == f"{job} written"
        except ValueError:
            spoiled.append(job)

    jobs = range(1, 1001)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(submit, jobs))
    assert sorted(spoiled) == [job for job in jobs if job % 97 == 0]
    tried = Counter(job for written in paper.groups for job in written)
    assert tried == Counter(jobs)
    failed = [
        job for written in paper.groups if any(j % 97 == 0 for j in written) for job in written
    ]
    assert sorted(paper.alone) == sorted(failed)


# ---------------------------------------------------------------- for an event loop


class Writing:
    """A group commit whose thread writes for the loop that runs this."""

    def __init__(self, paper: Paper, most: int = 100) -> None:
        self.closed: list[str] = []
        self.group: GroupCommit[int, str] = GroupCommit(
            paper.write_together, paper.write_alone, most
        )

    async def __aenter__(self) -> GroupCommit[int, str]:
        self.group.begin_writer(
            asyncio.get_running_loop(), lambda: self.closed.append(threading.current_thread().name)
        )
        return self.group

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.group.end_writer)
        assert self.closed == ["group-commit"]


def test_a_loop_has_its_jobs_written_together_by_one_thread(paper: Paper) -> None:
    async def ask() -> list[str]:
        async with Writing(paper, most=3) as group:
            paper.go_on.clear()
            first = group.enqueue(1)
            await asyncio.to_thread(wait_until, lambda: paper.groups, "the first group")
            others = [group.enqueue(job) for job in (2, 3, 4, 5)]
            heavy = group.enqueue(6, weight=500)
            paper.go_on.set()
            return [await one for one in (first, *others, heavy)]

    assert asyncio.run(ask()) == [f"{job} written" for job in range(1, 7)]
    assert paper.groups == [[1], [2, 3, 4], [5], [6]]


def test_a_mistake_in_a_group_comes_to_each_of_a_loops_jobs_as_not_together(paper: Paper) -> None:
    paper.spoils = lambda job: job == 3
    paper.failure = SystemExit

    async def ask() -> list[Any]:
        async with Writing(paper) as group:
            paper.go_on.clear()
            first = group.enqueue(1)
            await asyncio.to_thread(wait_until, lambda: paper.groups, "the first group")
            others = [group.enqueue(job) for job in (2, 3)]
            paper.go_on.set()
            ended = await asyncio.gather(first, *others, return_exceptions=True)
            # And the thread goes on.
            return [*ended, await group.enqueue(4)]

    ended = asyncio.run(ask())
    assert (ended[0], ended[3]) == ("1 written", "4 written")
    assert [type(one) for one in ended[1:3]] == [NotTogether, NotTogether]
    assert paper.alone == []


def test_whoever_is_written_alone_is_told_why(paper: Paper) -> None:
    paper.spoils = lambda job: job == 1
    told: list[BaseException | None] = []

    def write_alone(job: int, failure: BaseException | None) -> str:
        told.append(failure)
        return "alone"

    group: GroupCommit[int, str] = GroupCommit(paper.write_together, write_alone, 100)
    assert group.submit(1) == "alone"

    async def ask() -> BaseException | None:
        group.begin_writer(asyncio.get_running_loop(), lambda: None)
        with pytest.raises(NotTogether) as missed:
            await group.enqueue(1)
        await asyncio.to_thread(group.end_writer)
        return missed.value.__cause__

    told.append(asyncio.run(ask()))
    assert [type(each) for each in told] == [ValueError, ValueError]


def test_threads_beside_a_loop_are_written_for_by_its_thread(paper: Paper) -> None:
    threads: list[str] = []

    def write(jobs: Sequence[int]) -> list[str]:
        threads.append(threading.current_thread().name)
        return paper.write_together(jobs)

    async def ask() -> list[Any]:
        writing = Writing(paper)
        writing.group._together = write
        async with writing as group:
            paper.spoils = lambda job: job == 2
            ended = await asyncio.gather(
                *(asyncio.to_thread(group.submit, job) for job in (1, 2, 3)),
                return_exceptions=True,
            )
            ended.append(await group.enqueue(4))
        # Without it, whoever asks writes.
        return [*ended, group.submit(5)]

    ended = asyncio.run(ask())
    assert [one for one in ended if isinstance(one, str)] == [
        f"{job} written" for job in (1, 3, 4, 5)
    ]
    assert isinstance(ended[1], ValueError)
    assert set(threads[:-1]) == {"group-commit"}
    assert threads[-1] == threading.current_thread().name


def test_what_waits_is_written_before_the_writer_ends_and_who_has_gone_is_not_told(
    paper: Paper,
) -> None:
    async def ask() -> list[str]:
        writing = Writing(paper)
        group = await writing.__aenter__()
        paper.go_on.clear()
        futures = [group.enqueue(job) for job in (1, 2, 3)]
        futures[1].cancel()
        ending = asyncio.create_task(writing.__aexit__())
        await asyncio.sleep(0)
        paper.go_on.set()
        await ending
        return [await futures[0], await futures[2]]

    assert asyncio.run(ask()) == ["1 written", "3 written"]
    assert sorted(job for group in paper.groups for job in group) == [1, 2, 3]
