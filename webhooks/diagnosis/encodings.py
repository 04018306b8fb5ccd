"""The bytes of a text in other encodings than UTF-8, with what each loses."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Final, Literal

from webhooks.diagnosis.budget import Budget

_BEYOND_BMP: Final = re.compile("[\U00010000-\U0010ffff]")


def _per_unit(encoding: str) -> Callable[[str], bytes]:
    """One ? for each UTF-16 unit that the encoding has not, as .NET and Java have it."""
    return lambda text: _BEYOND_BMP.sub("??", text).encode(encoding, "replace")


def _low_bytes(text: str) -> bytes:
    """Node's "latin1", "binary" and "ascii": the low byte of each UTF-16 unit."""
    return text.encode("utf-16-le", "surrogatepass")[::2]


def _windows(text: str) -> bytes:
    return text.encode("cp1252", "replace")


_LOWER_HALF: Final = bytes(byte & 0x7F for byte in range(256))


def _seven_bits(text: str) -> bytes:
    """Bytes read as "ascii" in Node, which takes the eighth bit off, and written as UTF-8."""
    return text.encode("utf-8", "surrogatepass").translate(_LOWER_HALF)


def _read_as(encoding: str, errors: str = "replace") -> Callable[[str], bytes]:
    return lambda text: (
        text.encode("utf-8", "surrogatepass").decode(encoding, errors).encode("utf-8", "replace")
    )


def _normal(form: Literal["NFC", "NFD", "NFKC"]) -> Callable[[str], bytes]:
    def encode(text: str) -> bytes:
        return unicodedata.normalize(form, text).encode("utf-8", "surrogatepass")

    return encode


def _three_bytes(text: str) -> bytes:
    """Each surrogate by itself: Java's modified UTF-8, CESU-8."""
    return _BEYOND_BMP.sub(_surrogates, text).encode("utf-8", "surrogatepass")


def _surrogates(found: re.Match[str]) -> str:
    code = ord(found[0]) - 0x10000
    return chr(0xD800 + (code >> 10)) + chr(0xDC00 + (code & 0x3FF))


def _beyond_bmp(text: str, instead: str) -> bytes:
    return _BEYOND_BMP.sub(instead, text).encode("utf-8", "surrogatepass")


UTF8: Final = "utf-8"
_NODE: Final = 'each character cut to its low byte (Node\'s "latin1", "binary" or "ascii")'
_NET_ASCII: Final = "one ? for each UTF-16 unit (.NET's Encoding.ASCII, Java's US_ASCII)"
_EMOJI: Final = "with characters beyond U+FFFF, such as emoji,"

# What each is called, after "signs … ".
SAID: Final[dict[str, str]] = {
    UTF8: "",
    "latin-1": "encoded as Latin-1 instead of UTF-8",
    "node latin1": f"encoded as Latin-1 instead of UTF-8, {_NODE}",
    "latin-1 units": "encoded as Latin-1 instead of UTF-8 (.NET or Java)",
    "windows-1252": "encoded as Windows-1252 instead of UTF-8",
    "ascii": "with letters beyond ASCII lost: one ? for each",
    "ascii units": f"with letters beyond ASCII lost: {_NET_ASCII}",
    "ascii dropped": "with letters beyond ASCII left out",
    "seven bits": 'read by Node\'s toString("ascii"), which takes the eighth bit of each byte off',
    "read as latin-1": "read as Latin-1 instead of UTF-8",
    "read as windows-1252": "read as Windows-1252 instead of UTF-8",
    "read as ascii": "read as ASCII, with U+FFFD for each other byte",
    "read as ascii dropped": "read as ASCII, without the other bytes",
    "utf-16-le": "encoded as UTF-16 instead of UTF-8",
    "utf-16-be": "encoded as big-endian UTF-16 instead of UTF-8",
    "utf-16": "encoded as UTF-16 with a byte order mark instead of UTF-8",
    "utf-16-be bom": "encoded as big-endian UTF-16 with a byte order mark instead of UTF-8 "
    '(Java\'s getBytes("UTF-16"))',
    "utf-32": "encoded as UTF-32 instead of UTF-8",
    "utf-32-be": "encoded as big-endian UTF-32 instead of UTF-8",
    "utf-32 bom": "encoded as UTF-32 with a byte order mark instead of UTF-8",
    "utf-32-be bom": "encoded as big-endian UTF-32 with a byte order mark instead of UTF-8",
    "cesu-8": "encoded as modified UTF-8, each surrogate by itself",
    "nfc": "with its letters composed (NFC)",
    "nfd": "with its letters decomposed (NFD)",
    "nfkc": "with its letters replaced by plainer ones (NFKC)",
    "emoji lost": f"{_EMOJI} as ? (a database column of three-byte UTF-8)",
    "emoji dropped": f"{_EMOJI} left out",
    "emoji replaced": f"{_EMOJI} as U+FFFD",
}
BYTES: Final[dict[str, Callable[[str], bytes]]] = {
    UTF8: lambda text: text.encode("utf-8", "surrogatepass"),
    "latin-1": lambda text: text.encode("latin-1", "replace"),
    "node latin1": _low_bytes,
    "latin-1 units": _per_unit("latin-1"),
    "windows-1252": _windows,
    "ascii": lambda text: text.encode("ascii", "replace"),
    "ascii units": _per_unit("ascii"),
    "ascii dropped": lambda text: text.encode("ascii", "ignore"),
    "seven bits": _seven_bits,
    "read as latin-1": _read_as("latin-1"),
    "read as windows-1252": _read_as("cp1252"),
    "read as ascii": _read_as("ascii"),
    "read as ascii dropped": _read_as("ascii", "ignore"),
    "utf-16-le": lambda text: text.encode("utf-16-le", "surrogatepass"),
    "utf-16-be": lambda text: text.encode("utf-16-be", "surrogatepass"),
    "utf-16": lambda text: b"\xff\xfe" + text.encode("utf-16-le", "surrogatepass"),
    "utf-16-be bom": lambda text: b"\xfe\xff" + text.encode("utf-16-be", "surrogatepass"),
    "utf-32": lambda text: text.encode("utf-32-le", "surrogatepass"),
    "utf-32-be": lambda text: text.encode("utf-32-be", "surrogatepass"),
    "utf-32 bom": lambda text: b"\xff\xfe\0\0" + text.encode("utf-32-le", "surrogatepass"),
    "utf-32-be bom": lambda text: b"\0\0\xfe\xff" + text.encode("utf-32-be", "surrogatepass"),
    "cesu-8": _three_bytes,
    "nfc": _normal("NFC"),
    "nfd": _normal("NFD"),
    "nfkc": _normal("NFKC"),
    "emoji lost": lambda text: _beyond_bmp(text, "?"),
    "emoji dropped": lambda text: _beyond_bmp(text, ""),
    "emoji replaced": lambda text: _beyond_bmp(text, "\ufffd"),
}

_NORMAL: Final = frozenset({"nfc", "nfd", "nfkc"})
# What a character of NFKC costs at most, in seconds: it may become 18, and nothing stops half way.
_NFKC_SECONDS: Final = 1.2e-6
# Python before 3.15 sorts marks that follow each other in time that grows with their square. Real
# text has three or four of them.
_MOST_MARKS: Final = 30


@cache
def _many_marks() -> re.Pattern[str]:
    """More marks in a row than are put in order. None lies outside of these planes."""
    marks = [
        chr(code)
        for code in (*range(0x300, 0xD800), *range(0xF900, 0x1EA00))
        if unicodedata.combining(unicodedata.normalize("NFKD", chr(code))[0])
    ]
    return re.compile(f"[{''.join(marks)}]{{{_MOST_MARKS},}}")


def encoded(text: str, encoding: str, budget: Budget) -> bytes | None:
    """`text` in an encoding of BYTES; None where that may take longer than is left, or than it is
    likely."""
    if encoding in _NORMAL and not text.isascii():
        if encoding == "nfkc" and budget.left() <= _NFKC_SECONDS * len(text):
            budget.skip("its letters replaced by plainer ones (NFKC)")
            return None
        if _many_marks().search(text):
            return None
    return BYTES[encoding](text)
