"""Secrets at rest: AES-256-GCM with keys made of ENCRYPTION_KEYS; the first encrypts, all decrypt.

A token is bound to the webhook it was made for: copied to another's row it opens nothing, so that
who may write to the database, but has no key, cannot have one webhook sign with another's secret.

The engine opens the secret of each webhook that it sends to: a token of Fernet's would cost it a
tenth of a delivery.
"""

from __future__ import annotations

import contextlib
import os
from base64 import urlsafe_b64decode
from binascii import a2b_base64, b2a_base64
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_MARK: Final = "2."
_NONCE_BYTES: Final = 12


class SecretUnreadable(Exception):
    """No key in ENCRYPTION_KEYS opens this secret, or it is another webhook's."""


@lru_cache(maxsize=4)
def _ciphers(keys: tuple[str, ...]) -> list[AESGCM]:
    return [
        # A key for one purpose: none that another program uses with the same ENCRYPTION_KEYS.
        AESGCM(HKDF(SHA256(), 32, None, b"a webhook's secret").derive(urlsafe_b64decode(key)))
        for key in keys
    ]


def encrypt(secret: str, webhook_id: int) -> str:
    """The token to keep in the row of the webhook with that id."""
    nonce = os.urandom(_NONCE_BYTES)
    cipher = _ciphers(tuple(settings.ENCRYPTION_KEYS))[0]
    sealed = cipher.encrypt(nonce, secret.encode(), _row(webhook_id))
    return _MARK + b2a_base64(nonce + sealed, newline=False).decode()


def decrypt(token: str, webhook_id: int) -> str:
    """The secret in `token`, which that webhook's row has. Raises SecretUnreadable when none of
    the present keys made it, or it was made for another webhook."""
    ciphers = _ciphers(tuple(settings.ENCRYPTION_KEYS))
    try:
        if not token.startswith(_MARK):
            raise ValueError
        return _open(a2b_base64(token[len(_MARK) :]), ciphers, _row(webhook_id)).decode()
    except (InvalidTag, ValueError):  # ValueError: not base64, or too short.
        raise SecretUnreadable(
            "A webhook's secret cannot be read with the present ENCRYPTION_KEYS. "
            "Put back the key it was encrypted with, or rotate the secret."
        ) from None


def _row(webhook_id: int) -> bytes:
    return b"webhook %d" % webhook_id


def _open(sealed: bytes, ciphers: list[AESGCM], row: bytes) -> bytes:
    nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    for cipher in ciphers[:-1]:
        with contextlib.suppress(InvalidTag):
            return cipher.decrypt(nonce, rest, row)
    return ciphers[-1].decrypt(nonce, rest, row)
