"""Ids in the shape Wonderchat shows: `clm1234567890abcdef`, a cuid."""

from __future__ import annotations

import os
import re
import threading
import time
from datetime import datetime

ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
TIME_LENGTH = 8
RANDOM_LENGTH = 16
RANDOM_BITS = 82
STEP_BITS = 64
# A clock that is put back by no more than this does not put ids back.
SET_BACK_MILLISECONDS = 1000
LENGTH = 1 + TIME_LENGTH + RANDOM_LENGTH


# What an id looks like, those of Wonderchat's pages included, which are shorter.
PATTERN = f"^c[0-9a-z]{{7,{LENGTH - 1}}}$"
_SHAPE = re.compile(PATTERN.rstrip("$"))


def looks_like_one(text: str) -> bool:
    """Whether `text` can be such an id, given out or not."""
    return _SHAPE.fullmatch(text) is not None


# Two digits at a time: half the divisions.
PAIRS = [first + second for first in ALPHABET for second in ALPHABET]


def base36(number: int, length: int) -> str:
    """The last `length` digits, an even number of them, of `number`."""
    digits = []
    for _ in range(length // 2):
        number, pair = divmod(number, 1296)
        digits.append(PAIRS[pair])
    digits.reverse()
    return "".join(digits)


def cuid_floor(moment: datetime) -> str:
    """What every id made before `moment` sorts below, and every later one above."""
    return "c" + base36(int(moment.timestamp() * 1000), TIME_LENGTH)


# What is asked of the system's secure source at a time: each question lets other threads run, and
# all that wait for an id would queue up behind the one that has to come back first.
STOCK_BYTES = 4096


class _Ids:
    """Ids that rise within one process, also those of the same millisecond."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._milliseconds = 0
        self._time = ""
        self._random = 0
        self._stock = b""

    def next(self) -> str:
        with self._lock:
            milliseconds = time.time_ns() // 1_000_000
            if 0 <= self._milliseconds - milliseconds <= SET_BACK_MILLISECONDS:
                self._random += 1 + self._bits(STEP_BITS)
            else:
                self._milliseconds = milliseconds
                self._time = "c" + base36(milliseconds, TIME_LENGTH)
                # One bit short, so that the steps within the millisecond have room.
                self._random = self._bits(RANDOM_BITS - 1)
            return self._time + base36(self._random, RANDOM_LENGTH)

    def _bits(self, count: int) -> int:
        """So many bits that nobody can guess, and that were given to nobody before."""
        size = -(-count // 8)
        if len(self._stock) < size:
            self._stock = os.urandom(STOCK_BYTES)
        taken, self._stock = self._stock[:size], self._stock[size:]
        return int.from_bytes(taken) >> (8 * size - count)


_ids = _Ids()


def _begin_anew() -> None:
    """In a forked process: its parent gives out what is left, and may hold the lock."""
    global _ids
    _ids = _Ids()


os.register_at_fork(after_in_child=_begin_anew)


def cuid() -> str:
    """A new id: `c`, the time in milliseconds, 82 bits; 25 characters of base 36.

    Ids sort in the order they were made in within a process, and by the millisecond between
    processes, so an index on them grows at its end. What follows the time comes from the system's
    secure source, and so does the step to the next id of the same millisecond, 64 bits of it: who
    does not hold a chatlog's id cannot guess it.
    """
    return _ids.next()
