"""What a command prints: for people with colours where there is a terminal, for scripts as JSON."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console
from rich.text import Text

from chatbots import printable
from emitter.cli.plain_console import PlainConsole

EVENT_STYLE = "bold cyan"


def console() -> Console:
    """For sentences."""
    return PlainConsole()


def errors() -> Console:
    """For what is said beside the answer: a script that reads stdout does not see it."""
    return PlainConsole(stderr=True)


def as_json(value: Any) -> None:
    """One value on one line, as JSON in whatever encoding the output has."""
    line = printable.json_line(value)
    try:
        line.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        line = printable.json_line(value, ascii_only=True)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def events_line(events: tuple[str, ...], reason: str = "") -> Text:
    """Which events were fired, as a line under what was said."""
    line = Text("        ")
    if events:
        line.append("→ ", style="dim")
        line.append(", ".join(events), style=EVENT_STYLE)
    else:
        line.append("→ no event", style="dim")
    if reason:
        line.append(f"  {reason}", style="dim")
    return line


def plain(text: str) -> str:
    """`text` without what would steer a terminal: a visitor's words are not to be trusted."""
    return printable.lines(text)
