"""Group commit: what several callers want to write at one time goes out in one transaction.

A COMMIT and its statements cost about as much for one row as for twenty. So whoever comes while
nothing is being written writes at once, and whoever comes meanwhile waits, together with all
others that do. PostgreSQL does the same with its log.

Where threads are all there is, there is no thread of its own behind this: the first of those that
wait writes for all, a caller that is alone goes straight through on its own thread and connection,
and a process that stops waits for its requests and so for what they write. An event loop cannot
write; it begins a thread that does (`begin_writer`), for itself and for the threads beside it.
Knows no Django.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Job = TypeVar("Job")
Outcome = TypeVar("Outcome")


class NotTogether(Exception):
    """The group was not written, by what is its `__cause__`: the job is to be written alone."""


class _Seat(Generic[Job, Outcome]):
    """One job in the queue, and what its caller is woken for: a thread by `turn`, a loop by
    `future`."""

    __slots__ = ("alone", "error", "future", "job", "outcome", "over", "turn", "weight")

    def __init__(
        self, job: Job, weight: int, future: asyncio.Future[Outcome] | None = None
    ) -> None:
        self.job = job
        self.weight = weight
        self.future = future
        # Held until there is something to do for the thread that waits: see `GroupCommit.submit`.
        self.turn = threading.Lock()
        self.turn.acquire()
        self.outcome: Outcome | None = None
        self.over = False
        self.alone = False
        self.error: BaseException | None = None


class GroupCommit(Generic[Job, Outcome]):
    """`together(jobs)` writes several jobs in one transaction and gives the outcome of each.

    If it raises, nothing of the group counts as written, and each job is given to `alone`, with
    what was raised, on its own thread, beside the others: the mistake of one is its caller's, and
    one that has to wait for a lock holds up nobody else. `alone` must bear that the job was written
    after all, as when the connection broke at COMMIT. A group weighs no more than `most`, unless
    one job alone does.
    """

    def __init__(
        self,
        together: Callable[[Sequence[Job]], Sequence[Outcome]],
        alone: Callable[[Job, BaseException | None], Outcome],
        most: int,
    ) -> None:
        self._together = together
        self._alone = alone
        self._most = most
        self._lock = threading.Lock()
        self._waiting: deque[_Seat[Job, Outcome]] = deque()
        self._writing = False
        # Of the writer's thread, where there is one.
        self._bell: threading.Condition | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._ending = False

    def submit(self, job: Job, weight: int = 1) -> Outcome:
        """Write `job`, alone or in company; returns when it is written, with its outcome.

        Raises what `alone` raises.
        """
        seat: _Seat[Job, Outcome] = _Seat(job, weight)
        with self._lock:
            self._waiting.append(seat)
            write = False
            if self._bell:
                self._bell.notify()
            else:
                write = not self._writing
                self._writing = True
        if not write:
            seat.turn.acquire()
            # Woken with nothing done: it is this thread's turn to write for all that wait.
            write = not (seat.over or seat.alone)
        if write:
            self._write()
        if seat.alone:
            return self._alone(job, seat.error)
        assert seat.outcome is not None
        return seat.outcome

    # -- the event loop's

    def begin_writer(self, loop: asyncio.AbstractEventLoop, close: Callable[[], None]) -> None:
        """From now on a thread writes, also for `loop`, from which this is called; `close` is its
        last deed."""
        with self._lock:
            assert self._thread is None
            self._loop, self._ending = loop, False
            self._bell = threading.Condition(self._lock)
            self._thread = threading.Thread(
                target=self._write_on, args=(close,), name="group-commit", daemon=True
            )
        self._thread.start()

    def enqueue(self, job: Job, weight: int = 1) -> asyncio.Future[Outcome]:
        """From the loop: have `job` written. The future has its outcome, or NotTogether."""
        assert self._loop is not None
        assert self._bell is not None
        future: asyncio.Future[Outcome] = self._loop.create_future()
        with self._lock:
            self._waiting.append(_Seat(job, weight, future))
            self._bell.notify()
        return future

    def end_writer(self) -> None:
        """Write what waits, and let the writer's thread end. Blocks until then."""
        with self._lock:
            thread, self._ending = self._thread, True
            if self._bell:
                self._bell.notify()
        if thread is not None:
            thread.join()
            self._thread = self._loop = None

    def _write_on(self, close: Callable[[], None]) -> None:
        assert self._bell is not None
        try:
            while True:
                with self._lock:
                    # A thread that writes for all at this moment passes the turn on by itself.
                    while self._writing or not self._waiting:
                        if self._ending and not self._waiting and not self._writing:
                            self._bell = None  # From now on threads write again.
                            return
                        self._bell.wait()
                    self._writing = True
                # Whatever tore it away: its seats were told, and the next group has its turn.
                with contextlib.suppress(BaseException):
                    self._write()
        finally:
            close()

    # -- whoever writes

    def _write(self) -> None:
        """Write what waits, pass the turn on, and wake those that were written for."""
        group = self._group()
        outcomes: Sequence[Outcome] = ()
        failure: BaseException | None = None
        try:
            outcomes = self._together([seat.job for seat in group])
        except Exception as error:  # noqa: BLE001 - each is tried again, and raises to its own caller
            failure = error
        finally:
            for seat, outcome in zip(group, outcomes, strict=False):
                seat.outcome = outcome
                seat.over = True
            with self._lock:
                following = self._waiting[0] if self._waiting else None
                if self._bell:
                    # The writer's thread is next, whoever wrote now.
                    self._writing, following = False, None
                    self._bell.notify()
                else:
                    self._writing = following is not None
            if following is not None:
                following.turn.release()
            for seat in group:
                seat.alone, seat.error = not seat.over, failure
                seat.turn.release()
            self._tell_loop([seat for seat in group if seat.future is not None])

    def _tell_loop(self, seats: Sequence[_Seat[Job, Outcome]]) -> None:
        if seats and self._loop is not None:
            # One call for all of them: each wakes the loop.
            self._loop.call_soon_threadsafe(_settle, seats)

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


def _settle(seats: Sequence[_Seat[Job, Outcome]]) -> None:
    """On the loop: give the outcomes to whoever still waits."""
    for seat in seats:
        future = seat.future
        if future is None or future.done():
            continue
        if seat.over:
            assert seat.outcome is not None
            future.set_result(seat.outcome)
        else:
            missed = NotTogether()
            missed.__cause__ = seat.error
            future.set_exception(missed)
