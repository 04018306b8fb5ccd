"""The process's arguments and streams, whatever terminal, pipe and encoding they are of."""

from __future__ import annotations

import os
import shutil
import sys

from chatbots import printable
from emitter import standard_streams
from emitter.cli.ending import CannotReach, WrongUse

# What is printed is made for at least and at most so many.
LEAST_COLUMNS = 20
MOST_COLUMNS = 1000


def width() -> int:
    """The columns of the terminal, or of COLUMNS."""
    return shutil.get_terminal_size().columns


def prepare() -> None:
    """Make the streams take every letter, in lines of a length that can be read.

    Raises CannotReach where there is no standard output.
    """
    lost = sys.stdout is None
    standard_streams.settle()
    fitting = min(max(width(), LEAST_COLUMNS), MOST_COLUMNS)
    if fitting != width():
        # In one column nothing of a word is left, and in a billion a line fills the memory.
        os.environ["COLUMNS"] = str(fitting)
    if lost:
        raise CannotReach("The standard output is closed, so nothing was done.")


def arguments() -> list[str]:
    """The arguments after the command's name, as UTF-8 where the locale could not read them."""
    return [text(argument) for argument in sys.argv[1:]]


def text(given: str) -> str:
    """What was typed, of an argument or a variable that the locale's encoding could not read.

    Bytes that are not UTF-8 either stay as they are: they may be the name of a file.
    """
    if is_text(given):
        return given
    try:
        return os.fsencode(given).decode()
    except UnicodeError:
        return given


def is_text(given: str) -> bool:
    """False where bytes were not read, or half of a surrogate pair is in it: UTF-8 has none."""
    try:
        given.encode()
    except UnicodeEncodeError:
        return False
    return True


def needed_text(given: str, what: str) -> str:
    """`text` of it. Raises WrongUse with `what` it is where it is none."""
    read = text(given)
    if not is_text(read):
        raise WrongUse(f"{what} is not UTF-8.")
    return read


def file_name(given: str) -> str:
    """`given` as the system's calls take it, also where the locale's encoding lacks its letters."""
    try:
        os.fsencode(given)
    except UnicodeEncodeError:
        return os.fsdecode(given.encode("utf-8", "surrogateescape"))
    return given


def line() -> str | None:
    """The next line of the standard input without its end; None after the last. Raises WrongUse."""
    if sys.stdin is None:
        return None
    try:
        content = sys.stdin.buffer.readline()
    except OSError as error:
        raise _unread(error) from None
    if not content:
        return None
    for encoding in ("utf-8", sys.stdin.encoding):
        try:
            return content.decode(encoding).rstrip("\r\n")
        except UnicodeDecodeError:
            continue
    raise WrongUse("A line of the standard input is not UTF-8.")


def is_person() -> bool:
    """Does somebody type what is read?"""
    return sys.stdin is not None and sys.stdin.isatty()


def content() -> bytes:
    """All of the standard input. Raises WrongUse where there is none."""
    if sys.stdin is None:
        raise WrongUse("The standard input is closed; name a file.")
    try:
        return sys.stdin.buffer.read()
    except OSError as error:
        raise _unread(error) from None


def _unread(error: OSError) -> WrongUse:
    return WrongUse(f"The standard input cannot be read: {error.strerror or error}.")


def say(sentence: str) -> None:
    """A sentence to stderr; whoever closed it does not want it."""
    standard_streams.say(f"emitter: {printable.line(text(sentence), 2_000)}", sys.stderr)


def leave(code: int) -> None:
    """End the process; what cannot be written any more is left, so that nothing complains."""
    for stream, descriptor in ((sys.stdout, 1), (sys.stderr, 2)):
        if stream is not None:
            try:
                stream.flush()
            except OSError:
                standard_streams.forget(descriptor)
    sys.exit(code)
