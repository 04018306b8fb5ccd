"""The WSGI application: `granian --interface wsgi emitter.wsgi:application`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

import django
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emitter.settings")
django.setup(set_prefix=False)


class WholeAnswers(WSGIHandler):
    """Django's handler; an answer that is there as a whole goes to the server as a whole.

    Piece by piece, as it would otherwise be fetched, it passes between threads several times.
    """

    def __call__(  # type: ignore[override]  # A list of its bytes is an answer, too.
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        response = super().__call__(environ, start_response)
        if not isinstance(response, HttpResponse):
            return response
        response.close()
        return [response.content]


application = WholeAnswers()
