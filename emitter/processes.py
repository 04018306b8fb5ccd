"""A group of processes in the foreground: kept running until one signal ends them all."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import FrameType

from emitter import standard_streams

# `make up` promises to be gone after 15 s; a delivery in flight may take 10.
STOP_SECONDS = 12.0
# A process that lived this long is started again at once; one that did not waits, longer each time.
STEADY_SECONDS = 10.0
LONGEST_WAIT_SECONDS = 30.0
READY_POLL_SECONDS = 0.1
TOLD_POLL_SECONDS = 1.0
# make, a terminal and a shell may each pass on the same Ctrl-C: a later one is impatience.
IMPATIENCE_SECONDS = 1.0


def say(sentence: str) -> None:
    """One line for the person who started the group, if there is still someone to read it."""
    standard_streams.say(f"emitter: {sentence}", sys.stdout)


@dataclass
class Member:
    """One process of the group, and how it has fared."""

    name: str
    arguments: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0
    due_at: float = 0
    early_deaths: int = 0

    def start(self) -> None:
        # A session of its own: Ctrl-C in the terminal reaches `up` alone, which then stops each
        # process once and in order.
        self.process = subprocess.Popen(
            self.arguments, stdin=subprocess.DEVNULL, start_new_session=True
        )
        self.started_at = time.monotonic()

    def send(self, number: signal.Signals) -> None:
        """Signal the process and all it has started."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


def _how(returncode: int) -> str:
    if returncode >= 0:
        return f"exit code {returncode}"
    try:
        return f"killed by {signal.Signals(-returncode).name}"
    except ValueError:
        return f"killed by signal {-returncode}"


class Group:
    """Start `members`, restart what dies, stop all on SIGINT, SIGTERM or SIGHUP."""

    def __init__(
        self, members: Sequence[Member], told_to_stop: Callable[[], bool] | None = None
    ) -> None:
        self.members = members
        # Another way to be told than by a signal; asked once a second.
        self._told_to_stop = told_to_stop
        self._asked_to_stop_at: float | None = None
        self._impatient = False
        self._bell: socket.socket | None = None

    def run(self, when_ready: Callable[[], None], ready: Callable[[], bool]) -> int:
        """Run until told to stop. Returns the exit code.

        `ready` is asked a few times a second until it says yes; then `when_ready` is called once.
        A group of which a member keeps dying before that is given up.
        """
        announced = False
        with self._signals():
            try:
                for member in self.members:
                    member.start()
                while self._asked_to_stop_at is None:
                    self._restart_the_dead()
                    if not announced:
                        if max(member.early_deaths for member in self.members) >= 3:
                            say("It does not start; what it said is above.")
                            return 1
                        if ready():
                            announced = True
                            when_ready()
                            continue
                    self._wait(self._until_next_start() if announced else READY_POLL_SECONDS)
                    if self._told_to_stop is not None and self._told_to_stop():
                        break
                return 0
            finally:
                self._stop()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Let signals wake `_wait`: no polling while nothing happens, and no race."""
        self._bell, ring = socket.socketpair()
        self._bell.setblocking(False)
        ring.setblocking(False)
        before = signal.set_wakeup_fd(ring.fileno(), warn_on_full_buffer=False)
        numbers = [signal.SIGINT, signal.SIGTERM, signal.SIGCHLD]
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup
            numbers.append(signal.SIGHUP)
        handlers = {number: signal.signal(number, self._heard) for number in numbers}
        try:
            yield
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(before)
            ring.close()
            self._bell.close()

    def _heard(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGCHLD:
            return
        now = time.monotonic()
        if self._asked_to_stop_at is None:
            self._asked_to_stop_at = now
        elif number == signal.SIGINT and now - self._asked_to_stop_at > IMPATIENCE_SECONDS:
            self._impatient = True

    def _wait(self, seconds: float | None) -> None:
        assert self._bell is not None
        select.select([self._bell], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            self._bell.recv(4096)

    def _until_next_start(self) -> float | None:
        due = [member.due_at for member in self.members if member.process is None]
        if due:
            return max(0.0, min(due) - time.monotonic())
        return TOLD_POLL_SECONDS if self._told_to_stop is not None else None

    def _restart_the_dead(self) -> None:
        now = time.monotonic()
        for member in self.members:
            if member.process is None:
                if member.due_at <= now:
                    member.start()
                continue
            returncode = member.process.poll()
            if returncode is None:
                continue
            # Whatever it started must not hold the port or the queue against its successor.
            member.send(signal.SIGKILL)
            member.process = None
            if now - member.started_at >= STEADY_SECONDS:
                member.early_deaths = 0
            wait = min(2.0 ** (member.early_deaths - 1), LONGEST_WAIT_SECONDS)
            wait = wait if member.early_deaths else 0
            member.early_deaths += now - member.started_at < STEADY_SECONDS
            member.due_at = now + wait
            when = f" in {wait:.0f} s" if wait else ""
            say(f"The {member.name} process died ({_how(returncode)}); starting it again{when}.")
            if not wait:
                member.start()

    def _stop(self) -> None:
        """End every process: politely, then, after STOP_SECONDS or a second Ctrl-C, for good."""
        running = [member for member in self.members if member.process is not None]
        if running and standard_streams.is_terminal(sys.stdout):
            say("Stopping …")
        for member in running:
            assert member.process is not None
            # Only the first process of each: it tells its own children.
            with contextlib.suppress(ProcessLookupError):
                member.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        while any(member.process and member.process.poll() is None for member in running):
            left = deadline - time.monotonic()
            if left <= 0 or self._impatient:
                break
            self._wait(left)
        for member in running:
            member.send(signal.SIGKILL)
            assert member.process is not None
            member.process.wait()
