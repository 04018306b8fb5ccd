"""White space: how a serialiser lays its JSON out. Texts in it are marked, to be escaped later."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from webhooks.diagnosis.json_tree import Number

# Stand for what the layout writes, so that the escapes touch only what is inside of texts.
QUOTE: Final = "\ufdd0"
BREAK: Final = "\ufdd1"
TAB: Final = "\ufdd2"
PLUS: Final = "\ufdd3"
MARKS: Final = frozenset({QUOTE, BREAK, TAB, PLUS})


@dataclass(frozen=True, slots=True)
class Layout:
    """`indent` None: all on one line, with `comma` and `colon`. `said` follows "written"."""

    said: str = ""
    comma: str = ","
    colon: str = ":"
    indent: str | None = None
    # What BREAK becomes in the end.
    line_break: str = "\n"
    # Where a library writes arrays on one line, or empty things in its own way.
    array_open: str = ""
    array_comma: str = ""
    array_close: str = ""
    empty_object: str = "{}"
    empty_array: str = "[]"


def _lines(indent: str, name: str, **how: Any) -> Layout:
    said = f"over several lines, indented by {name}"
    return Layout(said, **{"colon": ": ", "indent": indent, **how})


_LINES: Final = {
    "2": _lines("  ", "two spaces"),
    "4": _lines("    ", "four spaces"),
    "3": _lines("   ", "three spaces"),
    "1": _lines(" ", "one space"),
    "0": _lines("", "nothing"),
    **{
        str(n): _lines(" " * n, f"{name} spaces")
        for n, name in ((5, "five"), (6, "six"), (7, "seven"))
    },
    "8": _lines("        ", "eight spaces"),
    "tab": _lines(TAB, "tabs"),
    "2 tight": _lines("  ", "two spaces, no space after colons", colon=":"),
    "4 tight": _lines("    ", "four spaces, no space after colons", colon=":"),
    "3 tight": _lines("   ", "three spaces, no space after colons", colon=":"),
    "2 spaced": _lines("  ", "two spaces, with a space before and after colons", colon=" : "),
    "3 spaced": _lines("   ", "three spaces, with a space before and after colons", colon=" : "),
    "ruby": _lines(
        "  ", "two spaces", empty_object="{" + BREAK + "}", empty_array="[" + BREAK + BREAK + "]"
    ),
    "tab spaced": _lines(TAB, "tabs, with a space before and after colons", colon=" : "),
    "cjson": _lines(
        TAB,
        "tabs, with a tab after colons and arrays on one line",
        colon=":" + TAB,
        array_open="[",
        array_comma=", ",
        array_close="]",
        empty_object="{" + BREAK + "}",
    ),
    "4 spaced": _lines("    ", "four spaces, with a space before and after colons", colon=" : "),
    "jackson": _lines(
        "  ",
        "two spaces, with a space before and after colons and arrays on one line",
        colon=" : ",
        array_open="[ ",
        array_comma=", ",
        array_close=" ]",
        empty_object="{ }",
        empty_array="[ ]",
    ),
    "swift": _lines(
        "  ",
        "two spaces, with a space before and after colons",
        colon=" : ",
        empty_object="{" + BREAK + BREAK + "}",
        empty_array="[" + BREAK + BREAK + "]",
    ),
}


def _windows(layout: Layout) -> Layout:
    return replace(layout, said=f"{layout.said}, with CR LF as line breaks", line_break="\r\n")


LAYOUTS: Final[dict[str, Layout]] = {
    "compact": Layout(),
    "spaced": Layout("with spaces after commas and colons", ", ", ": "),
    "comma spaced": Layout("with spaces after commas", ", ", ":"),
    "colon spaced": Layout("with spaces after colons", ",", ": "),
    **_LINES,
    **{f"{name} crlf": _windows(layout) for name, layout in _LINES.items()},
}


def laid_out(value: Any, layout: Layout) -> str:
    """`value` in `layout`, its texts unescaped between QUOTEs."""
    if layout.indent is None:
        return _on_one_line(value, layout)
    return _on_lines(value, layout, BREAK)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return f"{QUOTE}{value}{QUOTE}"
    if value is None:
        return "null"
    if isinstance(value, Number):
        return value.text.replace("+", PLUS)
    return "true" if value else "false"


def _on_one_line(value: Any, layout: Layout) -> str:
    if isinstance(value, str):
        return f"{QUOTE}{value}{QUOTE}"
    if isinstance(value, dict):
        colon = QUOTE + layout.colon
        inner = layout.comma.join(
            [f"{QUOTE}{key}{colon}{_on_one_line(item, layout)}" for key, item in value.items()]
        )
        return "{" + inner + "}"
    if isinstance(value, list):
        return "[" + layout.comma.join([_on_one_line(item, layout) for item in value]) + "]"
    return _scalar(value)


def _on_lines(value: Any, layout: Layout, line: str) -> str:
    """`line` is the line break and indent that this value's own closing bracket has."""
    parts: list[str] = []
    _add_lines(value, layout, line, parts)
    return "".join(parts)


def _add_lines(value: Any, layout: Layout, line: str, parts: list[str]) -> None:
    """Joined once at the end: a text that grew level by level would be copied by each."""
    inner_line = line + (layout.indent or "")
    if not isinstance(value, dict | list):
        parts.append(_scalar(value))
    elif not value:
        empty = layout.empty_object if isinstance(value, dict) else layout.empty_array
        parts.append(empty.replace(BREAK, line))
    elif isinstance(value, dict):
        colon = QUOTE + layout.colon
        before = "{" + inner_line
        for key, item in value.items():
            parts.append(f"{before}{QUOTE}{key}{colon}")
            _add_lines(item, layout, inner_line, parts)
            before = "," + inner_line
        parts.append(line + "}")
    else:
        on_line = bool(layout.array_open)
        before = (layout.array_open or "") if on_line else "[" + inner_line
        for item in value:
            parts.append(before)
            _add_lines(item, layout, line if on_line else inner_line, parts)
            before = layout.array_comma if on_line else "," + inner_line
        parts.append(layout.array_close if on_line else line + "]")
