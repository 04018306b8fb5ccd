"""The right digest, written wrong; and what is no digest at all."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from urllib.parse import quote

from tests.webhooks.wrong_ways.way import STAMP, WrongWay, written

_HEADER = "X-Wonderchat-Signature"


def _signed(digest: Iterable[int]) -> list[int]:
    """As Java prints bytes."""
    return [byte - 256 if byte > 127 else byte for byte in digest]


def _extended(digest: bytes, form: str, front: str = "ffffff") -> str:
    return "".join((front if byte > 127 else "") + format(byte, form) for byte in digest)


def _without_zeros(digest: bytes) -> str:
    return "".join(f"{byte:x}" for byte in digest)


def _words(digest: bytes) -> str:
    words = [int.from_bytes(digest[at : at + 4], "big", signed=True) for at in range(0, 32, 4)]
    return json.dumps({"words": words, "sigBytes": 32})


_NONE = "No header was read"

_NOTHING = (
    "undefined,undefined", "null, null", "None,None", "Optional(nil)", "Optional()", "Some(None)",
    "Some(null)", "Just Nothing", "Ok(None)", "<null>", "<nil>", "(null)", "System.String[]",
    "System.Object", 'string(0) ""', "array(0) {}", "#<Object>", "#<Headers>", "Headers {}",
    "Headers { 'content-type': 'application/json' }", "[object Headers]", "[object Array]",
    "not found", "Not Found", "not set", "missing", "[null]", "[undefined]", '[""]', "['']",
    "[nil]", "[]string{}", "[Ljava.lang.String;@1b6d3586",
    "Microsoft.Extensions.Primitives.StringValues",
    "System.Collections.Generic.List`1[System.String]",
)  # fmt: skip
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def _nothing(text: str) -> WrongWay:
    return written(f"nothing: {text}", _NONE, lambda d: text)


def _base58(digest: bytes) -> str:
    number, made = int.from_bytes(digest, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        made = _BASE58[rest] + made
    return "1" * (len(digest) - len(digest.lstrip(b"\0"))) + made


WAYS: tuple[WrongWay, ...] = (
    written("upper case", "upper case", lambda d: d.hex().upper()),
    written("base64", "base64 instead of hex", lambda d: base64.b64encode(d).decode()),
    written(
        "base64url without padding",
        "base64 instead of hex",
        lambda d: base64.urlsafe_b64encode(d).decode().rstrip("="),
    ),
    written("base64 of the hex", "base64 of the hex", lambda d: _base64(d.hex().encode())),
    written("base64 of base64", "base64 of base64", lambda d: _base64(_base64(d).encode())),
    written("hex of the hex", "hex of the hex", lambda d: d.hex().encode().hex()),
    written("hex of base64", "base64", lambda d: _base64(d).encode().hex()),
    written("sha256= of GitHub", "sha256=", lambda d: f"sha256={d.hex()}"),
    written("sha256= and base64 of Typeform", "sha256=", lambda d: f"sha256={_base64(d)}"),
    written("v1= ", "v1=", lambda d: f"v1={d.hex()}"),
    written("v0= of Slack", "v0=", lambda d: f"v0={d.hex()}"),
    written("v1, of Standard Webhooks", "v1,", lambda d: f"v1,{_base64(d)}"),
    written("t= and v1= of Stripe", "Stripe", lambda d: f"t=1697380567,v1={d.hex()}"),
    written("ts= and h1= of Paddle", "Paddle", lambda d: f"ts=1697380567;h1={d.hex()}"),
    written("a line break after it", "line break", lambda d: d.hex() + "\n"),
    written("quotes around it", "quotes", lambda d: f'"{d.hex()}"'),
    written("braces around it", "braces", lambda d: f"{{{d.hex()}}}"),
    written("a key's id in front", "key-1:", lambda d: f"key-1:{d.hex()}"),
    written("the time behind it", ".1697380567 behind", lambda d: f"{d.hex()}.1697380567"),
    written("a WordArray of CryptoJS", "toString()", _words),
    written(
        "base64 that was decoded as a form",
        "base64",
        lambda d: base64.b64encode(d).decode().replace("+", " "),
    ),
    written("the header's name with it", _HEADER, lambda d: f"{_HEADER}: {d.hex()}"),
    written("the header's name in small", "in front", lambda d: f"{_HEADER.lower()}:{d.hex()}"),
    written("a list of it", "list", lambda d: f'["{d.hex()}"]'),
    written("a list of it in Python", "list", lambda d: str([d.hex()])),
    written("openssl's (stdin)=", "openssl", lambda d: f"(stdin)= {d.hex()}"),
    written("openssl 3's", "openssl", lambda d: f"SHA2-256(stdin)= {d.hex()}"),
    written("openssl -hmac of a file", "openssl", lambda d: f"HMAC-SHA256(body.json)= {d.hex()}"),
    written("openssl -r", "sha256sum", lambda d: f"{d.hex()} *stdin"),
    written("sha256sum", "sha256sum", lambda d: f"{d.hex()}  -"),
    written("BitConverter", "BitConverter", lambda d: d.hex("-").upper()),
    written("colons", "some tools", lambda d: d.hex(":")),
    written("spaces between", "hex as", lambda d: d.hex(" ")),
    written("0x", "0x", lambda d: f"0x{d.hex()}"),
    written("b'…' of Python", "b'…'", lambda d: str(d.hex().encode())),
    written("bytes of Python", "bytes", str),
    written("a Buffer in a log", "bytes", lambda d: f"<Buffer {d.hex(' ')}>"),
    written("JSON of a Buffer", "bytes", lambda d: f'{{"type":"Buffer","data":{[*d]}}}'),
    written("Arrays.toString of Java", "bytes", lambda d: str(_signed(d))),
    written("toHexString of Java, padded", "& 0xff", lambda d: _extended(d, "02x")),
    written("toHexString of Java", "& 0xff", lambda d: _extended(d, "x")),
    written("Long.toHexString of Java", "& 0xff", lambda d: _extended(d, "02x", "f" * 14)),
    written("upper case of that", "& 0xff", lambda d: _extended(d, "02x").upper()),
    written(
        "toString(16) of Kotlin", "minus", lambda d: "".join(f"{byte:x}" for byte in _signed(d))
    ),
    WrongWay("Sum of Go", ("mac.Sum(nil)", "nothing"), lambda r: (r.body + r.hmac(b"")).hex()),
    WrongWay("Sum of Go after Write", ("mac.Sum(nil)",), lambda r: _base64(r.body + r.hmac())),
    WrongWay(
        "Sum of the secret", ("mac.Sum(nil)",), lambda r: r.secret.encode().hex() + r.hmac().hex()
    ),
    WrongWay("the body after it", ("after the digest",), lambda r: (r.hmac() + r.body).hex()),
    written("fmt.Println of Go", "bytes", lambda d: f"[{' '.join(map(str, d))}]"),
    written("digest('latin1')", "as text", lambda d: d.decode("latin-1")),
    written("digest().toString()", "UTF-8 text", lambda d: d.decode("utf-8", "replace")),
    written("a number", "decimal", lambda d: str(int.from_bytes(d, "big")).zfill(60)),
    written("cut to 32", "cut off", lambda d: d.hex()[:32]),
    written("cut to 40", "cut off", lambda d: d.hex()[:40]),
    written("slice(7) as for sha256=", "last 57", lambda d: d.hex()[7:]),
    written("without leading zeros", "", _without_zeros),
    written("twice, by a proxy", "twice", lambda d: f"{d.hex()}, {d.hex()}"),
    written(
        "encoded for a URL", "URL", lambda d: _base64(d).replace("+", "%2B").replace("=", "%3D")
    ),
    written("base32", "base32", lambda d: base64.b32encode(d).decode()),
    written("base32 in small letters", "base32", lambda d: base64.b32encode(d).decode().lower()),
    written("base58", "base58", _base58),
    written("base85", "base85", lambda d: base64.b85encode(d).decode()),
    written("Ascii85", "base85", lambda d: base64.a85encode(d, adobe=True).decode()),
    written("Ascii85 without its frame", "base85", lambda d: base64.a85encode(d).decode()),
    written("CryptoKit's code", "CryptoKit", lambda d: f"HMAC with SHA256: {d.hex()}"),
    written("CryptoKit's digest", "CryptoKit", lambda d: f"SHA256 digest: {d.hex()}"),
    written("bytea of PostgreSQL", "PostgreSQL", lambda d: f"\\x{d.hex()}"),
    written("bytes with 0x", "bytes", lambda d: " ".join(f"0x{byte:02x}" for byte in d)),
    written("bytes of C", "bytes", lambda d: f"{{{', '.join(f'0x{byte:02X}' for byte in d)}}}"),
    written("bytes of Go's %#v", "bytes", lambda d: f"[{', '.join(f'0x{byte:x}' for byte in d)}]"),
    written(
        "base64 as a form's field", "for a URL", lambda d: f"signature={quote(_base64(d), safe='')}"
    ),
    written("a header as a cookie", "in front", lambda d: f"{_HEADER.lower()}={d.hex()};"),
    written("a header with a comma", "in front", lambda d: f"{_HEADER}: {d.hex()},"),
    *map(_nothing, _NOTHING),
    written("an object", "object", lambda d: f'{{"signature":"{d.hex()}"}}'),
    written("Optional of Swift", "Optional", lambda d: f'Optional("{d.hex()}")'),
    written("NSData", "bytes", lambda d: f"<{d.hex(' ', 4)}>"),
    written("undefined", _NONE, lambda d: "undefined"),
    written("null", _NONE, lambda d: "null"),
    written("None", _NONE, lambda d: "None"),
    written("nil", _NONE, lambda d: "nil"),
    written("nothing", _NONE, lambda d: ""),
    written("[object Object]", _NONE, lambda d: "[object Object]"),
    written("a promise", "promise", lambda d: "[object Promise]"),
    written("byte[] of C#", "bytes", lambda d: "System.Byte[]"),
    written("byte[] of Java", "bytes", lambda d: "[B@1b6d3586"),
    written("an HMAC object of Python", "HMAC object", lambda d: "<hmac.HMAC object at 0x7f2c>"),
    written(
        "hexdigest not called",
        "method",
        lambda d: "<bound method HMAC.hexdigest of <hmac.HMAC object at 0x7f2c>>",
    ),
    written("the timestamp", "timestamp", lambda d: STAMP),
    written("the content type", "content type", lambda d: "application/json"),
    written("the header's name alone", "header's name", lambda d: _HEADER),
    written("a template", "template", lambda d: "${signature}"),
    written("the event", "event's name", lambda d: "LIVE_CHAT_INITIATED"),
)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
