"""The body's own text in another frame: ends, line breaks, encodings, quoting, or not there."""

from __future__ import annotations

import base64
import gzip
import html
import json
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import parse_qsl, quote, quote_plus, unquote, unquote_plus

from chatbots.counting import counted
from webhooks.diagnosis import encodings, php, retyped
from webhooks.diagnosis.budget import Budget
from webhooks.diagnosis.way import Way, utf8

_BOM: Final = b"\xef\xbb\xbf"
_RECIPE: Final = "raw body"
_EMPTY: Final = (
    "", "{}", "[]", "undefined", "null", "None", "nil", "NULL", "false", "true", "0", '""',
    "[object Undefined]", "[object Promise]", "[object ReadableStream]", "[object Buffer]",
    "[object FormData]", "[object ArrayBuffer]", "[object Uint8Array]", "[object Blob]",
    "[object Request]", "[object IncomingMessage]", '"undefined"', '"[object Object]"',
    "Promise { <pending> }", "System.IO.Stream", "map[]", "<nil>", "Array", "b''",
)  # fmt: skip
_COMPONENT: Final = "!~*'()"  # What encodeURIComponent leaves as it is.
# Columns and logs that cut a text off, by what they hold.
_CUTS: Final = (100, 128, 191, 200, 250, 255, 256, 500, 512, 1000, 1024, 2048, 4000, 4096, 8192)
_MAX_FIELDS: Final = 1000
_MAX_PERCENTS: Final = 30_000
_NOT_READ: Final = "the body was not read, or read already"
# What takes longer to make than it is likely.
_MAX_SLOW_BYTES: Final = 64 * 1024


def likely(body: bytes) -> Iterator[Way]:
    """A line break more or less, nothing read: each as bytes with what was done."""
    yield from _ways(_ends(body))
    yield from _ways((empty, f"{empty or 'nothing'}: {_NOT_READ}") for empty in _EMPTY)
    yield from _ways([("[object Object]", "the text [object Object]: an object, not its JSON")])


def other(body: bytes, budget: Budget) -> Iterator[Way]:
    """Encoded, quoted, listed, cleaned. Some are the body itself. Raises Spent within what takes
    long, when the time is over."""
    text = body.decode("utf-8", "replace")
    yield from _ways(_encoded(text, budget))
    yield from _ways(_quoted(body, text))
    if len(body) <= _MAX_SLOW_BYTES:
        yield from _ways(_as_bytes(body))
    yield from _ways(_changed(text, budget))


def _ways(made: Iterable[tuple[str | bytes, str]]) -> Iterator[Way]:
    for value, said in made:
        yield Way(utf8(value) if isinstance(value, str) else value, f"signs {said}", _RECIPE)


def _ends(body: bytes) -> Iterator[tuple[bytes, str]]:
    for end, name in (
        (b"\n", "a line break"),
        (b"\r\n", "a line break (CR LF)"),
        (b"\r", "a carriage return"),
        (b" ", "a space"),
        (b"\0", "a zero byte"),
        (b"\n\n", "two line breaks"),
        (b"\r\n\r\n", "an empty line (CR LF)"),
    ):
        yield body + end, f"the body with {name} at its end"
        yield end + body, f"the body with {name} at its start"
    if body != body.strip():
        yield body.strip(), "the body without the white space at its ends"
        yield body.rstrip(), "the body without the white space at its end"
    if b"\r\n" in body:
        yield body.replace(b"\r\n", b"\n"), "the body with its line breaks changed from CR LF to LF"
    elif b"\n" in body:
        yield body.replace(b"\n", b"\r\n"), "the body with its line breaks changed from LF to CR LF"
    if body.startswith(_BOM):
        yield body[3:], "the body without the byte order mark it starts with"
    yield _BOM + body, "the body with a byte order mark in front"
    yield b" " + body + b" ", "the body with a space at each end"
    if body:
        yield body[:-1], "the body without its last byte"
        yield body[1:], "the body without its first byte"
        yield body * 2, "the body twice"


def _encoded(text: str, budget: Budget) -> Iterator[tuple[bytes, str]]:
    for name in encodings.BYTES:
        said = encodings.SAID[name] or "with its wrong bytes replaced"
        if (made := encodings.encoded(text, name, budget)) is not None:
            yield made, f"the body {said}"


def _quoted(body: bytes, text: str) -> Iterator[tuple[str | bytes, str]]:
    encoded = base64.b64encode(body)
    gateway = "base64 of the body (as API gateways hand it over)"
    yield encoded, gateway
    yield encoded.rstrip(b"="), gateway
    yield base64.urlsafe_b64encode(body), gateway
    yield base64.urlsafe_b64encode(body).rstrip(b"="), gateway
    yield encoded + b"\n", "base64 of the body with a line break at its end (jq -r @base64)"
    yield base64.encodebytes(body), "base64 of the body with line breaks"
    yield body.hex(), "hex of the body"
    yield body.hex().upper(), "hex of the body"
    for ascii_only in (False, True):
        quoted = json.dumps(text, ensure_ascii=ascii_only)
        again = "JSON of JSON: the body is a text already, and is made JSON again"
        yield quoted, again
        yield f"{quoted}\n", f"{again}, with a line break at its end"
        of_php = quoted.replace("/", "\\/").replace("\\u007f", "\x7f")
        if of_php != quoted:
            yield of_php, f"{again} (PHP)"
        yield quoted[1:-1], "the body with its quotes escaped"
        yield json.dumps(quoted, ensure_ascii=ascii_only), "JSON of JSON of JSON"
    yield php.text_serialized(text), "PHP's serialize() of the body"
    yield quote(text, safe=""), "the body encoded for a URL"
    yield quote(text, safe=_COMPONENT), "the body encoded for a URL (encodeURIComponent)"
    yield quote(text, safe="!~*'();/?:@&=+$,#"), "the body encoded for a URL (encodeURI)"
    yield quote_plus(text), "the body encoded for a form"
    yield quote_plus(text) + "=", "the body encoded as a form's only field"
    for name in ("payload", "body", "data", "json"):
        yield f"{name}={quote_plus(text)}", f"the body as the field {name} of a form"
        yield f"{name}={text}", f"the body with {name}= in front"
        yield f"{name}={quote(text, safe=_COMPONENT)}", f"the body as the field {name} of a form"
        wrapped = json.dumps(text, ensure_ascii=False)
        yield f'{{"{name}":{wrapped}}}', f"an object around the body, its text as {name}"
        yield f'{{"{name}":{text}}}', f"an object around the body, with it as {name}"
    yield f"[{text}]", "an array around the body"
    wrapped = json.dumps(text, ensure_ascii=False)
    gateway = "an object as API gateways hand it over, with the body as a text in it"
    for based in ('"isBase64Encoded":false', '"isBase64Encoded":true'):
        inner = wrapped if "false" in based else f'"{encoded.decode()}"'
        yield f'{{"body":{inner},{based}}}', gateway
    yield f'"{encoded.decode()}"', "JSON of the body's base64"
    is_form = text.count("&") < _MAX_FIELDS and text.count("%") <= _MAX_PERCENTS
    fields = dict(parse_qsl(text, keep_blank_values=True)) if is_form else {}
    yield (
        json.dumps(fields, ensure_ascii=False, separators=(",", ":")),
        "the JSON of a form, as which the body was parsed (express.urlencoded)",
    )
    yield (
        json.dumps({text: ""}, ensure_ascii=False, separators=(",", ":")),
        "the JSON of a form that has the body as its only field (express.urlencoded)",
    )
    yield f"'{text}'", "the body with quotes around it"
    yield f'"{text}"', "the body with quotes around it"


def _as_bytes(body: bytes) -> Iterator[tuple[str | bytes, str]]:
    numbers = ",".join(map(str, body))
    buffer = 'the JSON of a Buffer with the body ({"type":"Buffer",…})'
    yield f'{{"type":"Buffer","data":[{numbers}]}}', buffer
    yield numbers, "the body as a list of its bytes' numbers"
    yield f"[{numbers}]", "the body as a list of its bytes' numbers"
    yield f"[{numbers.replace(',', ', ')}]", "the body as a list of its bytes' numbers"
    yield f"[{numbers.replace(',', ' ')}]", "the body as a list of its bytes' numbers (Go's Sprint)"
    pairs = ",".join(f'"{at}":{byte}' for at, byte in enumerate(body))
    yield f"{{{pairs}}}", 'the JSON of a Uint8Array with the body ({"0":123,…})'
    yield repr(body), "Python's str() of the body's bytes, with b'…' around it"
    yield repr(body)[2:-1], "Python's str() of the body's bytes, without its b'…'"
    yield gzip.compress(body, mtime=0), "the body compressed by gzip"


def _changed(text: str, budget: Budget) -> Iterator[tuple[str | bytes, str]]:
    yield from _cut_or_printed(text)
    yield text.replace(" ", ""), "the body with all its spaces taken out, those of texts too"
    yield text.replace('"', ""), "the body without its double quotes"
    yield text.replace('"', '\\"'), "the body with backslashes before double quotes"
    yield retyped.without_spaces(text), "the body with all its spaces taken out, those of texts too"
    yield retyped.single_spaces(text), "the body with each white space as one space"
    yield text.lower(), "the body in lower case"
    yield text.upper(), "the body in upper case"
    yield text.replace('"', "'"), "the body with single quotes for its double quotes"
    yield retyped.without_slashes(text), "the body without its backslashes (stripslashes)"
    yield text.replace("\\", ""), "the body without its backslashes"
    yield retyped.with_slashes(text), "the body with backslashes before quotes (addslashes)"
    yield text.replace("\\/", "/"), "the body with \\/ as /"
    yield text.replace("/", "\\/"), "the body with slashes as \\/"
    yield html.escape(text), "the body escaped for HTML"
    yield html.escape(text).replace("&#x27;", "&#039;"), "the body escaped for HTML (PHP)"
    yield html.escape(text).replace("&#x27;", "&#39;"), "the body escaped for HTML"
    yield html.escape(text, quote=False), "the body escaped for HTML"
    yield html.escape(text, quote=False).replace('"', "&quot;"), "the body escaped for HTML"
    yield retyped.unescaped(text, budget.check), "the body with its HTML decoded"
    yield retyped.without_tags(text), "the body without what looks like HTML tags"
    for escape, character in (("\\n", "\n"), ("\\t", "\t"), ('\\"', '"'), ("\\r", "\r")):
        yield text.replace(escape, character), f"the body with {escape} in it decoded"
    yield text.replace("\u00a0", " "), "the body with plain spaces for unusual ones"
    for curly, plain in (("’", "'"), ("“", '"'), ("”", '"'), ("–", "-"), ("…", "...")):
        yield text.replace(curly, plain), f"the body with {plain} for {curly}"
    plain_quotes = text.replace("\u2018", "'").replace("\u2019", "'")
    plain_quotes = plain_quotes.replace("\u201c", '"').replace("\u201d", '"')
    yield plain_quotes, "the body with plain quotes for curly ones"


def _cut_or_printed(text: str) -> Iterator[tuple[str | bytes, str]]:
    raw = utf8(text)
    for length in _CUTS:
        if length < len(raw):
            yield raw[:length], f"the body cut off after {counted(length, 'byte')}"
            yield text[:length], f"the body cut off after {counted(length, 'character')}"
    for prints, command in ((retyped.echoed, "sh's echo or echo -e"), (retyped.printed, "printf")):
        made = prints(text)
        for end in ("\n", ""):
            yield made + end, f"the body as {command} prints it, with its \\n and the like decoded"
    if text.count("%") <= _MAX_PERCENTS:
        yield unquote(text), "the body decoded as from a URL"
        yield unquote_plus(text), "the body decoded as from a form, where + is a space"
