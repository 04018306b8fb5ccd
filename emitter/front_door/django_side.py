"""Django, as it is behind the front door: a request as a WSGI environ in, a response object out."""

from __future__ import annotations

from django.core import signals
from django.core.handlers.wsgi import WSGIHandler
from django.db import close_old_connections, connections, reset_queries
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from emitter.front_door.head import Environ


class DjangoSide(WSGIHandler):
    """Django's handler without a server's callbacks.

    What Django itself connects to the signals around a request concerns the thread's database
    connection, and each thread does it here: on the event loop there is none. So the signals are
    sent for every call, and cost what others have connected to them.
    """

    def __init__(self) -> None:
        super().__init__()
        signals.request_started.disconnect(reset_queries)
        signals.request_started.disconnect(close_old_connections)
        signals.request_finished.disconnect(close_old_connections)

    def respond(self, environ: Environ) -> HttpResponseBase:
        """The answer to a request; whoever sends it closes it."""
        set_script_prefix("/")
        signals.request_started.send(sender=self.__class__, environ=environ)
        request = self.request_class(environ)
        response: HttpResponseBase = self.get_response(request)
        return response

    def respond_in_thread(self, environ: Environ) -> HttpResponseBase:
        """The same with a database connection that is looked after."""
        reset_queries()
        try:
            return self.respond(environ)
        finally:
            tidy()


def tidy() -> None:
    """Give up this thread's connections that are broken or too old."""
    for connection in connections.all(initialized_only=True):
        connection.close_if_unusable_or_obsolete()
