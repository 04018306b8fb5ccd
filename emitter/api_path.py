"""A call of the API goes past what is for people with a browser: sessions, forms, messages.

It shows a key, not a cookie, so none of that has a say in its answer, and all of it would cost as
much as the call's own work. What comes before this in the settings is for both: the headers of
security, the check of the host.

A call that came without TLS is refused. A page is redirected to https://, but a program that
follows a redirect has sent its key in clear already, and would do so with every call and never
know; and after a 301 its POST would arrive as a GET.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.urls import ResolverMatch, resolve

from webhooks.api import problem

PLAIN_HTTP = (
    "The API takes HTTPS only: call https://, not http://. A key that was sent this way crossed "
    "the network unencrypted; revoke it in the dashboard and make a new one."
)


class ApiPath:
    """Middleware: /api/ ends here, everything else goes on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        # Of the paths that have no id in them: no more than there are routes.
        self._known: dict[str, ResolverMatch] = {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if not path.startswith("/api/"):
            return self.get_response(request)
        # The pages of the documentation, which need no key, were redirected before.
        if settings.SECURE_SSL_REDIRECT and not request.is_secure():
            return problem.response(403, PLAIN_HTTP)
        match = self._known.get(path)
        if match is None:
            match = resolve(path)
            if f"/{match.route}" == path:
                self._known[path] = match
        request.resolver_match = match
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        if isinstance(response, SimpleTemplateResponse):
            response.render()
        return response
