"""How a signature is written: what digest may be behind a text, and what is wrong with its form."""

from __future__ import annotations

import ast
import base64
import binascii
import contextlib
import re
import string
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from webhooks.diagnosis import signed_bytes
from webhooks.diagnosis.reading import Loose, Reading, both

_MAX_LENGTH: Final = 2_000
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2})+")
_NIBBLES: Final = re.compile(r"[0-9a-fA-F]{8,127}")
# What HTTP does not count to a header's value where it stands around it (RFC 9110, 5.5).
_OUTER_SPACE: Final = " \t"
# What may stand before or after the digest, and what to say of it.
_IN_FRONT: Final = "writes {n} in front of the signature"
_AROUND: Final = (
    (r"(?P<n>x-[\w-]*signature|[\w-]*signature)\s*[:=]\s*(?P<d>.+)", _IN_FRONT),
    (
        r"(?P<n>(?:HMAC-?)?(?:SHA2?-?(?:256|512)|SHA1|MD5)?\s?\([^)]*\)=)\s*(?P<d>\S+)",
        "keeps openssl's {n} in front of the hex",
    ),
    (
        r"(?P<n>(?:HMAC with SHA-?(?:256|384|512)|SHA-?(?:256|384|512) digest):)\s*(?P<d>\S+)",
        "prints CryptoKit's code or digest, with {n} in front of the hex: write its bytes as hex",
    ),
    (r"(?P<n>\\x)(?P<d>[0-9a-fA-F]{2,})", "writes {n} in front of the hex, as PostgreSQL does"),
    (
        r"(?P<d>[^\s,]{32,})(?P<n>\s+[*-]?\s?[-\w./]*)",
        "keeps what sha256sum or openssl -r writes after the hex",
    ),
    (
        r"(?P<n>t=[^,]*,\s*v1=)(?P<d>[^,\s]+)(?:,.*)?",
        "writes {n} in front of the hex, as Stripe does",
    ),
    (
        r"(?P<n>ts=[^;]*;\s*h1=)(?P<d>[^;\s]+)(?:;.*)?",
        "writes {n} in front of the hex, as Paddle does",
    ),
    (
        r"(?P<n>(?:(?:hmac[- ]?)?sha-?(?:256|512|1)|hmac|v\d|h1|s|sig|digest)[=,:])\s*(?P<d>.+)",
        "writes {n} in front of the hex",
    ),
    (r"(?P<n>(?:hmac[- ]?)?sha-?(?:256|512|1)) (?P<d>.+)", "writes {n} in front of the hex"),
    (r"(?P<n>0x)(?P<d>[0-9a-fA-F]+)", "writes 0x in front of the hex"),
    (r"(?P<n>Bearer|Basic|Signature|HMAC|Token)\s+(?P<d>\S+)", _IN_FRONT),
    (
        r"\{\s*\"?(?P<n>\w+)\"?\s*:\s*[\"'](?P<d>[^\"']+)[\"']\s*\}",
        "gives an object with the signature as {n}, not the signature",
    ),
    (r"(?P<n>b)'(?P<d>[^'\\]*)'", "has Python's b'…' around it: decode() it first"),
    (
        r"(?P<n>[\[(])\s*[\"'](?P<d>[^\"']+)[\"'],?\s*[\])]",
        "gives a list with the signature in it: take its first item",
    ),
    (r"(?P<n>\[)(?P<d>[0-9a-fA-F]{64})\]", "gives a list with the signature in it"),
    (
        r"(?P<n>Some|Ok|Just|Optional)\(?\s*\"?(?P<d>[^\")\s]+)\"?\s*\)?",
        "gives {n}(…) around the signature: unwrap it",
    ),
    (r"(?P<n>\{)(?P<d>[0-9a-fA-F]{64})\}", "has braces around the hex"),
    (r"(?P<n>[\w.-]{1,60}[:=,;|])\s*(?P<d>[0-9a-fA-F]{64})", _IN_FRONT),
    (r"(?P<d>[0-9a-fA-F]{64})(?P<n>[.:=,;|]\S{1,60})", "writes {n} behind the hex"),
    (
        r"(?P<n><)(?P<d>[0-9a-fA-F]{8}[0-9a-fA-F ]+)>",
        "prints the digest's bytes instead of their hex",
    ),
)


_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_Z85: Final = (
    string.digits + string.ascii_lowercase + string.ascii_uppercase + ".-:+=^!/*?&<>()[]{}@%$#"
)
_Z85_AS_BASE85: Final = str.maketrans(
    _Z85,
    string.digits + string.ascii_uppercase + string.ascii_lowercase + "!#$%&()*+-;<=>?@^_`{|}~",
)
# A list of bytes as languages print it: [12, -3], [12 3], {"type":"Buffer","data":[12,3]}.
_NUMBERS: Final = re.compile(
    r"(?:\{\"type\":\"Buffer\",\"data\":|Uint8Array\(\d+\) )?[\[{(]?\s*"
    r"(-?\d{1,3}(?:[,\s]+-?\d{1,3}){7,})\s*[\])},]*"
)
# [0x1f, 0x2a], with or without brackets.
_PREFIXED: Final = re.compile(
    r"[\[{(]?\s?0x[0-9a-f]{1,2}(?:(?:, ?|\s)0x[0-9a-f]{1,2}){7,63},?\s?[\])}]?", re.IGNORECASE
)
# A WordArray of CryptoJS as JSON.
_WORDS: Final = re.compile(
    r"\{\s*\"words\":\s*\[(-?\d{1,10}(?:,\s*-?\d{1,10}){0,15})\],\s*\"sigBytes\":\s*\d+\s*\}"
)


def header_value(text: str) -> str:
    """`text` as the value of a header: white space around it is none of it."""
    return text.strip(_OUTER_SPACE)


def readings(signature: str) -> Iterator[Reading | Loose]:
    """What digest the text may stand for, the likeliest first."""
    if len(signature) > _MAX_LENGTH:
        return
    for text, said in _unwrapped(signature):
        yield from _digests(text, said, signature)
        yield from _parts(text, said)


def _unwrapped(signature: str) -> Iterator[tuple[str, str]]:
    text = signature.strip("\ufeff\u200b \t\r\n\0")
    bare = text.strip("\"'`“”‘’ \t\r\n")
    ends = "has quotes or a line break around the hex" if bare != header_value(signature) else ""
    yield bare, ends
    if bare != text:
        yield text, ""
    for pattern, said in _AROUND:
        found = re.fullmatch(pattern, text, re.IGNORECASE | re.DOTALL) or re.fullmatch(
            pattern, bare, re.IGNORECASE | re.DOTALL
        )
        if found:
            inner = found["d"].strip("\"' \t\r\n;,")
            with_this = said.format(n=found["n"].strip())
            yield inner, with_this
            if " " in inner:
                yield inner.replace(" ", ""), with_this
            if "%" in inner:
                yield unquote(inner), f"{with_this}, encoded for a URL"
    parts = {part.strip() for part in bare.split(",")}
    if "," in bare and len(parts) == 1:
        yield parts.pop(), "has the signature twice, with a comma between: the header came twice"
    if " " in signature:
        plus = "has spaces for the + of base64, as the decoding of a form leaves them"
        # One at an end is part of it.
        yield signature.strip("\"'\t\r\n").replace(" ", "+"), plus
    if "%" in bare:
        yield unquote(bare), "has the signature encoded for a URL"
    joined = re.sub(r"\s", "", bare)
    if joined != bare:
        yield joined, "has spaces or line breaks in the digest"


def _digests(text: str, said: str, signature: str) -> Iterator[Reading]:
    if _HEX.fullmatch(text):
        digest = bytes.fromhex(text)
        upper = "writes the hex in upper case" if text != text.lower() else ""
        yield Reading(digest, both(said, upper))
        # Hex of hex, and hex of base64.
        inner = digest.decode("ascii", "replace")
        if _HEX.fullmatch(inner):
            yield Reading(bytes.fromhex(inner), both(said, "writes hex of the hex"))
        elif (decoded := _base64(inner)) is not None:
            yield Reading(decoded, both(said, "writes hex of the digest's base64"))
    between = re.fullmatch(r"[0-9a-fA-F]{2}(?:[-: ,][0-9a-fA-F]{2}){7,}", text)
    if between:
        how = "C#'s BitConverter.ToString writes it" if "-" in text else "some tools write it"
        shown = f"writes the hex as {text[:5]}…, as {how}"
        yield Reading(bytes.fromhex(re.sub(r"[-: ,]", "", text)), both(said, shown))
    yield from signed_bytes.readings(text, said)
    yield from _listed(text, said)
    # What is hex is hardly base64 as well.
    decoded = None if _HEX.fullmatch(text) else _base64(text)
    if decoded is not None:
        yield Reading(decoded, both(said, "writes the digest in base64 instead of hex"))
        inner = decoded.decode("ascii", "replace")
        if _HEX.fullmatch(inner):
            yield Reading(
                bytes.fromhex(inner),
                both(said, "writes base64 of the hex instead of the hex itself"),
            )
        elif (twice := _base64(inner)) is not None:
            yield Reading(twice, both(said, "writes base64 of base64 instead of the hex"))
    yield from _other_bases(text, said)
    if not text.isascii():
        try:
            raw = signature.encode("latin-1")
        except UnicodeEncodeError:
            return
        yield Reading(raw, "gives the digest's bytes as text instead of their hex")


def _listed(text: str, said: str) -> Iterator[Reading]:
    """The bytes as numbers, or as escapes."""
    shown = "prints the digest's bytes instead of their hex"
    buffer = re.fullmatch(r"<Buffer ((?:[0-9a-f]{2} ?)+)>", text)
    if buffer:
        yield Reading(bytes.fromhex(buffer[1]), both(said, shown))
    words = _WORDS.fullmatch(text)
    if words:
        values = [int(number) for number in words[1].split(",")]
        if all(-(1 << 31) <= value < 1 << 32 for value in values):
            raw = b"".join((value & 0xFFFFFFFF).to_bytes(4, "big") for value in values)
            object_ = "gives CryptoJS's object with the digest's words: call toString() on it"
            yield Reading(raw, both(said, object_))
    if _PREFIXED.fullmatch(text):
        each = re.findall(r"0x([0-9a-f]{1,2})", text, re.IGNORECASE)
        yield Reading(bytes(int(one, 16) for one in each), both(said, shown))
    numbers = _NUMBERS.fullmatch(text)
    if numbers:
        values = [int(number) for number in re.findall(r"-?\d+", numbers[1])]
        if all(-128 <= value <= 255 for value in values):
            yield Reading(bytes(value & 0xFF for value in values), both(said, shown))
    if re.fullmatch(r"b(?P<q>['\"]).*(?P=q)", text, re.DOTALL):
        try:
            made = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return
        if isinstance(made, bytes):
            yield Reading(made, both(said, shown))
    elif "\\x" in text:
        try:
            raw = text.encode("ascii").decode("unicode_escape").encode("latin-1")
        except (UnicodeError, ValueError):
            return
        yield Reading(raw, both(said, shown))


def _other_bases(text: str, said: str) -> Iterator[Reading]:
    base = "writes the digest in base{} instead of hex"
    if re.fullmatch(r"[A-Z2-7]{26,}=*|[a-z2-7]{26,}=*", text):
        with contextlib.suppress(binascii.Error):
            padded = text.upper() + "=" * (-len(text) % 8)
            yield Reading(base64.b32decode(padded), both(said, base.format(32)))
    if re.fullmatch(f"[{_BASE58}]{{40,44}}", text):
        number = 0
        for character in text:
            number = number * 58 + _BASE58.index(character)
        if number < 1 << 256:
            yield Reading(number.to_bytes(32, "big"), both(said, base.format(58)))
    if 40 <= len(text) <= 44 and text.isascii() and not _HEX.fullmatch(text):
        for decode in (base64.b85decode, _ascii85, _z85):
            with contextlib.suppress(ValueError):
                yield Reading(decode(text), both(said, base.format(85)))
    if re.fullmatch(r"\d{60,80}", text):
        number = int(text)
        if number < 1 << 256:
            yield Reading(
                number.to_bytes(32, "big"),
                both(said, "writes the digest as a decimal number instead of hex"),
            )


def _ascii85(text: str) -> bytes:
    return base64.a85decode(text.removeprefix("<~").removesuffix("~>"))


def _z85(text: str) -> bytes:
    """ZeroMQ's."""
    if not set(text) <= set(_Z85):
        raise ValueError(text)
    return base64.b85decode(text.translate(_Z85_AS_BASE85))


def _parts(text: str, said: str) -> Iterator[Reading | Loose]:
    """A digest that lost something on the way."""
    if "\ufffd" in text:
        yield Loose(
            lambda made: made.decode("utf-8", "replace") == text,
            "reads the digest's bytes as UTF-8 text, where most of it is lost, instead of hex",
        )
    yield from signed_bytes.parts(text, said)
    if not _NIBBLES.fullmatch(text):
        return
    lower = text.lower()
    if len(lower) < 64:
        yield Reading(
            bytes.fromhex(lower.zfill(64)), both(said, "leaves out zeros at the hex's start")
        )
        yield Loose(
            lambda made: made.hex().startswith(lower),
            both(said, f"writes the hex cut off after {len(lower)} of its 64 characters"),
        )
        yield Loose(
            lambda made: made.hex().endswith(lower),
            both(
                said,
                f"writes only the last {len(lower)} of the hex's 64 characters, as a slice for "
                "another service's prefix does",
            ),
        )
        yield Loose(
            lambda made: "".join(f"{byte:x}" for byte in made) == lower,
            both(said, "writes bytes below 16 with one hex digit instead of two"),
        )
    elif len(lower) > 64:
        yield Loose(
            lambda made: len(made) == 32 and lower == made.hex() * 2,
            both(said, "writes the hex twice in a row"),
        )
        yield Loose(
            lambda made: len(made) == 32 and (made.hex() in lower) and len(lower) <= 80,
            both(said, "has more characters around the hex"),
        )


def _base64(text: str) -> bytes | None:
    if len(text) < 16 or not re.fullmatch(r"[A-Za-z0-9+/_-]+={0,2}", text):
        return None
    plain = text.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        return binascii.a2b_base64(plain + "=" * (-len(plain) % 4))
    except binascii.Error:
        return None
