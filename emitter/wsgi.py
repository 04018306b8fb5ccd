"""The WSGI application: `granian --interface wsgi emitter.wsgi:application`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

import django
from django.core.handlers.wsgi import WSGIHandler, get_script_name
from django.db import connection
from django.http import HttpResponse
from django.urls import set_script_prefix

from emitter import garbage

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emitter.settings")
django.setup(set_prefix=False)

API = "/api/"


class WholeAnswers(WSGIHandler):
    """Django's handler; an answer that is there as a whole goes to the server as a whole.

    Piece by piece, as it would otherwise be fetched, it passes between threads several times.
    """

    def __call__(  # type: ignore[override]  # A list of its bytes is an answer, too.
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        if environ.get("PATH_INFO", "").startswith(API):
            return self._answer_api(environ, start_response)
        response = super().__call__(environ, start_response)
        if not isinstance(response, HttpResponse):
            return response
        response.close()
        return [response.content]

    def _answer_api(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """The same for a call of the API, without the signals around it.

        What listens to them forgets what a call of the API does not use, and looks at each database
        connection, of which there is one: an event spends a tenth of its time there.
        """
        set_script_prefix(get_script_name(environ))
        try:
            response = self.get_response(self.request_class(environ))
            cookies = [("Set-Cookie", each.output(header="")) for each in response.cookies.values()]
            start_response(
                f"{response.status_code} {response.reason_phrase}", [*response.items(), *cookies]
            )
            assert isinstance(response, HttpResponse)
            return [response.content]
        finally:
            connection.close_if_unusable_or_obsolete()


application = WholeAnswers()
garbage.settle()
