"""An answer that is not there yet, and for which no thread waits.

A view returns `Later(make)`. The front door (emitter/front_door) gives its thread back, awaits
`make`, and answers what that gives; the headers that middleware set on the Later are kept where the
answer has none of that name. `make` runs on the event loop, so it must not block: what needs the
database goes through the function that it is given, which calls another one in a thread.

    def get(self, request):
        if not later.is_possible(request):
            return what_is_there_now()  # Served without a front door: by tests, or plain WSGI.

        async def make(in_thread):
            await something
            return await in_thread(what_is_there_now)

        return Later(make)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from django.http import HttpRequest, HttpResponse

# In a request's META, where the front door brings it.
POSSIBLE: Final = "emitter.later"


class InThread(Protocol):
    """Call a function in a thread, with a database connection, and await what it gives. Raises
    Busy."""

    def __call__(self, function: Callable[..., Any], /, *args: Any) -> Awaitable[Any]: ...


Make = Callable[[InThread], Awaitable[HttpResponse]]


class Later(HttpResponse):
    """Stands for the answer that `make` will give."""

    def __init__(self, make: Make) -> None:
        super().__init__(status=202)
        self.make = make


class Busy(Exception):
    """There is no thread for a call, and there will be none soon."""


class NotHere(BaseException):
    """What a request asks for needs the database, and there is none on the event loop: it is to be
    begun anew in a thread. No Exception: nothing that answers errors may take it for one."""


def is_possible(request: HttpRequest) -> bool:
    """Whether whoever serves the request awaits a Later."""
    return POSSIBLE in request.META
