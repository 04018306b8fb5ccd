"""Hex of bytes that have a sign, as Java's, Kotlin's and C's char have, and of numbers with one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from webhooks.diagnosis.reading import Loose, Reading, both

# A byte above 127 made a number of 16, 32 or 64 bits fills the front with its sign.
_WIDTHS: Final = (4, 8, 16)
_MAX_BYTES: Final = 64
_EXTENDED: Final = (
    "writes bytes above 127 as negative numbers, {front}… in front of their two digits"
    ", as Java's Integer.toHexString(b) does: it needs b & 0xff"
)
_MINUS: Final = (
    "writes bytes above 127 as negative numbers, with a minus, as Kotlin's and Java's "
    "toString(b, 16) do: it needs b & 0xff"
)
_NUMBER: Final = (
    "writes the digest as one negative number, as Java's new BigInteger(digest) has it: it needs "
    "new BigInteger(1, digest), and zeros at its start"
)


def readings(text: str, said: str) -> Iterator[Reading]:
    """What can be read in one way alone."""
    lower = text.lower()
    for width in _WIDTHS:
        fill = "f" * (width - 2)
        token = f"{fill}[89a-f][0-9a-f]|[0-7][0-9a-f]"
        if fill in lower and re.fullmatch(f"(?:{token}){{1,{_MAX_BYTES}}}", lower):
            tokens = re.findall(token, lower)
            front = "ff" * ((width - 2) // 2)
            yield Reading(
                bytes(int(one[-2:], 16) for one in tokens),
                both(said, _EXTENDED.format(front=front)),
            )
    if re.fullmatch(r"-[0-9a-f]{40,64}", lower):
        yield from _negative(-int(lower, 16), said)
    if re.fullmatch(r"-\d{60,78}", lower):
        yield from _negative(-int(lower), said)


def _negative(size: int, said: str) -> Iterator[Reading]:
    if size <= 1 << 255:
        yield Reading(((1 << 256) - size).to_bytes(32, "big"), both(said, _NUMBER))


def parts(text: str, said: str) -> Iterator[Loose]:
    """What can be read in several ways: zeros left out, or a minus that may stand anywhere."""
    lower = text.lower()
    for width in _WIDTHS:
        fill = "f" * (width - 2)
        if fill in lower and re.fullmatch(r"[0-9a-f]{33,512}", lower):
            table = [f"{fill if byte > 127 else ''}{byte:x}" for byte in range(256)]
            front = _EXTENDED.format(front=fill)
            yield _written(lower, table, both(said, f"{front}, and two digits for each byte"))
    if "-" in lower and re.fullmatch(r"[0-9a-f-]{33,128}", lower):
        for form in ("x", "02x", "03x"):
            table = [format(byte - 256 if byte > 127 else byte, form) for byte in range(256)]
            yield _written(lower, table, both(said, _MINUS))


def _written(text: str, table: list[str], said: str) -> Loose:
    def fits(made: bytes) -> bool:
        return text.startswith(table[made[0]]) and text == "".join([table[byte] for byte in made])

    return Loose(fits, said)
