"""A body that was copied from a view of it: what the exact bytes were."""

from __future__ import annotations

import json
from collections.abc import Iterator

from webhooks.diagnosis.budget import Budget
from webhooks.diagnosis.json_tree import parsed
from webhooks.diagnosis.style import JAVASCRIPT
from webhooks.diagnosis.way import utf8
from webhooks.diagnosis.writer import Unwritable, Writer


def sent(body: bytes, writer: Writer | None, budget: Budget) -> Iterator[tuple[bytes, str]]:
    """What may have been sent where `body` is given, and what `body` is instead of it.

    Every body that is sent is compact JSON (docs/signatures.md), so these are the only ones.
    """
    if writer is not None:
        yield (
            writer.write(JAVASCRIPT),
            "the same JSON, not in its compact form but with other white space, escapes or numbers",
        )
    text = body.decode("utf-8", "replace").strip("\ufeff \t\r\n\0")
    yield utf8(text), "that with something around it, such as a line break or a byte order mark"
    # As a string in other JSON, or in a log.
    for quoted in (text, f'"{text}"'):
        if len(quoted) <= 1_000_000 and "\\" in quoted:
            inner = _unquoted(quoted)
            if inner is not None:
                yield utf8(inner), "that as a string in JSON, with its quotes escaped"
                try:
                    again = Writer(parsed(inner), budget).write(JAVASCRIPT)
                except (ValueError, Unwritable):
                    continue
                yield again, "that as a string in JSON, with its quotes escaped"


def _unquoted(text: str) -> str | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, str) else None
