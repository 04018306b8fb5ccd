"""How often one visitor, and all visitors of a chatbot together, may ask the public addresses.

Counted over all web processes (allowance.py). Off in the sandbox.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
from dataclasses import dataclass
from enum import Enum

from django.conf import settings
from django.http import HttpRequest

from chatbots import allowance

WINDOW_SECONDS = 60


@dataclass(frozen=True)
class Limit:
    """How many requests there may be in a minute."""

    per_visitor: int
    per_chatbot: int


class Kind(Enum):
    """What is asked for. Saying something costs rows and e-mails, reading one look."""

    WRITE = "write"
    READ = "read"


# A page looks for news every 2.5 s while a live chat is on; a visitor may have several open.
LIMITS = {Kind.WRITE: Limit(30, 1200), Kind.READ: Limit(240, 24_000)}


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


def seconds_to_wait(request: HttpRequest, chatbot_id: str, kind: Kind) -> int:
    """Count one request. 0 if it may pass, as all do in the sandbox, else how long to wait."""
    if settings.SANDBOX:
        return 0
    limit = LIMITS[kind]
    visitor = f"{chatbot_id} {address_of(request)}".encode("utf-8", "surrogateescape")
    digest = hashlib.sha256(visitor).hexdigest()[:32]
    # A visitor who is refused does not use up what the chatbot's other visitors have.
    return math.ceil(
        allowance.seconds_to_wait(
            f"visitor:{kind.value}:{digest}", limit.per_visitor, WINDOW_SECONDS
        )
        or allowance.seconds_to_wait(
            f"chatbot:{kind.value}:{chatbot_id}", limit.per_chatbot, WINDOW_SECONDS
        )
    )
