"""Whose conversation it is, on the public pages: whoever shows the token that it was begun with.

A conversation's id is no secret: it stands in each webhook, in logs and in e-mails. The page makes
a token of its own before the first message, keeps it beside the id, and sends it with every call.
Only its SHA-256 is kept here: it has at least 128 random bits and needs no slow hash.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from django.conf import settings
from django.http import HttpRequest

HEADER: Final = "X-Visitor-Token"
SHAPE: Final = "22 to 128 letters, digits, - or _"
_SHAPE: Final = re.compile(r"[0-9A-Za-z_-]{22,128}")


class NotAToken(ValueError):
    """What the header has is too short to be a secret, or no token at all."""


@dataclass(frozen=True)
class Visitor:
    """Who asks. `is_new`: their token was made just now, and they have to be told."""

    token: str = field(repr=False)
    is_new: bool = False

    @cached_property
    def digest(self) -> str:
        """What is kept of the token with a conversation (models.Conversation.visitor_digest)."""
        return hashlib.sha256(self.token.encode("utf-8", "surrogatepass")).hexdigest()


def of(request: HttpRequest) -> Visitor:
    """Who sent `request`: by the header; without one, by the cookie that the chat's own page sets;
    else somebody who was never here. Raises NotAToken."""
    token = request.headers.get(HEADER)
    if token is not None:
        if not _SHAPE.fullmatch(token):
            raise NotAToken(f"The header {HEADER} has {SHAPE}: a random value that is kept secret.")
        return Visitor(token)
    cookie = request.COOKIES.get(settings.CSRF_COOKIE_NAME, "")
    if _SHAPE.fullmatch(cookie):
        return Visitor(cookie)
    return Visitor(secrets.token_urlsafe(24), is_new=True)
