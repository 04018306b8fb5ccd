"""What a browser may do with an answer: run, load, frame, keep.

A view that needs another policy (the embedded chat) says so itself; the rest gets the strictest
that it can bear, and is kept by no cache.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

_OURS: Final = "img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"

# No script stands in a page itself. The theme runs on Alpine, which evaluates the expressions in
# its own templates, and has its colours in a <style>.
DASHBOARD: Final = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    f"font-src 'self'; form-action 'self'; {_OURS}"
)
# Swagger UI styles its parts one by one; what can be fetched with "Try it out" is this API.
API_DOCS: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
    f"form-action 'none'; {_OURS}"
)
# For what is no page: shown by itself, it may load nothing and be framed by nobody.
NO_PAGE: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

DOCS_PATH: Final = "/api/v1/docs"


class ContentPolicy:
    """Middleware: sets what the view has not."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        headers = response.headers
        if "Content-Security-Policy" not in headers:
            kind = headers.get("Content-Type", "")
            headers["Content-Security-Policy"] = _policy(request.path_info, kind)
        if "Cache-Control" not in headers:
            headers["Cache-Control"] = "no-store"
        return response


def _policy(path: str, content_type: str) -> str:
    if not content_type.startswith("text/html"):
        return NO_PAGE
    return API_DOCS if path == DOCS_PATH else DASHBOARD
