"""So many requests a minute per key: enough for anybody, not for a loop that ran away."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

if TYPE_CHECKING:
    from rest_framework.views import APIView

WINDOW_SECONDS: Final = 10


class KeyThrottle(BaseThrottle):
    """API_REQUESTS_PER_MINUTE, counted per key in windows of ten seconds; none in the sandbox."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        per_minute: int = settings.API_REQUESTS_PER_MINUTE
        if settings.SANDBOX or not per_minute:
            return True
        window, into = divmod(time.time(), WINDOW_SECONDS)
        self.left = WINDOW_SECONDS - into
        holder = getattr(request.user, "pk", None) or self.get_ident(request)
        name = f"api-requests:{holder}:{int(window)}"
        cache.add(name, 0, 2 * WINDOW_SECONDS)
        try:
            count = cache.incr(name)
        except ValueError:  # The cache dropped it in between: nobody is held up for that.
            return True
        return count <= max(1, per_minute * WINDOW_SECONDS // 60)

    def wait(self) -> float:
        return self.left
