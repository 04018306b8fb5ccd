"""A digest with what it was made of beside it: Go's Sum(b) appends the digest to b."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final

from webhooks.diagnosis.reading import Reading

_SUM: Final = (
    "as Go's mac.Sum({name}) does, which appends to what it is given: call mac.Write(body) first, "
    "then mac.Sum(nil)"
)


def readings(signature: str, body: bytes, secret: bytes) -> Iterator[Reading]:
    """What may be the digest in bytes that hold the body or the secret as well."""
    raw, how = _bytes(signature.strip())
    for part, name in ((body, "body"), (secret, "secret")):
        if not part:
            continue
        if raw.startswith(part):
            said = f"writes the {how} of the {name} in front of the digest, "
            yield Reading(raw[len(part) :], said + _SUM.format(name=name))
        if raw.endswith(part):
            yield Reading(raw[: -len(part)], f"writes the {how} of the {name} after the digest")


def starts_with_body(signature: str, body: bytes) -> bool:
    """Whether the text is hex or base64 of the body and of something more."""
    return bool(body) and _bytes(signature.strip())[0].startswith(body)


def _bytes(text: str) -> tuple[bytes, str]:
    if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", text):
        return bytes.fromhex(text), "hex"
    plain = text.rstrip("=").translate(str.maketrans("-_", "+/"))
    if not re.fullmatch(r"[A-Za-z0-9+/]+", plain):
        return b"", ""
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4)), "base64"
    except binascii.Error:
        return b"", ""
