"""Why a receiver's signature is wrong: tries the ways people get it wrong until one gives theirs.

Every way is a change to one of four things: the secret, the bytes that are signed, the scheme, and
how the digest is written. One change is tried before two together. Knows no Django.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product
from typing import Any, Final

from webhooks import diagnosis_recipes as recipes
from webhooks.signing import sign, standard_key


@dataclass(frozen=True)
class Diagnosis:
    """What was found. `diagnosis` is a sentence or two; `recipe` says what to do, with code."""

    matches: bool
    expected: str
    diagnosis: str
    recipe: str


@dataclass(frozen=True)
class Way:
    """One way of treating a thing. `said` continues "Your code …"; "" for the right way."""

    value: bytes
    said: str = ""
    recipe: str = ""


# A digest of the signature's writing: what its hex, or base64, decodes to.
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2})+")
_PREFIX: Final = re.compile(r"(?:sha-?256|sha1|v1|v0|hmac-sha256)[=,:]", re.IGNORECASE)
MAX_DEPTH: Final = 32
# Somebody waits for the answer. Wonderchat's events have three parts and a few hundred bytes.
MAX_PARTS: Final = 20
MAX_BYTES_FOR_TWO_CHANGES: Final = 64 * 1024
_HASHES: Final = ("sha1", "sha512", "md5", "sha384", "sha224", "sha3_256")


def diagnose(
    secret: str,
    body: bytes,
    signature: str,
    *,
    timestamp: str = "",
    message_id: str = "",
    previous_secret: str = "",
) -> Diagnosis:
    """Compare `signature` with the right one for `body`, and with those of common mistakes.

    `timestamp` is the X-Wonderchat-Timestamp (or webhook-timestamp) of the request, `message_id`
    its webhook-id, `previous_secret` the one before a rotation: each opens more ways to recognise.
    """
    expected = sign(secret, body)
    if hmac.compare_digest(signature.encode("utf-8", "replace"), expected.encode()):
        return Diagnosis(True, expected, "The signature is right.", recipes.COMPARE)
    given = signature.strip().strip("\"'").strip()
    if not given:
        return Diagnosis(False, expected, "The signature is empty.", recipes.HEADER)
    if given == secret:
        return Diagnosis(
            False,
            expected,
            "This is the secret itself, not a signature made with it.",
            recipes.RIGHT,
        )
    for digest, written in _writings(given, signature):
        found = _search(secret, body, digest, timestamp, message_id, previous_secret)
        if found is not None:
            ways = [way for way in (*found, written) if way.said]
            said = " and ".join(way.said for way in ways)
            return Diagnosis(
                False,
                expected,
                f"Your code {said}.",
                "\n\n".join(dict.fromkeys(way.recipe for way in ways)),
            )
    return _unknown(given, expected)


def _unknown(given: str, expected: str) -> Diagnosis:
    lower = given.lower()
    if len(lower) >= 8 and expected.startswith(lower):
        said = f"This is the right signature, cut off after {len(lower)} of its 64 characters."
        return Diagnosis(False, expected, said, recipes.HEADER)
    sizes = {32: "MD5", 40: "SHA-1", 56: "SHA-224", 96: "SHA-384", 128: "SHA-512"}
    if _HEX.fullmatch(given) and len(given) in sizes:
        said = (
            f"It has the length of a {sizes[len(given)]} digest; the signature is SHA-256, "
            "64 hex characters."
        )
    elif _HEX.fullmatch(given) and len(given) == 64:
        said = (
            "It has the right form, but no usual mistake gives it: the secret or the body that it "
            "was made from is another one than given here."
        )
    else:
        said = "It is not 64 hex characters, and no usual mistake gives it."
    return Diagnosis(False, expected, said, recipes.UNKNOWN)


def _writings(given: str, signature: str) -> Iterator[tuple[bytes, Way]]:
    """What the signature's text may stand for, and how it is written where that is wrong."""
    prefix = _PREFIX.match(given)
    text = given[prefix.end() :] if prefix else given
    if _HEX.fullmatch(text):
        if prefix:
            said = f"writes {prefix[0]} in front of the hex"
        elif text != text.lower():
            said = "writes the hex in upper case"
        elif signature != text:
            said = "has spaces, quotes or a line break around the hex"
        else:
            said = ""
        yield bytes.fromhex(text), Way(b"", said, recipes.HEX)
    try:
        decoded = base64.b64decode(text.translate(str.maketrans("-_", "+/")) + "==")
    except ValueError:
        return
    yield decoded, Way(b"", "writes the digest in base64 instead of hex", recipes.HEX)
    if _HEX.fullmatch(inner := decoded.decode("ascii", "ignore")):
        said = "writes base64 of the hex instead of the hex itself"
        yield bytes.fromhex(inner), Way(b"", said, recipes.HEX)


def _search(
    secret: str, body: bytes, digest: bytes, timestamp: str, message_id: str, previous: str
) -> tuple[Way, ...] | None:
    """The ways that together give `digest`, fewest changes first."""
    secrets, bodies = list(_secrets(secret, previous)), list(_bodies(body))
    right = (secrets[0], bodies[0])
    plain = hashlib.sha256 if len(digest) == 32 else None
    if plain:
        # One change, then a change of both.
        pairs = [(key, bodies[0]) for key in secrets] + [(secrets[0], text) for text in bodies[1:]]
        if len(body) <= MAX_BYTES_FOR_TWO_CHANGES:
            pairs += list(product(secrets[1:], bodies[1:]))
        for key, text in pairs:
            if hmac.digest(key.value, text.value, "sha256") == digest:
                return key, text
    for keys, texts in ((secrets[:1], bodies), (secrets[1:], bodies[:1])):
        for key, text in product(keys, texts):
            for made, way in _schemes(key.value, text.value, right, timestamp, message_id):
                if made == digest:
                    return key, text, way
    return None


def _schemes(
    key: bytes, text: bytes, right: tuple[Way, Way], timestamp: str, message_id: str
) -> Iterator[tuple[bytes, Way]]:
    for name in _HASHES:
        shown = name.upper().replace("SHA", "SHA-").replace("SHA-3_", "SHA3-")
        yield (
            hmac.digest(key, text, name),
            Way(b"", f"uses {shown} instead of SHA-256", recipes.RIGHT),
        )
    yield (
        hmac.digest(text, key, "sha256"),
        Way(b"", "has the secret and the body the wrong way round in the HMAC", recipes.RIGHT),
    )
    plain = "uses a plain SHA-256 of {} instead of an HMAC"
    for joined, what in (
        (key + text, "the secret followed by the body"),
        (text + key, "the body followed by the secret"),
        (key + b"." + text, "the secret, a dot and the body"),
        (text, "the body alone, without the secret,"),
    ):
        yield hashlib.sha256(joined).digest(), Way(b"", plain.format(what), recipes.RIGHT)
    for moment in _moments(text, timestamp):
        stamp = moment.encode("utf-8", "replace")
        for joined, what in (
            (stamp + b"." + text, "the timestamp, a dot and the body"),
            (stamp + text, "the timestamp and the body"),
            (stamp + b":" + text, "the timestamp, a colon and the body"),
            (b"v0:" + stamp + b":" + text, "v0, the timestamp and the body (Slack's way)"),
            (text + stamp, "the body and the timestamp"),
            (text + b"." + stamp, "the body, a dot and the timestamp"),
        ):
            way = Way(b"", f"signs {what}; Wonderchat signs the body alone", recipes.BODY_ALONE)
            yield hmac.digest(key, joined, "sha256"), way
        if message_id:
            signed = f"{message_id}.{moment}.".encode("utf-8", "replace") + text
            for standard in {key, standard_key(right[0].value.decode("utf-8", "replace"))}:
                way = Way(
                    b"",
                    "computes the Standard Webhooks signature (webhook-signature) where "
                    "X-Wonderchat-Signature is meant",
                    recipes.BODY_ALONE,
                )
                yield hmac.digest(standard, signed, "sha256"), way


def _moments(text: bytes, timestamp: str) -> list[str]:
    """The timestamp of the request, and the payload's own."""
    payload = _parsed(text)
    own = payload.get("timestamp") if isinstance(payload, dict) else None
    return [moment for moment in (timestamp, own) if isinstance(moment, str) and moment]


def _secrets(secret: str, previous: str) -> Iterator[Way]:
    def way(value: bytes | str, said: str) -> Way:
        raw = value.encode("utf-8", "replace") if isinstance(value, str) else value
        return Way(raw, said, recipes.WHICH_KEY)

    yield way(secret, "")
    if previous:
        yield way(previous, "uses the secret from before the rotation")
    if secret != secret.strip():
        yield way(secret.strip(), "uses the secret without the spaces at its ends")
    for end, name in (("\n", "a line break"), ("\r\n", "a line break (CR LF)"), (" ", "a space")):
        yield way(secret + end, f"uses the secret with {name} at its end")
        yield way(end + secret, f"uses the secret with {name} at its start")
    for quote in ('"', "'"):
        yield way(f"{quote}{secret}{quote}", "uses the secret with quotes around it")
    yield way(secret.strip("\"'"), "uses the secret without the quotes that are part of it")
    bare = secret.removeprefix("whsec_")
    if bare != secret:
        yield way(bare, "leaves out whsec_, which is part of the secret here,")
        if (decoded := standard_key(secret)) != secret.encode("utf-8", "replace"):
            yield way(decoded, "decodes the secret's base64; here the secret is used as text")
    else:
        yield way("whsec_" + secret, "puts whsec_ in front of the secret")
    with contextlib.suppress(ValueError):
        yield way(bytes.fromhex(secret), "decodes the secret as hex; here it is used as text")
    with contextlib.suppress(ValueError):
        decoded = base64.b64decode(secret.translate(str.maketrans("-_", "+/")), validate=True)
        yield way(decoded, "decodes the secret as base64; here it is used as text")
    raw = secret.encode("utf-8", "replace")
    yield way(base64.b64encode(raw), "encodes the secret in base64 first")
    yield way(raw.hex(), "encodes the secret in hex first")
    yield way(hashlib.sha256(raw).hexdigest(), "hashes the secret first")
    yield way(hashlib.sha256(raw).digest(), "hashes the secret first")
    yield way(secret.upper(), "uses the secret in upper case")
    yield way(secret.lower(), "uses the secret in lower case")
    yield way(secret.encode("latin-1", "replace"), "encodes the secret as Latin-1; UTF-8 is meant")
    yield way(secret.encode("utf-16-le", "replace"), "encodes the secret as UTF-16; UTF-8 is meant")
    for empty in ("", "undefined", "null", "None"):
        said = f"has no secret: it signs with {empty or 'an empty string'!r}"
        yield way(empty, said)


def _parsed(body: bytes) -> Any:
    """What the body's JSON says; None when it is no JSON, or nested deeper than any event is."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return None if level else value


def _bodies(body: bytes) -> Iterator[Way]:
    def way(value: bytes | str, said: str) -> Way:
        raw = value.encode("utf-8", "replace") if isinstance(value, str) else value
        return Way(raw, said, recipes.RAW_BODY)

    yield way(body, "")
    yield from (way(value, f"signs {said}") for value, said in _framed(body))
    value = _parsed(body)
    if value is None:
        return
    for indent, name in ((2, "two"), (4, "four")):
        yield way(
            json.dumps(value, indent=indent, ensure_ascii=False),
            f"signs the JSON written over several lines, indented by {name} spaces",
        )
    for ascii_only, sort, compact in product((False, True), repeat=3):
        text = json.dumps(
            value,
            ensure_ascii=ascii_only,
            sort_keys=sort,
            separators=(",", ":") if compact else (", ", ": "),
        )
        changes = [
            change
            for change, made in (
                ("its keys sorted", sort),
                ("spaces after commas and colons", not compact),
                ("letters beyond ASCII as \\u escapes", ascii_only),
            )
            if made
        ]
        what = "with " + ", ".join(changes) if changes else "in its compact form"
        yield way(text, f"signs the JSON parsed and written again {what}")
        yield way(
            text.replace("/", "\\/"),
            f"signs the JSON written again {what}, its slashes as \\/ (PHP's json_encode)",
        )
        escaped = text
        for character in "<>&\u2028\u2029":
            escaped = escaped.replace(character, f"\\u{ord(character):04x}")
        if escaped != text:
            yield way(
                escaped,
                f"signs the JSON written again {what}, with <, > and & escaped (Go's json.Marshal)",
            )
    if isinstance(value, dict):
        for name, part in islice(value.items(), MAX_PARTS):
            text = json.dumps(part, ensure_ascii=False, separators=(",", ":"))
            yield way(text, f"signs the {name} part of the JSON alone")
    yield way(str(value), "signs Python's str() of the parsed JSON")
    yield way("[object Object]", "signs the text [object Object]: an object, not its JSON")
    yield way(json.dumps(body.decode("utf-8", "replace"), ensure_ascii=False), "signs JSON of JSON")


def _framed(body: bytes) -> Iterator[tuple[bytes | str, str]]:
    """The same text in another frame: ends, line breaks, encodings."""
    yield body + b"\n", "the body with a line break at its end"
    yield body + b"\r\n", "the body with a line break (CR LF) at its end"
    if body != body.strip():
        yield body.strip(), "the body without the white space at its ends"
    if b"\r\n" in body:
        yield body.replace(b"\r\n", b"\n"), "the body with its line breaks changed from CR LF to LF"
    elif b"\n" in body:
        yield body.replace(b"\n", b"\r\n"), "the body with its line breaks changed from LF to CR LF"
    if body.startswith(b"\xef\xbb\xbf"):
        yield body[3:], "the body without the byte order mark it starts with"
    yield b"\xef\xbb\xbf" + body, "the body with a byte order mark in front"
    text = body.decode("utf-8", "replace")
    yield body.decode("latin-1"), "the body read as Latin-1 instead of UTF-8"
    yield text.encode("latin-1", "replace"), "the body encoded as Latin-1 instead of UTF-8"
    yield text.encode("ascii", "replace"), "the body with letters beyond ASCII lost"
    yield text.encode("utf-16-le"), "the body encoded as UTF-16 instead of UTF-8"
    yield base64.b64encode(body), "base64 of the body (as API gateways hand it over)"
    yield body.hex(), "hex of the body"
    for empty in (b"", b"{}", b"undefined", b"null", b"None"):
        yield empty, f"{empty.decode() or 'nothing'}: the body was not read, or read already,"
