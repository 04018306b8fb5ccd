"""How often one visitor may write to one chatbot.

Kept in Django's cache: per process with the local one, which is enough against a page that runs
wild; a shared cache makes it exact.
"""

from __future__ import annotations

import hashlib
import ipaddress
import time

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

WINDOW_SECONDS = 60
MESSAGES_PER_WINDOW = 30


def address_of(request: HttpRequest) -> str:
    """The visitor's address: behind a proxy of ours, the last that X-Forwarded-For names.

    Only a peer that is not public can be a proxy of ours, and what stands before the last entry is
    the visitor's own word.
    """
    peer = str(request.META.get("REMOTE_ADDR", ""))
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")[-1].strip()
    try:
        ours = not ipaddress.ip_address(peer).is_global
    except ValueError:
        ours = True
    return forwarded if ours and forwarded else peer


def seconds_to_wait(request: HttpRequest, chatbot_id: str) -> int:
    """Count one message. 0 if it may pass, as all do in the sandbox, else how long to wait."""
    if settings.SANDBOX:
        return 0
    now = time.time()
    window = int(now // WINDOW_SECONDS)
    visitor = f"{chatbot_id} {address_of(request)}".encode("utf-8", "surrogateescape")
    key = f"visitor:{window}:{hashlib.sha256(visitor).hexdigest()[:32]}"
    cache.add(key, 0, timeout=WINDOW_SECONDS * 2)
    try:
        said = cache.incr(key)
    except ValueError:
        # Evicted between the two calls.
        return 0
    if said <= MESSAGES_PER_WINDOW:
        return 0
    return max(1, int((window + 1) * WINDOW_SECONDS - now))
