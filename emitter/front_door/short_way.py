"""A busy call past Django's middleware, once it is known what that adds to its answer.

For a call that is taken, what middleware says depends on its address, and on the host and the
scheme that it came by. So it is asked once for each of these, and remembered; whatever is not
simply taken goes the whole way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.core import signals
from django.core.handlers.wsgi import WSGIRequest
from django.urls import resolve

from chatbots.later import POSSIBLE, Later, NotHere
from emitter.front_door.django_side import DjangoSide
from emitter.front_door.head import Environ
from emitter.front_door.sending import Headers, headers_of

# Then all is forgotten: hosts may be many, where a wildcard allows them.
MOST: Final = 256

Name = tuple[str, str | None, str, str | None]


@dataclass(frozen=True, slots=True)
class _Known:
    view: Callable[..., Any]
    headers: Headers


class ShortWay:
    """Remembers for which calls middleware has been asked."""

    def __init__(self, django: DjangoSide) -> None:
        self._sender = type(django)
        self._known: dict[Name, _Known] = {}

    def begin(self, environ: Environ) -> tuple[Later, Headers] | None:
        """What a call that is taken comes to, with what middleware says; None where it has to go
        the whole way."""
        known = self._known.get(_name(environ))
        if known is None:
            return None
        environ[POSSIBLE] = True
        signals.request_started.send(sender=self._sender, environ=environ)
        try:
            response = known.view(WSGIRequest(environ))
        except NotHere:
            response = None
        if isinstance(response, Later):
            return response, known.headers
        environ["wsgi.input"].seek(0)
        return None

    def learn(self, environ: Environ, promised: Later) -> None:
        """Remember what middleware added to an answer that was promised."""
        name = _name(environ)
        if name not in self._known:
            if len(self._known) >= MOST:
                self._known.clear()
            added = [one for one in headers_of(promised) if one[0] not in _OF_THE_ANSWER]
            self._known[name] = _Known(resolve(environ["PATH_INFO"]).func, added)


_OF_THE_ANSWER: Final = {b"content-type", b"content-length"}


def _name(environ: Environ) -> Name:
    return (
        environ["PATH_INFO"],
        environ.get("HTTP_HOST"),
        environ["wsgi.url_scheme"],
        environ.get("HTTP_X_FORWARDED_PROTO"),
    )
