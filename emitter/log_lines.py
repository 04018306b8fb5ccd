"""A record of the log as a line that steers nothing, whoever wrote the words in it.

The sentences of this project quote strangers cleaned already; those of the libraries under it, and
the errors that a database or a server quotes a visitor in, are cleaned here.
"""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Final

from chatbots import printable

LONGEST: Final = 2_000
# Of a traceback: its head says where, its end what.
LONGEST_TRACEBACK: Final = 10_000

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class OneLine(logging.Formatter):
    """The message on one line of at most LONGEST characters; a traceback below it, in its lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return printable.line(super().formatMessage(record), LONGEST)

    def formatException(self, ei: ExcInfo) -> str:
        return _bounded(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:
        return _bounded(super().formatStack(stack_info))


def _bounded(text: str) -> str:
    if len(text) > LONGEST_TRACEBACK:
        half = LONGEST_TRACEBACK // 2
        text = f"{text[:half]}\n…\n{text[-half:]}"
    # Set in: no line of an error's own can pass for a record.
    return "\n".join(f"  {each}" for each in printable.lines(text).split("\n"))
