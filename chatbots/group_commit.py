"""Group commit: what several threads want to write at one time goes out in one transaction.

A COMMIT and its statements cost about as much for one row as for twenty. So whoever comes while
nothing is being written writes at once, and whoever comes meanwhile waits, together with all
others that do: the first of them then writes for all. PostgreSQL does the same with its log.

There is no thread of its own behind this. A caller that is alone goes straight through on its own
thread and connection, a process that stops waits for its requests and so for what they write, and
a fork takes nothing along. Knows no Django.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Job = TypeVar("Job")
Outcome = TypeVar("Outcome")


class _Seat(Generic[Job, Outcome]):
    """One job in the queue, and what its thread is woken for."""

    __slots__ = ("alone", "job", "outcome", "over", "turn", "weight")

    def __init__(self, job: Job, weight: int) -> None:
        self.job = job
        self.weight = weight
        # Held until there is something to do for the thread that waits: see `GroupCommit.submit`.
        self.turn = threading.Lock()
        self.turn.acquire()
        self.outcome: Outcome | None = None
        self.over = False
        self.alone = False


class GroupCommit(Generic[Job, Outcome]):
    """`together(jobs)` writes several jobs in one transaction and gives the outcome of each.

    If it raises, nothing of the group counts as written, and each job is given to `alone` on its
    own thread, beside the others: the mistake of one is its caller's, and one that has to wait for
    a lock holds up nobody else. `alone` must bear that the job was written after all, as when the
    connection broke at COMMIT. A group weighs no more than `most`, unless one job alone does.
    """

    def __init__(
        self,
        together: Callable[[Sequence[Job]], Sequence[Outcome]],
        alone: Callable[[Job], Outcome],
        most: int,
    ) -> None:
        self._together = together
        self._alone = alone
        self._most = most
        self._lock = threading.Lock()
        self._waiting: deque[_Seat[Job, Outcome]] = deque()
        self._writing = False

    def submit(self, job: Job, weight: int = 1) -> Outcome:
        """Write `job`, alone or in company; returns when it is written, with its outcome.

        Raises what `alone` raises.
        """
        seat: _Seat[Job, Outcome] = _Seat(job, weight)
        with self._lock:
            self._waiting.append(seat)
            write = not self._writing
            self._writing = True
        if not write:
            seat.turn.acquire()
            # Woken with nothing done: it is this thread's turn to write for all that wait.
            write = not (seat.over or seat.alone)
        if write:
            self._write()
        if seat.alone:
            return self._alone(job)
        assert seat.outcome is not None
        return seat.outcome

    def _write(self) -> None:
        """Write what waits, pass the turn on, and wake those that were written for."""
        group = self._group()
        outcomes: Sequence[Outcome] = ()
        try:
            outcomes = self._together([seat.job for seat in group])
        except Exception:  # noqa: BLE001 - each is tried again, and raises to its own caller
            outcomes = ()
        finally:
            for seat, outcome in zip(group, outcomes, strict=False):
                seat.outcome = outcome
                seat.over = True
            with self._lock:
                following = self._waiting[0] if self._waiting else None
                self._writing = following is not None
            if following is not None:
                following.turn.release()
            for seat in group:
                seat.alone = not seat.over
                seat.turn.release()

    def _group(self) -> list[_Seat[Job, Outcome]]:
        """Take from the front of the queue what makes a group: the caller's own job is first."""
        with self._lock:
            group = [self._waiting.popleft()]
            weight = group[0].weight
            while self._waiting and weight + self._waiting[0].weight <= self._most:
                seat = self._waiting.popleft()
                weight += seat.weight
                group.append(seat)
        return group
