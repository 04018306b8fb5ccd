"""An answer's body as people read it: unpacked and in its own character set. Pure: no Django.

Nobody asked the endpoint to compress (no Accept-Encoding is sent), but some do, and an error page
in ISO-8859-1 is no rarity. What is kept are the bytes as they came; this reads them anew each time.
Sources: RFC 9110, 8.4; the WHATWG's Encoding and MIME Sniffing standards, for the order in which
character sets are believed: byte order mark, header, the document itself.
"""

from __future__ import annotations

import codecs
import re
import zlib
from dataclasses import dataclass
from email.message import Message
from typing import Final

from chatbots import printable
from chatbots.counting import counted
from webhooks import character_sets

# A kilobyte of gzip may hold a megabyte.
MOST_SHOWN_BYTES = 256 * 1024
MOST_CODINGS = 4
# Characters of a name that is no coding's.
LONGEST_NAME = 40

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_IN_HTML = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_IN_XML = re.compile(rb"<\?xml[^>]+encoding\s*=\s*[\"']([\w.:-]+)", re.IGNORECASE)
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_GZIP: Final = b"\x1f\x8b\x08"
# Codings: IANA's registry of them, and what else servers send.
_READ: Final = frozenset({"gzip", "x-gzip", "deflate", "x-deflate"})
_NOTHING: Final = frozenset({"", "identity"})
_NOT_READ: Final = frozenset(
    {
        "br",
        "brotli",
        "zstd",
        "compress",
        "x-compress",
        "aes128gcm",
        "dcb",
        "dcz",
        "exi",
        "pack200-gzip",
        "bzip2",
        "x-bzip2",
        "lzma",
        "xz",
        "lz4",
        "snappy",
    }
)


@dataclass(frozen=True)
class Readable:
    """`text` as far as it can be read; `note` says, in a sentence, what stands between; or ""."""

    text: str
    note: str = ""


def read(headers: dict[str, str], body: bytes) -> Readable:
    """The body of an answer with these headers. It may be cut off anywhere."""
    known = {name.lower(): value for name, value in headers.items()}
    named = [
        coding.partition(";")[0].strip().lower()
        for coding in known.get("content-encoding", "").split(",")
    ]
    codings = [one for one in named if one in _READ | _NOT_READ]
    no_coding = next((one for one in named if one not in _READ | _NOT_READ | _NOTHING), "")
    note = ""
    if no_coding:
        shown = printable.line(no_coding, LONGEST_NAME)
        note = f'Its Content-Encoding names "{shown}", which is no way to compress.'
        # What is compressed says so itself, whatever it is called.
        codings = codings or ["gzip"] * body.startswith(_GZIP)
    for coding in reversed(codings[-MOST_CODINGS:]):
        if not body:
            break
        unpacked = _unpacked(coding, body)
        if unpacked:
            body = unpacked
            continue
        if coding in _READ or _is_plain(body):
            note = f"It says that it is compressed with {coding}, but it is not."
            break
        return Readable(
            "",
            f"{counted(len(body), 'byte')}, compressed with {coding}, which is not read here.",
        )
    if len(body) > MOST_SHOWN_BYTES:
        body, note = body[:MOST_SHOWN_BYTES], "Unpacked, it is longer than what is shown."
    return Readable(_text(known.get("content-type", ""), body), note)


def _unpacked(coding: str, body: bytes) -> bytes:
    """What `body` holds, a little more than is shown at most; b"" for what cannot be unpacked."""
    if body.startswith(_GZIP) or coding in ("gzip", "x-gzip"):
        return _inflated(body, 16 + zlib.MAX_WBITS)
    if coding in _READ:
        # It means zlib's format; there are servers that leave the wrapping out.
        return _inflated(body, zlib.MAX_WBITS) or _inflated(body, -zlib.MAX_WBITS)
    return b""


def _inflated(body: bytes, window_bits: int) -> bytes:
    unpacked = b""
    # A file of gzip's may have several members.
    while body and len(unpacked) <= MOST_SHOWN_BYTES:
        inflate = zlib.decompressobj(window_bits)
        try:
            unpacked += inflate.decompress(body, MOST_SHOWN_BYTES + 1 - len(unpacked))
        except zlib.error:
            break
        body = inflate.unused_data
    return unpacked


def _is_plain(body: bytes) -> bool:
    """It reads as text, which what is compressed does not."""
    return _utf_8(body) is not None and not _CONTROLS.search(body)


def _utf_8(body: bytes) -> str | None:
    """The text, if it is UTF-8: cut off in the middle of a character, perhaps."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(body)
    except UnicodeDecodeError:
        return None


def _text(content_type: str, body: bytes) -> str:
    for mark, name in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    declared = Message()
    declared["Content-Type"] = content_type
    kind = content_type.partition(";")[0].strip().lower()
    if kind.endswith("json") and not body.isascii() and _is_plain(body):
        # JSON is UTF-8 (RFC 8259, 8.1); a framework adds its own charset to any type.
        return _utf_8(body) or ""
    in_document = _IN_HTML.search(body[:1024]) or _IN_XML.match(body[:1024])
    said = [str(declared.get_param("charset") or "")]
    if in_document and (not kind or kind.endswith(("html", "xml"))):
        found = in_document[1].decode("ascii", "replace")
        # What can be read as ASCII, as it was here, is not that.
        said.append("utf-8" if found.lower().startswith("utf-16") else found)
    for name in filter(None, map(character_sets.codec, said)):
        return body.decode(name, "replace")
    text = _utf_8(body)
    return text if text is not None else _guessed(body)


def _guessed(body: bytes) -> str:
    """Text in nobody knows what: UTF-8 with a few bytes that are broken, or one byte for each
    character, as most of the West has it."""
    text = body.decode("utf-8", "replace")
    broken = text.count("\N{REPLACEMENT CHARACTER}")
    whole = sum(character > "\x7f" for character in text) - broken
    if _CONTROLS.search(body) or whole > broken:
        return text
    return body.decode("cp1252", "replace")
