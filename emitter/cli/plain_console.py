"""Rich's console for what strangers wrote: none of it is markup, none of it steers a terminal."""

from __future__ import annotations

import os
from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from chatbots import printable


class PlainConsole(Console):
    """Cleans each piece of text on its way out, whatever it stands in: a line, a table, a title.

    What steers is then rich's own: its colours, where there is a terminal.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(
            highlight=False,
            soft_wrap=True,
            markup=False,
            emoji=False,
            stderr=stderr,
            # NO_COLOR wants no escape at all.
            color_system=None if os.environ.get("NO_COLOR") else "auto",
        )

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                yield Segment(printable.lines(segment.text), segment.style)
