"""Other schemes than HMAC-SHA256 of the body: other hashes, other orders, more in the message."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final

from webhooks.diagnosis.moments import Moment
from webhooks.diagnosis.way import utf8
from webhooks.signing import standard_key

Made = tuple[bytes, str, str]  # The digest, what was done, the recipe.

# By the digest's length: what makes one of it, and what to call it.
HASHES: Final = {
    16: (("md5", "MD5"),),
    20: (("sha1", "SHA-1"),),
    28: (("sha224", "SHA-224"), ("sha3_224", "SHA3-224")),
    48: (("sha384", "SHA-384"), ("sha3_384", "SHA3-384")),
    64: (("sha512", "SHA-512"), ("sha3_512", "SHA3-512"), ("blake2b", "BLAKE2b")),
}
_BETWEEN: Final = (
    (".", "a dot"), ("", ""), (":", "a colon"), ("\n", "a line break"), ("|", "a bar"),
    ("-", "a dash"), (",", "a comma"), (" ", "a space"), ("&", "an ampersand"),
    ("_", "an underscore"), (";", "a semicolon"),
)  # fmt: skip


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def other_hashes(key: bytes, message: bytes, length: int) -> Iterator[Made]:
    """HMACs and plain digests of this length."""
    for name, shown in HASHES.get(length, ()):
        yield hmac.digest(key, message, name), f"uses {shown} instead of SHA-256", "right"
        for digest, said in _plain(key, message, partial(_digest, name)):
            yield digest, f"uses a plain {shown} of {said} instead of an HMAC", "right"


def _digest(name: str, data: bytes) -> bytes:
    return hashlib.new(name, data, usedforsecurity=False).digest()


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _plain(
    key: bytes, message: bytes, digest: Callable[[bytes], bytes]
) -> Iterator[tuple[bytes, str]]:
    yield digest(message), "the body alone, without the secret,"
    yield digest(key + message), "the secret followed by the body"
    yield digest(message + key), "the body followed by the secret"
    for text, name in _BETWEEN:
        between = utf8(text)
        if between:
            yield digest(key + between + message), f"the secret, {name} and the body"
            yield digest(message + between + key), f"the body, {name} and the secret"
    yield digest(key + message + key), "the secret, the body and the secret again"
    yield digest(key), "the secret alone"


def without_time(key: bytes, message: bytes) -> Iterator[Made]:
    """Schemes that know nothing but the secret and the body."""
    yield (
        _hmac(message, key),
        "has the secret and the body the wrong way round in the HMAC",
        "right",
    )
    for digest, said in _plain(key, message, _sha256):
        yield digest, f"uses a plain SHA-256 of {said} instead of an HMAC", "right"
    hashed, right = _sha256(message), _hmac(key, message)
    for inner, name in ((hashed, "digest"), (utf8(hashed.hex()), "hex digest")):
        yield (
            _hmac(key, inner),
            f"signs the SHA-256 {name} of the body instead of the body",
            "right",
        )
    for inner, name in ((right, "digest"), (utf8(right.hex()), "hex digest")):
        yield _sha256(inner), f"hashes the right HMAC's {name} once more", "right"
        yield _hmac(key, inner), f"signs the right HMAC's {name} once more", "right"
    yield _hmac(key, key), "signs the secret instead of the body", "right"
    yield (
        _hmac(key, key + message),
        "puts the secret in front of the body, inside the HMAC",
        "right",
    )
    yield _hmac(key, message + key), "puts the secret after the body, inside the HMAC", "right"
    yield (
        _hmac(key, message * 2),
        "gives the body to the HMAC twice (update is called twice)",
        "right",
    )
    yield _hmac(b"", message), "gives the HMAC no key", "key"


def rare(key: bytes, message: bytes) -> Iterator[Made]:
    """Other hashes whose digest is as long as the right one, and hashes of hashes."""
    for name, shown in (("md5", "MD5"), ("sha1", "SHA-1"), ("sha512", "SHA-512")):
        short = hashlib.new(name, message, usedforsecurity=False)
        yield (
            _hmac(key, utf8(short.hexdigest())),
            f"signs the {shown} hex digest of the body",
            "right",
        )
        encoded = base64.b64encode(short.digest())
        yield _hmac(key, encoded), f"signs the base64 of the {shown} digest of the body", "right"
    hashed = _sha256(message)
    encoded = base64.b64encode(hashed)
    yield _hmac(key, encoded), "signs the base64 of the SHA-256 digest of the body", "right"
    for inner, name in ((hashed, "digest"), (utf8(hashed.hex()), "hex digest")):
        yield _sha256(inner), f"uses a plain SHA-256 of the body's SHA-256 {name}", "right"
        for hashed_too, said in (
            (key + inner, "the secret and"),
            (inner + key, "the secret after"),
        ):
            yield (
                _sha256(hashed_too),
                f"uses a plain SHA-256 of {said} the body's SHA-256 {name}",
                "right",
            )
    yield (
        hmac.digest(key, message, "sha512")[:32],
        "uses SHA-512, cut off, instead of SHA-256",
        "right",
    )
    if len(key) <= hashlib.blake2b.MAX_KEY_SIZE:
        keyed = hashlib.blake2b(message, key=key, digest_size=32).digest()
        yield keyed, "uses keyed BLAKE2b instead of HMAC-SHA256", "right"
    if len(key) <= hashlib.blake2s.MAX_KEY_SIZE:
        keyed = hashlib.blake2s(message, key=key).digest()
        yield keyed, "uses keyed BLAKE2s instead of HMAC-SHA256", "right"
    for name, shown in (
        ("sha3_256", "SHA3-256"),
        ("blake2s", "BLAKE2s"),
        ("sha512_256", "SHA-512/256"),
    ):
        yield hmac.digest(key, message, name), f"uses {shown} instead of SHA-256", "right"


def usual_with_time(key: bytes, message: bytes, times: Iterable[Moment]) -> Iterator[Made]:
    """The few schemes with a timestamp that are put together with other mistakes."""
    for moment in times:
        stamp, leave = utf8(moment.text), f"{moment.remark}; Wonderchat signs the body alone"
        for signed, said in (
            (stamp + b"." + message, f"{moment.name}, a dot and the body (Stripe's way)"),
            (stamp + message, f"{moment.name} and the body (Zendesk's way)"),
            (b"v0:" + stamp + b":" + message, f"v0, {moment.name} and the body (Slack's way)"),
            (message + stamp, f"the body and {moment.name}"),
        ):
            yield _hmac(key, signed), f"signs {said}{leave}", "body alone"


def with_time(key: bytes, message: bytes, times: Iterable[Moment], event: str) -> Iterator[Made]:
    """Schemes with a timestamp or the event's name in the message."""
    leave = alone = "; Wonderchat signs the body alone"

    def made(signed: bytes, said: str) -> Made:
        return _hmac(key, signed), f"signs {said}{leave}", "body alone"

    for moment in times:
        stamp, name, leave = utf8(moment.text), moment.name, f"{moment.remark}{alone}"
        for between, mark in _BETWEEN:
            comma = f", {mark} and" if mark else " and"
            way = {".": " (Stripe's way)", "": " (Zendesk's way)"}.get(between, "")
            yield made(stamp + utf8(between) + message, f"{name}{comma} the body{way}")
            yield made(message + utf8(between) + stamp, f"the body{comma} {name}")
        for version in ("v0", "v1"):
            for joint in (b":", b"."):
                signed = joint.join((version.encode(), stamp, message))
                yield made(signed, f"{version}, {name} and the body (Slack's and Zoom's way)")
        yield made(stamp, f"{name} alone")
        yield _hmac(stamp, message), f"uses {name} as the key{moment.remark}", "key"
        derived = _hmac(key, stamp)
        yield (
            _hmac(derived, message),
            f"uses the HMAC of {name} as the key{moment.remark}; the secret itself is the key",
            "key",
        )
        encoded = base64.b64encode(message)
        yield made(stamp + b"." + encoded, f"{name}, a dot and the body in base64")
        hashed = utf8(_sha256(message).hex())
        yield made(stamp + b"." + hashed, f"{name}, a dot and the body's SHA-256")
        for plainly, said in (
            (key + stamp + message, f"the secret, {name} and the body"),
            (key + message + stamp, f"the secret, the body and {name}"),
            (stamp + message + key, f"{name}, the body and the secret"),
            (message + stamp + key, f"the body, {name} and the secret"),
            (stamp + b"." + message + b"." + key, f"{name}, the body and the secret by dots"),
            (key + stamp, f"the secret and {name}"),
            (stamp + key, f"{name} and the secret"),
        ):
            plain = f"uses a plain SHA-256 of {said} instead of an HMAC{leave}"
            yield _sha256(plainly), plain, "right"
        if event:
            yield made(
                utf8(event) + b"." + stamp + b"." + message, f"the event, {name} and the body"
            )
            yield made(utf8(event) + stamp, f"the event and {name}")
            for joint in (b".", b"", b":"):
                signed = joint.join((stamp, utf8(event), message))
                yield made(signed, f"{name}, the event and the body")
        for start in (b"sha256", b"HMAC-SHA256"):
            yield made(start + b"\n" + stamp + b"\n" + message, f"{name} and the body by lines")
    if event:
        for between, _ in _BETWEEN[:3]:
            yield made(utf8(event + between) + message, "the event's name and the body")


def with_url(key: bytes, message: bytes, url: str, times: Iterable[Moment] = ()) -> Iterator[Made]:
    """Schemes with the address in the message."""
    host, _, rest = url.partition("://")[2].partition("/")
    path, bare = f"/{rest}", url.partition("?")[0]
    places = {
        url: "the URL",
        path: "the URL's path",
        bare: "the URL without its query",
        path.partition("?")[0]: "the URL's path without its query",
        host: "the URL's host",
    }
    stamps = [(utf8(moment.text), moment.name) for moment in times if moment.usual]
    for text, name in places.items():
        where = utf8(text)
        for stamp, when in stamps:
            for parts in (
                (stamp, b"POST", where, message),
                (b"POST", where, stamp, message),
                (where, stamp, message),
                (stamp, where, message),
            ):
                for between in (b"", b"\n", b"."):
                    signed = between.join(parts)
                    said = f"signs {when}, {name} and the body; Wonderchat signs the body alone"
                    yield _hmac(key, signed), said, "body alone"
        for signed, said in (
            (where + message, f"{name} and the body (Square's way)"),
            (message + where, f"the body and {name} (Trello's way)"),
            (b"POST" + where + message, f"POST, {name} and the body"),
            (b"POST\n" + where + b"\n" + message, f"POST, {name} and the body"),
            (b"POST " + where + b"\n" + message, f"POST, {name} and the body"),
            (where, f"{name} alone"),
        ):
            yield _hmac(key, signed), f"signs {said}; Wonderchat signs the body alone", "body alone"


def standard(
    secret: str, message: bytes, message_id: str, times: Iterable[Moment]
) -> Iterator[Made]:
    """Standard Webhooks: `id.timestamp.body`, with the secret as that has it and as text."""
    said = (
        "computes the Standard Webhooks signature (webhook-signature) where "
        "X-Wonderchat-Signature is meant"
    )
    alone = "signs the webhook-id and the body; Wonderchat signs the body alone"
    for between in (".", "", ":"):
        yield _hmac(utf8(secret), utf8(message_id + between) + message), alone, "body alone"
    for moment in times:
        signed = utf8(f"{message_id}.{moment.text}.") + message
        for key in dict.fromkeys((standard_key(secret), utf8(secret))):
            yield _hmac(key, signed), said, "body alone"
