"""Name look-ups that cannot hold each other up: c-ares on its own thread, answers kept by TTL.

libcurl's own resolver is a pool of 20 threads: that many hanging names starve every other look-up.
"""

from __future__ import annotations

import socket
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import pycares

from webhooks.look_up_channel import LookUpChannel

SHORTEST_TTL_SECONDS = 1
LONGEST_TTL_SECONDS = 300
# After quick answers c-ares gives the next a quarter of a second, and about twice as long with each
# try, within this: the answer to an earlier try is not taken. So many tries are the ten seconds of
# an attempt, at least.
LONGEST_TRY_SECONDS = 4.0
TRIES = 8
# Who asks later than this after a question that is still open asks anew: the next try of an old
# question may be seconds away when its name server is back.
SHARED_SECONDS = 1.0
# There are name servers that never answer for IPv6 (AAAA). After so long IPv4 is asked for alone.
PATIENCE_SECONDS = 0.5
MOST_NAMES = 10_000

# What is wrong, as the end of "The name … ".
_ERRORS = {
    pycares.errno.ARES_ENOTFOUND: "does not exist.",
    pycares.errno.ARES_ENODATA: "has no address.",
    pycares.errno.ARES_ETIMEOUT: "could not be looked up: its name server did not answer.",
    pycares.errno.ARES_ESERVFAIL: "could not be looked up: its name server failed.",
    pycares.errno.ARES_EREFUSED: "could not be looked up: its name server refused to answer.",
    pycares.errno.ARES_ECONNREFUSED: "could not be looked up: no name server can be reached.",
    pycares.errno.ARES_EBADNAME: "is not a valid host name.",
}

# Called with the addresses, or with none and the end of "The name …". On any thread.
Answer = Callable[[Sequence[str], str], None]
Value = TypeVar("Value")


@dataclass(slots=True, eq=False)
class Question:
    """One that c-ares was asked, and those who wait for it."""

    name: str
    asked_at: float
    waiting: list[Answer] = field(default_factory=list)
    family: int = socket.AF_UNSPEC
    # By another one's answer; its own may come yet.
    is_answered: bool = False


class Resolver:
    """Looks names up. One per process; every method may be called from any thread."""

    def __init__(
        self,
        servers: Sequence[str] = (),
        *,
        domains: Sequence[str] | None = None,
        ndots: int | None = None,
    ) -> None:
        """`servers` ("127.0.0.1:5353"), `domains` and `ndots` instead of the system's own."""
        self._channel = LookUpChannel(
            servers=servers,
            domains=domains,
            ndots=ndots,
            longest_try_seconds=LONGEST_TRY_SECONDS,
            tries=TRIES,
        )
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, list[str]]] = OrderedDict()
        # The address of a name that answered last, for longer than the TTL of either.
        self._preferred: OrderedDict[str, str] = OrderedDict()
        self._open: dict[str, list[Question]] = {}
        # Names of which IPv4 alone was answered in time.
        self._only_four: OrderedDict[str, bool] = OrderedDict()
        self._impatient: deque[Question] = deque()
        self._is_closed = False
        self._changed = threading.Condition(self._lock)
        self._watch = threading.Thread(target=self._lose_patience, name="look-ups", daemon=True)
        self._watch.start()

    def look_up(self, name: str, answer: Answer) -> None:
        """Call `answer` with the addresses of `name`, at once when they are known still.

        Those who ask for the same name at the same time share one question. Failures are not kept.
        """
        now = time.monotonic()
        addresses: list[str] = []
        question = Question(name, now, [answer])
        with self._lock:
            kept = self._kept.get(name)
            if kept is not None and kept[0] > now:
                addresses = self._in_order(name, kept[1])
            else:
                questions = self._open.setdefault(name, [])
                last = questions[-1] if questions else None
                if last and not last.is_answered and now - last.asked_at < SHARED_SECONDS:
                    last.waiting.append(answer)
                    return
                questions.append(question)
        if addresses:
            answer(addresses, "")
            return

        self._ask(question)
        with self._changed:
            if name in self._only_four:
                four = self._in_addition(question)
            else:
                four = None
                self._impatient.append(question)
                if len(self._impatient) == 1:
                    self._changed.notify()
        if four is not None:
            self._ask(four)

    def _ask(self, question: Question) -> None:
        def done(result: pycares.AddrInfoResult | None, error: int | None) -> None:
            self._answered(question, result, error)

        try:
            self._channel.getaddrinfo(
                question.name, None, family=socket.AddressFamily(question.family), callback=done
            )
        except (pycares.AresError, UnicodeError, ValueError):
            self._answered(question, None, pycares.errno.ARES_EBADNAME)
        except RuntimeError:  # Closed.
            self._answered(question, None, pycares.errno.ARES_EDESTRUCTION)

    def _in_addition(self, question: Question) -> Question | None:
        """The same for IPv4 alone, if it is still open; its answer is one for all who wait."""
        questions = self._open.get(question.name, [])
        if question.is_answered or question not in questions:
            return None
        four = Question(question.name, question.asked_at, family=socket.AF_INET)
        questions.insert(0, four)  # Not at the end: nobody is to join it.
        return four

    def _lose_patience(self) -> None:
        while True:
            with self._changed:
                while not self._impatient and not self._is_closed:
                    self._changed.wait()
                if self._is_closed:
                    return
                question = self._impatient[0]
                left = question.asked_at + PATIENCE_SECONDS - time.monotonic()
                if left > 0 and question in self._open.get(question.name, []):
                    self._changed.wait(left)
                    continue
                self._impatient.popleft()
                four = self._in_addition(question)
            if four is not None:
                self._ask(four)

    def _answered(
        self, question: Question, result: pycares.AddrInfoResult | None, error: int | None
    ) -> None:
        name = question.name
        addresses: list[str] = []
        sentence, ttl = "", 0
        if error is None and result is not None:
            for node in result.nodes:
                address = node.addr[0]
                text = address.decode() if isinstance(address, bytes) else address
                if text not in addresses:
                    addresses.append(text)
            # Of an alias, too: it may lead elsewhere before the addresses that it leads to change.
            ttls = [node.ttl for node in result.nodes] + [alias.ttl for alias in result.cnames]
            ttl = min(ttls, default=0)
        if not addresses:
            sentence = _ERRORS.get(
                error or pycares.errno.ARES_ENODATA,
                f"could not be looked up ({pycares.errno.errorcode.get(error or 0, error)}).",
            )
        with self._lock:
            questions = self._open.get(name, [])
            if addresses:
                kept_seconds = min(max(ttl, SHORTEST_TTL_SECONDS), LONGEST_TTL_SECONDS)
                _keep(self._kept, name, (time.monotonic() + kept_seconds, addresses))
                addresses = self._in_order(name, addresses)
                # Who waits for an older question need not wait for its next try.
                answered = questions[:]
                # Both were asked; which is the quicker one is known now.
                if question.family == socket.AF_INET and len(questions) > 1:
                    _keep(self._only_four, name, True)
                elif any(":" in address for address in addresses):
                    self._only_four.pop(name, None)
            else:
                answered = [question]
            waiting = [one for each in answered for one in each.waiting]
            for each in answered:
                each.waiting, each.is_answered = [], True
            if question in questions:
                questions.remove(question)
            if not questions:
                self._open.pop(name, None)
        for answer in waiting:
            answer(addresses, sentence)

    def _in_order(self, name: str, addresses: list[str]) -> list[str]:
        preferred = self._preferred.get(name)
        if preferred not in addresses or preferred == addresses[0]:
            return addresses
        return [preferred, *(one for one in addresses if one != preferred)]

    def prefer(self, name: str, address: str) -> None:
        """`address` of `name` answered: give it first from now on, after a new look-up too."""
        if self._preferred.get(name) == address:
            return
        with self._lock:
            kept = self._kept.get(name)
            if kept is not None and address in kept[1]:
                _keep(self._preferred, name, address)

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._watch.join(5)
        self._channel.close()


def _keep(kept: OrderedDict[str, Value], name: str, value: Value) -> None:
    kept[name] = value
    kept.move_to_end(name)
    while len(kept) > MOST_NAMES:
        kept.popitem(last=False)
