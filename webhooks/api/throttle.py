"""So many requests a minute per key: enough for anybody, not for a loop that ran away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from chatbots import allowance

if TYPE_CHECKING:
    from rest_framework.views import APIView

WINDOW_SECONDS: Final = 10


class KeyThrottle(BaseThrottle):
    """API_REQUESTS_PER_MINUTE, per key, in windows of ten seconds; none in the sandbox."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        holder = getattr(request.user, "pk", None) or self.get_ident(request)
        self.left = seconds_to_wait(holder)
        return not self.left

    def wait(self) -> float:
        return self.left


def seconds_to_wait(holder: int | str | None) -> float:
    """Count a request of `holder`; 0 when it is within the limit, else until when to wait."""
    per_minute: int = settings.API_REQUESTS_PER_MINUTE
    if settings.SANDBOX or not per_minute:
        return 0
    most = max(1, per_minute * WINDOW_SECONDS // 60)
    return allowance.seconds_to_wait(f"api:{holder}", most, WINDOW_SECONDS)
