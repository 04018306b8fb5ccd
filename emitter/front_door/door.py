"""The front door: one event loop reads every request and sends every answer.

No thread is taken before a request is here as a whole, and none waits for a client. What needs no
thread at all is answered on the loop itself: the probe of life, and the busy calls, for as long as
they find in memory what they ask for. Everything else is Django in a bounded pool of threads.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

from django.http import HttpResponse
from django.http.response import HttpResponseBase

from chatbots import later
from chatbots.later import Busy, Later, NotHere
from emitter.front_door import body, refusal
from emitter.front_door.body import Body, Receive
from emitter.front_door.budget import Budget
from emitter.front_door.caps import cap_of
from emitter.front_door.django_side import DjangoSide
from emitter.front_door.head import Environ, Scope, environ_of, with_body
from emitter.front_door.pool import Pool
from emitter.front_door.sending import Send, send_answer, send_short
from emitter.front_door.short_way import ShortWay
from webhooks.api import intake

# Answered on the loop, if it can be: their code asks the database for nothing but what it does not
# remember, and says NotHere where it would.
ON_THE_LOOP: Final = frozenset(
    {
        ("GET", "/health/live"),
        ("HEAD", "/health/live"),
        ("POST", "/api/v1/events"),
        ("POST", "/api/v1/events/batch"),
    }
)
# With a body no longer than this: parsing takes up to a millisecond for each 2 KiB of the worst.
SHORT_BYTES: Final = 8 * 1024


class FrontDoor:
    """An ASGI application. Called for a lifespan it begins and ends what goes with the process."""

    def __init__(self, pool: Pool | None = None) -> None:
        self._django = DjangoSide()
        self._short_way = ShortWay(self._django)
        self._pool = pool or Pool()
        self._budget = Budget()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        intake.begin(asyncio.get_running_loop())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        # Off the loop, which is still to bring the last outcomes to those who wait.
        await asyncio.to_thread(intake.end)
        await asyncio.to_thread(self._pool.close)
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        environ = environ_of(scope)
        try:
            came = await self._body(environ, receive)
        except body.Left:
            # Gone, or what came is no body; whoever is still there is told.
            await send_answer(refusal.broken(environ), send, self._pool.run)
            return
        except body.TooSlow:
            await send_answer(refusal.too_slow(environ), send, self._pool.run)
            return
        except body.TooMuch:
            await send_answer(refusal.busy(environ), send, self._pool.run)
            await body.drain(receive)
            return
        try:
            await self._take(environ, came, send)
        finally:
            self._budget.give_back(came.held)
        if not came.is_whole:
            await body.drain(receive)

    async def _take(self, environ: Environ, came: Body, send: Send) -> None:
        is_quick = (
            len(came.content) <= SHORT_BYTES
            and (environ["REQUEST_METHOD"], environ["PATH_INFO"]) in ON_THE_LOOP
        )
        response: HttpResponseBase
        try:
            if is_quick and (found := self._short_way.begin(environ)):
                promised, headers = found
                response = await promised.make(self._pool.run)
                await send_short(response, headers, send)
                response.close()
                return
            response = await self._answer(environ, is_quick=is_quick)
        except Busy:
            response = refusal.busy(environ)
        try:
            # Who does not take it in time is cut off.
            with contextlib.suppress(TimeoutError):
                await send_answer(response, send, self._pool.run)
        finally:
            response.close()

    async def _body(self, environ: Environ, receive: Receive) -> Body:
        """Read the body, as far as it may go; none of one that says itself that it is longer."""
        announced = environ.get("CONTENT_LENGTH", "")
        if not announced and "HTTP_TRANSFER_ENCODING" not in environ:
            with_body(environ, b"", 0)
            return Body(b"", is_whole=True)
        cap = cap_of(environ["PATH_INFO"])
        if announced.isdecimal() and int(announced) > cap:
            with_body(environ, b"", int(announced))
            return Body(b"", is_whole=False)
        came = await body.read(receive, cap, self._budget)
        with_body(environ, came.content, len(came.content))
        return came

    async def _answer(self, environ: Environ, *, is_quick: bool) -> HttpResponseBase:
        response: HttpResponseBase | None = None
        environ[later.POSSIBLE] = True
        if is_quick:
            try:
                response = self._django.respond(environ)
            except NotHere:
                environ["wsgi.input"].seek(0)
        if response is None:
            response = await self._pool.run(self._django.respond_in_thread, environ)
        if isinstance(response, Later):
            if is_quick:
                self._short_way.learn(environ, response)
            return _in_place_of(response, await response.make(self._pool.run))
        return response


def _in_place_of(promised: Later, answer: HttpResponse) -> HttpResponse:
    """`answer` with what middleware said of `promised`."""
    for name, value in promised.headers.items():
        if name not in answer.headers and name != "Content-Length":
            answer.headers[name] = value
    answer.cookies.update(promised.cookies)
    answer.headers["Content-Length"] = str(len(answer.content))
    return answer
