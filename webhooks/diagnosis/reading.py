"""What a text may stand for: a digest, or a part of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """One digest that a text may stand for. `said` continues "Your code …"; "" if it is right."""

    digest: bytes
    said: str


@dataclass(frozen=True, slots=True)
class Loose:
    """A text that holds part of a digest: `fits` tells whether it is part of this one."""

    fits: Callable[[bytes], bool]
    said: str


def both(first: str, second: str) -> str:
    """Two phrases as one; either may be ""."""
    return " and ".join(filter(None, (first, second)))
