"""Secrets at rest: Fernet with every key of ENCRYPTION_KEYS; the first encrypts, all decrypt."""

from __future__ import annotations

from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class SecretUnreadable(Exception):
    """No key in ENCRYPTION_KEYS opens this secret."""


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(secret: str) -> str:
    """The token to keep in the database for `secret`."""
    return _fernet(tuple(settings.ENCRYPTION_KEYS)).encrypt(secret.encode()).decode()


def decrypt(token: str) -> str:
    """The secret in `token`. Raises SecretUnreadable when none of the present keys made it."""
    return _decrypt(token, tuple(settings.ENCRYPTION_KEYS))


# The engine signs thousands of deliveries a second for a few webhooks.
@lru_cache(maxsize=4096)
def _decrypt(token: str, keys: tuple[str, ...]) -> str:
    try:
        return _fernet(keys).decrypt(token.encode()).decode()
    except InvalidToken:
        raise SecretUnreadable(
            "A webhook's secret cannot be read with the present ENCRYPTION_KEYS. "
            "Put back the key it was encrypted with, or rotate the secret."
        ) from None
