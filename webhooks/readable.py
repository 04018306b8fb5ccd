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

from chatbots.counting import counted

# A kilobyte of gzip may hold a megabyte.
MOST_SHOWN_BYTES = 256 * 1024
MOST_CODINGS = 4

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# As browsers have it: who says one of these means the larger set.
_MEANT = {"ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "gb2312": "gb18030"}
# Python's own, which are no character sets.
_NO_SETS = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "utf-7"}
)
_IN_HTML = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_IN_XML = re.compile(rb"<\?xml[^>]+encoding\s*=\s*[\"']([\w.:-]+)", re.IGNORECASE)
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


@dataclass(frozen=True)
class Readable:
    """`text` as far as it can be read; `note` says, in a sentence, what stands between; or ""."""

    text: str
    note: str = ""


def read(headers: dict[str, str], body: bytes) -> Readable:
    """The body of an answer with these headers. It may be cut off anywhere."""
    known = {name.lower(): value for name, value in headers.items()}
    note = ""
    codings = [coding.strip().lower() for coding in known.get("content-encoding", "").split(",")]
    for coding in reversed([one for one in codings if one not in ("", "identity")][-MOST_CODINGS:]):
        unpacked = _unpacked(coding, body) if body else b""
        if unpacked is None:
            return Readable(
                "",
                f"{counted(len(body), 'byte')}, compressed with {coding}, which is not read here.",
            )
        if body and not unpacked:
            note = f"It says that it is compressed with {coding}, but it is not."
            break
        body = unpacked
    if len(body) > MOST_SHOWN_BYTES:
        body, note = body[:MOST_SHOWN_BYTES], "Unpacked, it is longer than what is shown."
    return Readable(_text(known.get("content-type", ""), body), note)


def _unpacked(coding: str, body: bytes) -> bytes | None:
    """What `body` holds, a little more than is shown at most; b"" for what cannot be unpacked, and
    None for a coding that is not known."""
    if coding in ("gzip", "x-gzip"):
        return _inflated(body, 16 + zlib.MAX_WBITS)
    if coding == "deflate":
        # It means zlib's format; there are servers that leave the wrapping out.
        return _inflated(body, zlib.MAX_WBITS) or _inflated(body, -zlib.MAX_WBITS)
    return None


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


def _text(content_type: str, body: bytes) -> str:
    for mark, name in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    declared = Message()
    declared["Content-Type"] = content_type
    kind = content_type.partition(";")[0].strip().lower()
    in_document = _IN_HTML.search(body[:1024]) or _IN_XML.match(body[:1024])
    said = [str(declared.get_param("charset") or "")]
    if in_document and (not kind or kind.endswith(("html", "xml"))):
        said.append(in_document[1].decode("ascii", "replace"))
    for name in filter(None, map(_known_set, said)):
        return body.decode(name, "replace")
    try:
        # Cut off in the middle of a character, perhaps.
        return codecs.getincrementaldecoder("utf-8")().decode(body)
    except UnicodeDecodeError:
        is_text = (not kind or kind.startswith("text/")) and not _CONTROLS.search(body)
        return body.decode("cp1252" if is_text else "utf-8", "replace")


def _known_set(name: str) -> str:
    """Python's name of a character set; "" for what is none."""
    try:
        found = codecs.lookup(name.strip().strip("'\""))
    except (LookupError, ValueError, UnicodeError):
        return ""
    # Base64 and the like are codecs to Python, too.
    is_set = getattr(found, "_is_text_encoding", True) and found.name not in _NO_SETS
    return _MEANT.get(found.name, found.name) if is_set else ""
