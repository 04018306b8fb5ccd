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
from chatbots.address_block import block_of

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


def visitor_waits(request: HttpRequest, chatbot_id: str, kind: Kind) -> int:
    """Count one request of this visitor, whatever it is worth.

    0 if it may pass, as all do in the sandbox, else how many seconds to wait.
    """
    if settings.SANDBOX:
        return 0
    visitor = f"{chatbot_id} {block_of(address_of(request))}".encode("utf-8", "surrogateescape")
    digest = hashlib.sha256(visitor).hexdigest()[:32]
    name = f"visitor:{kind.value}:{digest}"
    return math.ceil(allowance.seconds_to_wait(name, LIMITS[kind].per_visitor, WINDOW_SECONDS))


def chatbot_waits(chatbot_id: str, kind: Kind) -> int:
    """Count one request to this chatbot that is about to be done; as `visitor_waits`.

    Only then: what was refused uses up nothing of what the chatbot's other visitors have.
    """
    if settings.SANDBOX:
        return 0
    name = f"chatbot:{kind.value}:{chatbot_id}"
    return math.ceil(allowance.seconds_to_wait(name, LIMITS[kind].per_chatbot, WINDOW_SECONDS))
