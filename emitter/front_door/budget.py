"""How many bytes of bodies a process holds at a time, of those that are not small.

They are read before anybody knows whose they are. A small one costs no more than its connection,
and always has its place.
"""

from __future__ import annotations

from typing import Final

SMALL_BYTES: Final = 64 * 1024
MOST_BYTES: Final = 64 * 1024 * 1024


class Budget:
    """What is left of it. The event loop's thread alone uses it."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._left = most

    def has(self, size: int) -> bool:
        return size <= self._left

    def take(self, size: int) -> None:
        self._left -= size

    def give_back(self, size: int) -> None:
        self._left += size
