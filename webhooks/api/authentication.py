"""Who is calling: an API key, in the Authorization header or as Wonderchat's own API takes it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import (
    APIException,
    AuthenticationFailed,
    NotAuthenticated,
    Throttled,
    UnsupportedMediaType,
)
from rest_framework.request import Request

from chatbots import allowance, visitor_throttle
from chatbots.address_block import block_of
from chatbots.models import Account, ApiKey
from webhooks.api.parsing import require_length

HOW: Final = (
    "Send your API key in the header Authorization: Bearer KEY, "
    "or as apiKey in the JSON body of a POST."
)
WRONG_KEYS_PER_MINUTE: Final = 120
# What a 401 says is wanted.
CHALLENGE: Final = 'Bearer realm="api"'


class TooManyWrongKeys(Throttled):
    """From one address, whatever keys they were."""

    what = "Too many requests with keys that do not exist or were revoked."


@dataclass(frozen=True)
class KeyHolder:
    """What `request.user` is: whoever holds a key of `account`. The key is `request.auth`."""

    account: Account
    pk: int
    is_authenticated: bool = True
    is_active: bool = True


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer KEY`, or `apiKey` in a POST's JSON body. The header wins."""

    def authenticate(self, request: Request) -> tuple[KeyHolder, ApiKey]:
        require_length(request._request)
        found = ApiKey.find(key_of(request._request, lambda: request.data))
        if found is None:
            raise unknown_key(request._request)
        return KeyHolder(found.account, found.pk), found

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


def key_of(request: HttpRequest, data: Callable[[], Any]) -> str:
    """The key that a request shows; `data` parses its body. Raises for a request without one."""
    header = request.META.get("HTTP_AUTHORIZATION", "")
    if header:
        scheme, _, key = header.partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise AuthenticationFailed(f"The Authorization header is not Bearer KEY. {HOW}")
        return str(key.strip())
    if request.method == "POST":
        try:
            body = data()
        except UnsupportedMediaType:
            raise NotAuthenticated(HOW) from None
        key = body.get("apiKey") if isinstance(body, dict) else None
        if isinstance(key, str) and key:
            return key
    raise NotAuthenticated(HOW)


def unknown_key(request: HttpRequest) -> APIException:
    """What is wrong with a key that is none; after many of them from one address, Throttled.

    A key has 256 random bits, so nobody guesses one: this is for a program that has lost its own
    and asks on, and it stops no right key, which may come from the same address.
    """
    seconds = 0 if settings.SANDBOX else _wrong_keys(request)
    if seconds:
        return TooManyWrongKeys(seconds)
    return AuthenticationFailed(
        "This API key does not exist or was revoked. Copy it again, or make a new one in "
        "the dashboard."
    )


def _wrong_keys(request: HttpRequest) -> float:
    """Count one; 0 or the seconds to wait."""
    block = block_of(visitor_throttle.address_of(request)).encode("utf-8", "surrogateescape")
    name = f"wrong-key:{hashlib.sha256(block).hexdigest()[:32]}"
    return allowance.seconds_to_wait(name, WRONG_KEYS_PER_MINUTE, 60)
