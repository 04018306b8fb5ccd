"""A body that was copied from a view of it: what the exact bytes were.

A view says the same as the bytes do. What says something else is none, whoever signed what: a
signature is right for one body alone, and a changed body with another's signature is a forgery.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from webhooks.diagnosis.budget import Budget
from webhooks.diagnosis.json_tree import TooMuch, parsed, same, unambiguous
from webhooks.diagnosis.style import JAVASCRIPT
from webhooks.diagnosis.way import utf8
from webhooks.diagnosis.writer import Unwritable, Writer

_AROUND: Final = "these with something around them, such as a line break or a byte order mark"
_QUOTED: Final = "these as a string in JSON, with their quotes escaped"
_INDENTED: Final = "their indented view"
_ANOTHER_FORM: Final = "the same JSON with other white space or escapes"
_MAX_QUOTED: Final = 1_000_000
_MOST_COMPARED: Final = 40_000


def sent(body: bytes, writer: Writer | None, budget: Budget) -> Iterator[tuple[bytes, str]]:
    """What may have been sent where `body` is given, and what `body` is instead of it.

    Every body that is sent is compact JSON (docs/signatures.md), so these are the only ones.
    `writer` is that of the body's JSON. Raises Spent.
    """
    for text, quoted in _texts(body):
        yield utf8(text), quoted or _AROUND
        if writer is None and not quoted:
            continue
        try:
            again = Writer(parsed(text), budget) if quoted or writer is None else writer
            unambiguous(text)
            form = _INDENTED if "\n" in text else _ANOTHER_FORM
            yield again.write(JAVASCRIPT), quoted or form
        except (ValueError, Unwritable):
            continue


def shows(body: bytes, exact: bytes, budget: Budget) -> bool:
    """Whether `body` is a view of `exact`: the same JSON, in whatever form and order. Raises
    Spent, and TooMuch for more values than are compared."""
    if max(body.count(b","), exact.count(b",")) > _MOST_COMPARED:
        raise TooMuch
    try:
        meant = unambiguous(exact.decode())
    except ValueError:
        return False
    for text, _ in _texts(body):
        try:
            if same(unambiguous(text), meant, budget.check):
                return True
        except ValueError:
            continue
    return False


def _texts(body: bytes) -> Iterator[tuple[str, str]]:
    """The text of a body without what stands around it, and with "" what it is as a string in
    other JSON, or in a log."""
    try:
        text = body.decode().strip("\ufeff \t\r\n\0")
    except UnicodeDecodeError:
        return
    yield text, ""
    for quoted in (text, f'"{text}"'):
        if len(quoted) <= _MAX_QUOTED and ("\\" in quoted or quoted is text):
            inner = _unquoted(quoted)
            if inner is not None:
                yield inner, _QUOTED


def _unquoted(text: str) -> str | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, str) else None
