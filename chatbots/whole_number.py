"""A number from a query or a form, as anybody may have written it."""

from __future__ import annotations

# What a database's id can hold.
MOST = 2**63 - 1


def whole_number(text: str) -> int:
    """The number that `text` is in ASCII digits, at most 2^63 - 1; 0 when it is none."""
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(MOST)):
        return 0
    number = int(text)
    return number if number <= MOST else 0
