"""A wrong way, and what it is given."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

SECRET = "whsec_c2VjcmV0IHNlY3JldC1zZWNyZXQ="
STAMP = "2023-10-15T14:36:07.250Z"
STAMP_SECONDS = 1697380567
MESSAGE_ID = "msg_2Lh9KRb0pzN4LePd3XiA4v12Axj"
URL = "https://hooks.example.com/wonderchat?tenant=1"


@dataclass(frozen=True)
class Request:
    """What arrived, and the secret it is checked with."""

    body: bytes
    secret: str = SECRET

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def value(self) -> Any:
        return json.loads(self.body)

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.value["data"]
        return data

    def hmac(
        self,
        message: bytes | str | None = None,
        key: bytes | str | None = None,
        how: str = "sha256",
    ) -> bytes:
        """The HMAC of what is given, the right thing where it is not."""
        signed = self.body if message is None else message
        secret = self.secret if key is None else key
        return hmac.digest(
            secret.encode() if isinstance(secret, str) else secret,
            signed.encode() if isinstance(signed, str) else signed,
            how,
        )

    def hash(self, message: bytes | str, how: str = "sha256") -> str:
        """A plain digest, in hex."""
        return hashlib.new(
            how, message.encode() if isinstance(message, str) else message
        ).hexdigest()


@dataclass(frozen=True)
class WrongWay:
    """`made` gives the signature for a request; `named` are words the diagnosis has to have."""

    name: str
    named: tuple[str, ...]
    made: Callable[[Request], str]


def signing(name: str, named: str, message: Callable[[Request], bytes | str]) -> WrongWay:
    """A way that signs another message."""
    return WrongWay(name, (named,), lambda request: request.hmac(message(request)).hex())


def keyed(name: str, named: str, key: Callable[[str], bytes | str]) -> WrongWay:
    """A way that uses another key."""
    return WrongWay(name, (named,), lambda request: request.hmac(key=key(request.secret)).hex())


def written(name: str, named: str, form: Callable[[bytes], str]) -> WrongWay:
    """A way that writes the right digest otherwise."""
    return WrongWay(name, (named,), lambda request: form(request.hmac()))


def compact(value: Any, **more: Any) -> str:
    """JSON.stringify, for what events hold."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), **more)
