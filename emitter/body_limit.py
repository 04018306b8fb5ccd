"""How large a request's body may be: told by its head, before a byte of it is read or parsed.

Each kind of address has its own bound, the most that anything under it takes. Nothing here takes a
file: one in a form is refused, and no handler would keep it (settings.py). What comes without a
Content-Length has no body to WSGI. A call of the API looks at the key first, and reads no more than
its own bound (webhooks.api.parsing). The shipped proxy has one bound for all (Caddyfile).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse

from chatbots import page_json
from inbox.models import MAX_BODY_BYTES as INBOX_BYTES

KIB: Final = 1024
# A login has a name and a password.
LOGIN_BYTES: Final = 16 * KIB
# Of the dashboard's forms a chatbot's is the largest: twenty answers of 4,000 characters, each of
# them nine bytes in a form where it is no ASCII.
FORM_BYTES: Final = 1536 * KIB

CHAT: Final = "/chatbot/"
# By the beginning of an address; the first that fits counts.
LIMITS: Final = (
    (CHAT, page_json.MAX_BODY_BYTES),
    ("/inbox/", INBOX_BYTES),
    ("/login/", LOGIN_BYTES),
    ("/", FORM_BYTES),
)


def limit_of(path: str) -> int:
    """The most bytes that a body sent to `path` may have."""
    return next((limit for start, limit in LIMITS if path.startswith(start)), FORM_BYTES)


class BodyLimit:
    """Middleware, before everything that reads a body; after the API has gone its own way."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        limit = limit_of(request.path_info)
        # Of a length that is no number, Django makes 0.
        if len(length) < 19 and (not length.isdecimal() or int(length) <= limit):
            return self.get_response(request)
        if request.path_info.startswith(CHAT):
            return JsonResponse({"error": page_json.TOO_LARGE}, status=413)
        return HttpResponse(
            f"This is too large: at most {limit // KIB} KiB are taken here.",
            status=413,
            content_type="text/plain; charset=utf-8",
        )
