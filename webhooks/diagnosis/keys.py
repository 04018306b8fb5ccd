"""The ways people get the secret wrong."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import html
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from webhooks.diagnosis import encodings
from webhooks.diagnosis.way import Known, Way, utf8
from webhooks.signing import standard_key

_RECIPE: Final = "key"
# A key of zeros is none: HMAC fills its key up with them.
_EMPTY: Final = {
    "": "nothing at all",
    "undefined": "the word undefined",
    "null": "the word null",
    "None": "the word None",
    "nil": "the word nil",
    "false": "the word false",
    "NaN": "the word NaN",
    "[object Object]": "the text [object Object]",
}
# What stands in examples and templates where the secret belongs.
_NAMES: Final = (
    "WONDERCHAT_WEBHOOK_SECRET", "process.env.WONDERCHAT_WEBHOOK_SECRET",
    "$WONDERCHAT_WEBHOOK_SECRET", "${WONDERCHAT_WEBHOOK_SECRET}", "WONDERCHAT_SECRET",
    "WEBHOOK_SECRET", "process.env.WEBHOOK_SECRET", "$WEBHOOK_SECRET", "${WEBHOOK_SECRET}",
    "SECRET", "$SECRET", "${SECRET}", "EMITTER_SECRET", "WEBHOOK_SECRET_KEY", "SECRET_KEY",
    "wonderchatWebhookSecret", "webhookSecret", "webhook_secret", "webhook-secret", "secret",
    "your-secret", "your_secret", "YOUR_SECRET", "your-secret-key", "your_secret_key",
    "YOUR_SECRET_KEY", "your-webhook-secret", "your_webhook_secret", "YOUR_WEBHOOK_SECRET",
    "<your-secret>", "<secret>", "whsec_...", "whsec_…", "xxx", "changeme", "test", "s3cret",
    "env:WONDERCHAT_WEBHOOK_SECRET", "{{WONDERCHAT_WEBHOOK_SECRET}}", "{{ secret }}",
    "x-wonderchat-signature", "X-Wonderchat-Signature", "wonderchat",
)  # fmt: skip
_VARIABLES: Final = ("WONDERCHAT_WEBHOOK_SECRET", "WEBHOOK_SECRET", "WONDERCHAT_SECRET", "SECRET")


def likely(secret: str) -> Iterator[Way]:
    """What the secret becomes by the usual mistakes; some are the secret itself."""
    yield from _ways(_ends(secret))
    yield from _ways(_decoded(secret))
    for empty, name in _EMPTY.items():
        yield Way(utf8(empty), f"has no secret: it signs with {name}", _RECIPE)


def other(secret: str) -> Iterator[Way]:
    """What it becomes by rarer ones."""
    yield from _ways(_encoded(secret))
    yield from _ways(_changed(secret))
    yield from _ways(_parts(secret))
    for name in _NAMES:
        said = f"signs with {name}, the name of the secret or a placeholder for it"
        yield Way(utf8(name), said, _RECIPE)
    for name in _VARIABLES:
        said = f"uses the whole line {name}=… instead of the secret in it"
        for start in ("", "export "):
            yield Way(utf8(f"{start}{name}={secret}"), said, _RECIPE)
    for name in (*_VARIABLES, "secret", "webhookSecret", "webhook_secret", "value", "key"):
        said = f"uses an object with the secret as {name} (a secrets manager's JSON) as the secret"
        for separators in ((",", ":"), (", ", ": ")):
            text = json.dumps({name: secret}, ensure_ascii=False, separators=separators)
            yield Way(utf8(text), said, _RECIPE)


def _ways(made: Iterable[tuple[str | bytes, str]]) -> Iterator[Way]:
    for value, said in made:
        yield Way(utf8(value) if isinstance(value, str) else value, said, _RECIPE)


def with_ends(known: Known) -> Iterator[Way]:
    """Another secret, as a file or a page gives it."""
    secret = known.secret
    for made, said in (
        (secret + "\n", "with a line break at its end"),
        (secret + "\r\n", "with a line break (CR LF) at its end"),
        (secret + " ", "with a space at its end"),
        (" " + secret, "with a space at its start"),
        (f'"{secret}"', "with quotes around it"),
        (f"'{secret}'", "with quotes around it"),
        (secret.strip(), "without the spaces at its ends"),
        (secret.removeprefix("whsec_"), "without whsec_"),
        ("whsec_" + secret, "with whsec_ in front"),
        (standard_key(secret), "decoded as base64"),
    ):
        raw = utf8(made) if isinstance(made, str) else made
        if raw != utf8(secret):
            yield Way(raw, f"{known.said}, {said}", known.recipe, None, known.webhook_id)


def _ends(secret: str) -> Iterator[tuple[str, str]]:
    if secret != secret.strip():
        yield secret.strip(), "uses the secret without the spaces at its ends"
        yield secret.rstrip(), "uses the secret without the spaces at its end"
    for end, name in (
        ("\n", "a line break"),
        ("\r\n", "a line break (CR LF)"),
        ("\r", "a carriage return"),
        (" ", "a space"),
        ("\t", "a tab"),
    ):
        yield secret + end, f"uses the secret with {name} at its end"
        yield end + secret, f"uses the secret with {name} at its start"
    yield f" {secret} ", "uses the secret with a space at each end"
    yield secret + "\n\n", "uses the secret with two line breaks at its end"
    yield "\ufeff" + secret, "uses the secret with a byte order mark at its start"
    yield secret + "\u200b", "uses the secret with an invisible space at its end"
    yield secret + "\u00a0", "uses the secret with a no-break space at its end"
    yield secret + "\\n", "uses the secret with the two characters \\n at its end"
    for mark, end in (('"', '"'), ("'", "'"), ("`", "`"), ("<", ">"), ("“", "”"), ("[", "]")):
        name = "quotes" if mark in "\"'`“" else f"{mark}{end}"
        yield f"{mark}{secret}{end}", f"uses the secret with {name} around it"
    yield f'"{secret}"\n', "uses the secret with quotes around it and a line break"
    yield f'["{secret}"]', "uses the secret with brackets and quotes around it"
    for end in (";", ",", ".", "="):
        yield secret + end, f"uses the secret with {end} at its end"
    bare = secret.strip("\"'")
    if bare != secret:
        yield bare, "uses the secret without the quotes that it has"


def _decoded(secret: str) -> Iterator[tuple[str | bytes, str]]:
    bare = secret.removeprefix("whsec_")
    if bare != secret:
        yield bare, "leaves out whsec_, which is part of the secret here"
        decoded = standard_key(secret)
        if decoded != utf8(secret):
            yield decoded, "decodes the secret's base64; here the secret is used as text"
    else:
        yield "whsec_" + secret, "puts whsec_ in front of the secret"
    with contextlib.suppress(ValueError):
        yield bytes.fromhex(bare), "decodes the secret as hex; here it is used as text"
    text = bare.translate(str.maketrans("-_", "+/"))
    for padding in ("", "=", "=="):
        with contextlib.suppress(ValueError):
            decoded = base64.b64decode(text + padding, validate=True)
            yield decoded, "decodes the secret as base64; here it is used as text"
            break
    for whole in (bare, secret):
        yield _as_node_does(whole), "decodes the secret as base64; here it is used as text"
    digits = re.match(r"(?:[0-9a-fA-F]{2})*", secret)
    if digits and digits[0]:
        yield bytes.fromhex(digits[0]), "decodes the secret as hex; here it is used as text"
    for encoding in ("base32",):
        with contextlib.suppress(ValueError):
            yield base64.b32decode(secret), f"decodes the secret as {encoding}; here it is text"


def _as_node_does(text: str) -> bytes:
    """Node leaves out what is no base64 and never complains."""
    plain = text.partition("=")[0].translate(str.maketrans("-_", "+/"))
    kept = re.sub(r"[^A-Za-z0-9+/]", "", plain)
    kept = kept[:-1] if len(kept) % 4 == 1 else kept
    return binascii.a2b_base64(kept + "=" * (-len(kept) % 4))


def _encoded(secret: str) -> Iterator[tuple[str | bytes, str]]:
    raw = utf8(secret)
    encoded = base64.b64encode(raw).decode()
    yield encoded, "encodes the secret in base64 first"
    yield encoded.rstrip("="), "encodes the secret in base64 first"
    yield base64.urlsafe_b64encode(raw).rstrip(b"="), "encodes the secret in base64 first"
    yield base64.encodebytes(raw), "encodes the secret in base64 with a line break first"
    with_line = base64.b64encode(raw + b"\n")  # echo "$SECRET" | base64
    yield with_line, "encodes the secret with a line break after it in base64 first"
    yield "whsec_" + encoded, "encodes the secret in base64 and puts whsec_ in front of it"
    yield raw.hex(), "encodes the secret in hex first"
    yield raw.hex().upper(), "encodes the secret in hex first"
    for name in ("sha256", "sha1", "md5", "sha512"):
        digest = hashlib.new(name, raw, usedforsecurity=False)
        yield digest.hexdigest(), f"hashes the secret first ({name})"
        yield digest.hexdigest().upper(), f"hashes the secret first ({name}, upper-case hex)"
        yield digest.digest(), f"hashes the secret first ({name})"
    yield base64.b64encode(hashlib.sha256(raw).digest()), "hashes the secret first (sha256)"
    yield repr(raw), "uses Python's str() of the secret's bytes, with b'…' around it"
    yield repr(secret), "uses Python's repr() of the secret, with quotes around it"
    for quoted in (quote(secret, safe=""), quote_plus(secret), quote(secret)):
        yield quoted, "encodes the secret for a URL first"
    for unquoted in (unquote(secret), unquote_plus(secret)):
        yield unquoted, "decodes the secret as from a URL"
    for quotes in (True, False):
        yield html.escape(secret, quotes), "escapes the secret for HTML first"
    yield html.unescape(secret), "decodes the secret as from HTML"
    for name, said in (("latin-1", "Latin-1"), ("ascii", "ASCII"), ("cp1252", "Windows-1252")):
        yield secret.encode(name, "replace"), f"encodes the secret as {said}; UTF-8 is meant"
    yield encodings.BYTES["node latin1"](secret), "encodes the secret as Latin-1; UTF-8 is meant"
    for name, encode in encodings.BYTES.items():
        if name.startswith("utf-16"):
            yield encode(secret), "encodes the secret as UTF-16; UTF-8 is meant"
        elif name.startswith("utf-32"):
            yield encode(secret), "encodes the secret as UTF-32; UTF-8 is meant"
    for encoding in ("latin-1", "cp1252"):
        with contextlib.suppress(UnicodeDecodeError):
            yield raw.decode(encoding), "reads the secret as Latin-1; UTF-8 is meant"
    for form in ("NFC", "NFD"):
        yield unicodedata.normalize(form, secret), f"normalises the secret's letters ({form})"


def _changed(secret: str) -> Iterator[tuple[str, str]]:
    yield secret.upper(), "uses the secret in upper case"
    yield secret.lower(), "uses the secret in lower case"
    yield secret * 2, "uses the secret twice in a row"
    yield secret[::-1], "uses the secret backwards"
    for prefix in ("Bearer ", "secret=", "secret:", "sha256=", "key=", "v1="):
        yield prefix + secret, f"puts {prefix.strip()} in front of the secret"
    yield re.sub(r"\s", "", secret), "uses the secret without the spaces in it"
    yield re.sub(r"[^0-9A-Za-z]", "", secret), "uses the letters and digits of the secret alone"
    shell = "lets a shell or a .env file change the secret"
    yield re.sub(r"\$\{?\w+\}?", "", secret), f"{shell}: $… in it is taken for a variable"
    yield re.sub(r"\$(?:\w|\{\w+\})", "", secret), f"{shell}: $… in it is taken for a variable"
    yield secret.partition("$")[0], f"{shell}: it ends at the first $"
    yield secret.replace("$", "$$"), f"{shell}: $ is doubled"
    yield secret.replace("$", "\\$"), f"{shell}: $ has a backslash before it"
    yield re.sub(r"\\(.)", r"\1", secret), f"{shell}: backslashes in it are taken out"
    yield secret.replace("\\", "\\\\"), f"{shell}: backslashes in it are doubled"
    yield secret.replace("\\n", "\n"), f"{shell}: \\n in it is taken for a line break"
    yield secret.partition("#")[0].rstrip(), f"{shell}: # in it is taken for a comment"
    yield secret.partition(" ")[0], f"{shell}: it ends at the first space"
    yield secret.rpartition("=")[2], f"{shell}: it begins after the last = in it"
    yield secret.partition("=")[0], f"{shell}: it ends at the first = in it"
    yield secret.rpartition(":")[2], "uses what follows the last : in the secret"
    yield secret.partition(";")[0], f"{shell}: it ends at the first ;"
    yield secret.replace("+", " "), "uses the secret with spaces for its +"
    yield secret.rstrip("="), "uses the secret without the = at its end"


def _parts(secret: str) -> Iterator[tuple[str | bytes, str]]:
    if len(secret) > 1:
        yield secret[:-1], "uses the secret without its last character"
        yield secret[1:], "uses the secret without its first character"
    for size in (8, 16, 20, 24, 32, 64):
        if size < len(secret):
            yield secret[:size], f"uses the first {size} characters of the secret"
    if "_" in secret:
        yield secret.rpartition("_")[2], "uses what follows the last _ in the secret"
