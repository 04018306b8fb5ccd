"""What a command prints: for people with colours where there is a terminal, for scripts as JSON."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from rich.console import Console
from rich.text import Text

from chatbots import printable

EVENT_STYLE = "bold cyan"


def console() -> Console:
    """For sentences. What others wrote is no markup, and NO_COLOR wants no escape at all."""
    return Console(
        highlight=False,
        soft_wrap=True,
        markup=False,
        emoji=False,
        color_system=None if os.environ.get("NO_COLOR") else "auto",
    )


def errors() -> Console:
    """For what is said beside the answer: a script that reads stdout does not see it."""
    return Console(highlight=False, soft_wrap=True, stderr=True)


def as_json(value: Any) -> None:
    """One value on one line, as JSON in whatever encoding the output has."""
    line = printable.json_line(value)
    try:
        line.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        line = json.dumps(value)
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
