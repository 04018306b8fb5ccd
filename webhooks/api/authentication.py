"""Who is calling: an API key, in the Authorization header or as Wonderchat's own API takes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, UnsupportedMediaType
from rest_framework.request import Request

from chatbots.models import Account, ApiKey
from webhooks.api.parsing import require_length

HOW: Final = (
    "Send your API key in the header Authorization: Bearer KEY, "
    "or as apiKey in the JSON body of a POST."
)
# What a 401 says is wanted.
CHALLENGE: Final = 'Bearer realm="api"'


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
            raise unknown_key()
        return KeyHolder(found.account, found.pk), found

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


def key_of(request: HttpRequest, data: Callable[[], Any]) -> str:
    """The key that a request shows; `data` parses its body. Raises for a request without one."""
    header = request.META.get("HTTP_AUTHORIZATION", "")
    if header:
        scheme, _, key = header.partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise AuthenticationFailed(f"The Authorization header is not of that form. {HOW}")
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


def unknown_key() -> AuthenticationFailed:
    return AuthenticationFailed(
        "This API key does not exist or was revoked. Copy it again, or make a new one in "
        "the dashboard."
    )
