"""An answer on its way to whoever asked: bounded by a deadline, since they may not read it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from django.http import HttpResponse
from django.http.response import HttpResponseBase

from chatbots.later import InThread

Send = Callable[[Any], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
# A large answer goes out in pieces, each of which has to be taken within this long.
PIECE_BYTES: Final = 256 * 1024
PIECE_SECONDS: Final = 10.0
_END: Final = object()


async def send_answer(response: HttpResponseBase, send: Send, in_thread: InThread) -> None:
    """Send an answer of Django's. Raises TimeoutError when the client does not take it."""
    start = {
        "type": "http.response.start",
        "status": response.status_code,
        "headers": headers_of(response),
    }
    if isinstance(response, HttpResponse):
        content = response.content
        await send(start)
        if len(content) <= PIECE_BYTES:
            await send({"type": "http.response.body", "body": content})
            return
        for first in range(0, len(content), PIECE_BYTES):
            await _piece(send, content[first : first + PIECE_BYTES])
        await send({"type": "http.response.body", "body": b""})
        return
    await send(start)
    pieces = iter(response)
    while (piece := await in_thread(next, pieces, _END)) is not _END:
        await _piece(send, piece)
    await send({"type": "http.response.body", "body": b""})


async def send_short(response: HttpResponse, more: Headers, send: Send) -> None:
    """Send a small answer with `more` headers."""
    content = response.content
    headers = [*headers_of(response), (b"content-length", b"%d" % len(content))]
    start = {
        "type": "http.response.start",
        "status": response.status_code,
        "headers": headers + more,
    }
    await send(start)
    await send({"type": "http.response.body", "body": content})


async def _piece(send: Send, piece: bytes) -> None:
    async with asyncio.timeout(PIECE_SECONDS):
        await send({"type": "http.response.body", "body": piece, "more_body": True})


def headers_of(response: HttpResponseBase) -> Headers:
    """Its headers and cookies, as ASGI takes them."""
    found = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in response.headers.items()
    ]
    found += [
        (b"set-cookie", cookie.output(header="").strip().encode("latin-1"))
        for cookie in response.cookies.values()
    ]
    return found
