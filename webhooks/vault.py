"""Secrets at rest: AES-256-GCM with keys made of ENCRYPTION_KEYS; the first encrypts, all decrypt.

The engine opens the secret of each webhook that it sends to: a token of Fernet's would cost it a
tenth of a delivery. Those that a database still has are opened too.
"""

from __future__ import annotations

import contextlib
import os
from base64 import urlsafe_b64decode
from binascii import a2b_base64, b2a_base64
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

# No token of Fernet's has a dot.
_MARK: Final = "1."
_NONCE_BYTES: Final = 12


class SecretUnreadable(Exception):
    """No key in ENCRYPTION_KEYS opens this secret."""


@lru_cache(maxsize=4)
def _ciphers(keys: tuple[str, ...]) -> list[AESGCM]:
    return [
        # A key for one purpose: none that another program uses with the same ENCRYPTION_KEYS.
        AESGCM(HKDF(SHA256(), 32, None, b"a webhook's secret").derive(urlsafe_b64decode(key)))
        for key in keys
    ]


def encrypt(secret: str) -> str:
    """The token to keep in the database for `secret`."""
    nonce = os.urandom(_NONCE_BYTES)
    sealed = _ciphers(tuple(settings.ENCRYPTION_KEYS))[0].encrypt(nonce, secret.encode(), None)
    return _MARK + b2a_base64(nonce + sealed, newline=False).decode()


def decrypt(token: str) -> str:
    """The secret in `token`. Raises SecretUnreadable when none of the present keys made it."""
    keys = tuple(settings.ENCRYPTION_KEYS)
    try:
        if token.startswith(_MARK):
            return _open(a2b_base64(token[len(_MARK) :]), _ciphers(keys)).decode()
        return _open_fernet(token, keys)
    except (InvalidToken, InvalidTag, ValueError):  # ValueError: not base64, or too short.
        raise SecretUnreadable(
            "A webhook's secret cannot be read with the present ENCRYPTION_KEYS. "
            "Put back the key it was encrypted with, or rotate the secret."
        ) from None


def _open(sealed: bytes, ciphers: list[AESGCM]) -> bytes:
    nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    for cipher in ciphers[:-1]:
        with contextlib.suppress(InvalidTag):
            return cipher.decrypt(nonce, rest, None)
    return ciphers[-1].decrypt(nonce, rest, None)


@lru_cache(maxsize=4096)
def _open_fernet(token: str, keys: tuple[str, ...]) -> str:
    return MultiFernet([Fernet(key) for key in keys]).decrypt(token.encode()).decode()
