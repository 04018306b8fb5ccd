"""A phone number as WhatsApp has it: international, a plus and digits (ITU-T E.164)."""

from __future__ import annotations

import re

HOW = "Enter your phone number with its country code, such as +1 202 555 0100."

_between = re.compile(r"[\s().\-/\u2010-\u2015\u00a0]+")
_international = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


def international(text: str) -> str:
    """`text` as +12025550100. Raises ValueError with a sentence for what is no such number."""
    number = _between.sub("", text)
    if number.startswith("00"):
        number = "+" + number[2:]
    if not _international.fullmatch(number):
        raise ValueError(HOW)
    return number
