"""How large the body of a request may be, by its address: known before a byte of it is read."""

from __future__ import annotations

from typing import Final

from django.urls import Resolver404, resolve

from emitter import body_limit
from webhooks.api.parsing import MAX_BODY_BYTES

API: Final = "/api/"
# By path: those of the API without an id in them.
_known: dict[str, int] = {}


def cap_of(path: str) -> int:
    """The most bytes that the body of a request to `path` may have."""
    if not path.startswith(API):
        return body_limit.limit_of(path)
    cap = _known.get(path)
    if cap is None:
        try:
            match = resolve(path)
        except Resolver404:
            return MAX_BODY_BYTES
        view = getattr(match.func, "cls", None)
        cap = int(getattr(view, "max_body_bytes", MAX_BODY_BYTES))
        if f"/{match.route}" == path:
            _known[path] = cap
    return cap
