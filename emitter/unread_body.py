"""The rest of a request's body is read before it is answered.

Where a request is refused by its head alone (a wrong key, a body that is too large), the server
would answer and close the connection while the client still sends. The client then sees a broken
pipe in place of the answer, or finds the connection gone that it wanted to use again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

# Nobody needs more by mistake; whoever sends more is cut off.
MOST_BYTES: Final = 8 * 1024 * 1024
CHUNK_BYTES: Final = 64 * 1024


class UnreadBody:
    """Middleware, the outermost one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        left = MOST_BYTES
        # An OSError: the client has gone, and nobody waits for the answer.
        with contextlib.suppress(OSError):
            while left > 0 and (chunk := request.read(CHUNK_BYTES)):
                left -= len(chunk)
        return response
