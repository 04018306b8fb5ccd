"""A request's body, read on the event loop: under a deadline, and no more of it than may be."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from emitter.front_door.budget import SMALL_BYTES, Budget

# For all of a body, and without a byte of it.
WHOLE_SECONDS: Final = 10.0
SILENT_SECONDS: Final = 5.0
# What is read and thrown away after an answer, so that a client that still sends can read it:
# nobody sends more by mistake.
DRAINED_BYTES: Final = 8 * 1024 * 1024

Receive = Callable[[], Awaitable[Any]]


class TooSlow(Exception):
    """The body did not come in time."""


class Left(Exception):
    """The client went away before its body was whole, or what it sent was no body."""


class TooMuch(Exception):
    """Other bodies take all the room that there is."""


@dataclass(slots=True)
class Body:
    """What came, at most the limit and one byte more, and whether that is all there is."""

    content: bytes
    is_whole: bool
    # Of the budget; to be given back when the request is over.
    held: int = 0


async def read(receive: Receive, limit: int, budget: Budget) -> Body:
    """Read a body. Raises TooSlow, Left and TooMuch."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + WHOLE_SECONDS
    parts: list[bytes] = []
    size = held = 0
    is_whole = False
    try:
        while not is_whole and size <= limit:
            async with asyncio.timeout_at(min(deadline, loop.time() + SILENT_SECONDS)):
                message = await receive()
            if message["type"] == "http.disconnect":
                raise Left
            part = message.get("body", b"")
            size += len(part)
            parts.append(part)
            is_whole = not message.get("more_body")
            if size > SMALL_BYTES:
                if not budget.has(size - held):
                    raise TooMuch
                budget.take(size - held)
                held = size
    except TimeoutError:
        budget.give_back(held)
        raise TooSlow from None
    except BaseException:
        budget.give_back(held)
        raise
    content = parts[0] if len(parts) == 1 else b"".join(parts)
    if size > limit:
        return Body(content[: limit + 1], is_whole, held)
    return Body(content, is_whole, held)


async def drain(receive: Receive) -> None:
    """Read on and throw away, for a while."""
    loop = asyncio.get_running_loop()
    left = DRAINED_BYTES
    try:
        async with asyncio.timeout(WHOLE_SECONDS):
            while left > 0:
                async with asyncio.timeout_at(loop.time() + SILENT_SECONDS):
                    message = await receive()
                if message["type"] == "http.disconnect" or not message.get("more_body"):
                    return
                left -= len(message.get("body", b""))
    except TimeoutError:
        return
