"""How a serialiser writes JSON, as a choice for each thing in which they differ."""

from __future__ import annotations

from typing import NamedTuple


class Style(NamedTuple):
    """What is written, and how. The defaults are those of JavaScript's JSON.stringify.

    part: which of the outer keys, see shape.py; order, nulls, dates, numbers: what becomes of
    them (shape.py, dates.py, numbers.py); layout: white space (layout.py); escapes: which
    characters are written as escapes (escapes.py); end: what follows the JSON; encoding: the
    bytes of the text (encodings.py); names: how the keys are spelt (shape.py); texts: what a
    framework makes of the texts first (cleaning.py).
    """

    part: tuple[str, ...] | str = ""
    order: str = "kept"
    nulls: str = "kept"
    dates: str = "kept"
    numbers: str = "kept"
    layout: str = "compact"
    escapes: str = "javascript"
    end: str = ""
    encoding: str = "utf-8"
    names: str = "kept"
    texts: str = "kept"


JAVASCRIPT = Style()
