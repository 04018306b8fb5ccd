"""The threads that Django runs in: so many, and so many requests that wait for one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from chatbots.later import Busy

THREADS: Final = 16
MOST_WAITING: Final = 128
# Whoever has waited so long is told to come again: longer, and it gives up by itself.
WAIT_SECONDS: Final = 5.0


class Pool:
    """Calls functions in threads, each of which keeps its database connection."""

    def __init__(self, threads: int = THREADS, most_waiting: int = MOST_WAITING) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self._threads = threads
        self._most = threads + most_waiting
        self._inside = 0

    async def run(self, function: Callable[..., Any], /, *args: Any) -> Any:
        """Call it in a thread. Raises Busy where there is none, and what the function raises."""
        if self._inside >= self._most:
            raise Busy
        self._inside += 1
        work = self._executor.submit(function, *args)
        future = asyncio.wrap_future(work)
        future.add_done_callback(self._ended)
        if self._inside > self._threads:
            await asyncio.wait([future], timeout=WAIT_SECONDS)
            # What has begun cannot be given up, and is waited for.
            if work.cancel():
                raise Busy
        return await asyncio.shield(future)

    def _ended(self, future: asyncio.Future[Any]) -> None:
        self._inside -= 1
        if not future.cancelled():
            future.exception()  # Whoever asked may have gone.

    def close(self) -> None:
        """Let what runs end. Blocks until then."""
        self._executor.shutdown(cancel_futures=True)
