"""What the front door itself answers: that a body came too slowly or not whole, or that there is no
thread."""

from __future__ import annotations

from typing import Final

from django.http import HttpResponse, JsonResponse

from emitter.body_limit import CHAT
from emitter.front_door.body import SILENT_SECONDS, WHOLE_SECONDS
from emitter.front_door.caps import API
from emitter.front_door.head import Environ
from webhooks.api import problem

TOO_SLOW: Final = (
    f"The body did not come in time: it may take {WHOLE_SECONDS:.0f} s, and no part of it longer "
    f"than {SILENT_SECONDS:.0f} s. Nothing was done; send the request again."
)
BROKEN: Final = "The body broke off, or its chunks are not as HTTP has them. Nothing was done."
BUSY: Final = "Too much is going on here at this moment. Try again in a moment."


def too_slow(environ: Environ) -> HttpResponse:
    """408, after which the connection is closed: what still comes of the body is no request."""
    return _refusal(environ, 408, TOO_SLOW, "too_slow", {"Connection": "close"})


def broken(environ: Environ) -> HttpResponse:
    """400, after which the connection is closed."""
    return _refusal(environ, 400, BROKEN, "broken_body", {"Connection": "close"})


def busy(environ: Environ) -> HttpResponse:
    """503 with Retry-After."""
    return _refusal(environ, 503, BUSY, "busy", {"Retry-After": "1"})


def _refusal(
    environ: Environ, status: int, sentence: str, code: str, headers: dict[str, str]
) -> HttpResponse:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **headers}
    path = environ["PATH_INFO"]
    if path.startswith(API):
        answer = problem.response(status, sentence, headers=headers, code=code)
    elif path.startswith(CHAT):
        answer = JsonResponse({"error": sentence}, status=status, headers=headers)
    else:
        kind = "text/plain; charset=utf-8"
        answer = HttpResponse(sentence, status=status, content_type=kind, headers=headers)
    answer.headers["Content-Length"] = str(len(answer.content))
    return answer
