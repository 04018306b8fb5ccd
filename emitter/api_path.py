"""A call of the API goes past what is for people with a browser: sessions, forms, messages.

It shows a key, not a cookie, so none of that has a say in its answer, and all of it would cost as
much as the call's own work. What comes before this in the settings is for both: the headers of
security, the check of the host.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.urls import ResolverMatch, resolve


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
