"""Signatures, as Wonderchat's page and Standard Webhooks 1.0 compute them. Knows no Django."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable


def sign(secret: str, body: bytes) -> str:
    """The X-Wonderchat-Signature of `body`: HMAC-SHA256, lower-case hex.

    Source: Wonderchat webhooks page, Authentication. The key is the secret's UTF-8 bytes, as
    node's `crypto.createHmac("sha256", secret)` takes it.
    """
    return hmac.digest(secret.encode(), body, hashlib.sha256).hex()


def standard_key(secret: str) -> bytes:
    """The key bytes of a secret in Standard Webhooks' sense.

    `whsec_` and base64 gives the decoded bytes; any other secret is its UTF-8 bytes, and a
    receiver's library is given `whsec_` + base64 of them. A bare `whsec_` is such another: nobody
    signs with an empty key.
    """
    if secret.startswith("whsec_"):
        try:
            decoded = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except ValueError:
            decoded = b""
        if decoded:
            return decoded
    return secret.encode()


def standard_signature(
    secrets: Iterable[str], message_id: str, timestamp_seconds: int, body: bytes
) -> str:
    """The `webhook-signature` header: one `v1,` base64 signature per secret, space-separated.

    Source: Standard Webhooks 1.0, "Signature scheme": HMAC-SHA256 over `id.timestamp.body`.
    """
    signed = f"{message_id}.{timestamp_seconds}.".encode() + body
    return " ".join(
        "v1," + base64.b64encode(hmac.digest(standard_key(s), signed, hashlib.sha256)).decode()
        for s in secrets
    )
