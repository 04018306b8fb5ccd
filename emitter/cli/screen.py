"""What a command prints: for people with colours where there is a terminal, for scripts as JSON."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console
from rich.text import Text

EVENT_STYLE = "bold cyan"


def console() -> Console:
    return Console(highlight=False, soft_wrap=True)


def errors() -> Console:
    """For what is said beside the answer: a script that reads stdout does not see it."""
    return Console(highlight=False, soft_wrap=True, stderr=True)


def as_json(value: Any) -> None:
    """One value on one line."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
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
    return "".join(
        c if c in "\n\t" or c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text
    )
