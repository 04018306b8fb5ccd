"""Two kinds of plot as SVG, without a library: bars, and lines over a logarithmic axis.

They carry their own background and follow the reader's light or dark preference.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 760
LEFT, RIGHT = 24, 24
STYLE = """
svg { --paper: #ffffff; --ink: #1f2430; --soft: #667085; --grid: #e4e7ec;
  --c0: #4f5bd5; --c1: #98a2b3; --c2: #0e9384; --c3: #dc6803; font-family: system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { svg { --paper: #14171f; --ink: #e6e9f0; --soft: #98a2b3;
  --grid: #2b313d; --c0: #8b95ff; --c1: #667085; --c2: #2ed3b7; --c3: #fdb022; } }
.paper { fill: var(--paper); } .title { fill: var(--ink); font-size: 17px; font-weight: 600; }
.soft { fill: var(--soft); font-size: 13px; } .ink { fill: var(--ink); font-size: 14px; }
.grid { stroke: var(--grid); } .mark { stroke: var(--soft); stroke-dasharray: 4 4; }
.c0 { fill: var(--c0); } .c1 { fill: var(--c1); } .c2 { fill: var(--c2); } .c3 { fill: var(--c3); }
path { fill: none; stroke-width: 2.5; } path.c0 { fill: none; stroke: var(--c0); }
path.c2 { fill: none; stroke: var(--c2); } path.c3 { fill: none; stroke: var(--c3); }
"""


@dataclass(frozen=True)
class Bar:
    """One bar; `said` stands beside it, `colour` is c0 (ours) to c3, c1 for what it is beside."""

    name: str
    value: float
    said: str
    colour: str = "c0"


def _page(height: float, title: str, subtitle: str, inside: Sequence[str]) -> str:
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}"',
            f'width="{WIDTH}" height="{height:.0f}" role="img" aria-label="{escape(title)}">',
            f"<style>{STYLE}</style>",
            f'<rect class="paper" width="{WIDTH}" height="{height:.0f}" rx="10"/>',
            _text(LEFT, 34, title, "title"),
            _text(LEFT, 56, subtitle, "soft"),
            *inside,
            "</svg>\n",
        ]
    )


def _text(x: float, y: float, text: str, kind: str, anchor: str = "start") -> str:
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
    )


def bars(
    title: str, subtitle: str, rows: Sequence[Bar], mark: tuple[float, str] | None = None
) -> str:
    """Horizontal bars from zero; `mark` is a value to draw a line at, and what it is."""
    begin = LEFT + 12 + 7.4 * max(len(row.name) for row in rows)
    end = WIDTH - RIGHT - 16 - 7.2 * max(len(row.said) for row in rows)
    most = max([row.value for row in rows] + ([mark[0]] if mark else [])) or 1
    top, step = 84.0, 34.0
    bottom = top + step * len(rows)
    inside = []
    for place, row in enumerate(rows):
        y = top + step * place
        width = max(2.0, (end - begin) * row.value / most)
        inside += [
            _text(begin - 12, y + 16, row.name, "ink", "end"),
            f'<rect class="{row.colour}" x="{begin:.1f}" y="{y:.1f}"',
            f'width="{width:.1f}" height="22" rx="4"/>',
            _text(WIDTH - RIGHT, y + 16, row.said, "soft", "end"),
        ]
    if mark is not None:
        x = begin + (end - begin) * mark[0] / most
        inside += [
            f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{top - 8}" y2="{bottom}"/>',
            _text(x, bottom + 14, mark[1], "soft", "middle"),
        ]
    return _page(bottom + (28 if mark else 14), title, subtitle, inside)


def shares(title: str, subtitle: str, unit: str, lines: Mapping[str, Sequence[float]]) -> str:
    """For each line, which share of its values (given in order, evenly) lies below which value."""
    colours = ("c0", "c2", "c3")
    values = [value for line in lines.values() for value in line]
    low, high = math.log10(max(0.1, min(values))), math.log10(max(values))
    low, high = math.floor(low * 3) / 3, math.ceil(high * 3) / 3
    begin, end, top, bottom = LEFT + 44.0, WIDTH - RIGHT - 10.0, 84.0, 344.0

    def across(value: float) -> float:
        place = (math.log10(max(value, 10**low)) - low) / ((high - low) or 1)
        return begin + (end - begin) * place

    def up(share: float) -> float:
        return bottom - (bottom - top) * share

    inside = []
    for share in (0, 0.25, 0.5, 0.75, 0.99):
        y = up(share)
        inside += [
            f'<line class="grid" x1="{begin}" x2="{end}" y1="{y:.1f}" y2="{y:.1f}"/>',
            _text(begin - 8, y + 4, f"{share:.0%}", "soft", "end"),
        ]
    ticks = [step * 10**power for power in range(-1, 6) for step in (1, 2, 5)]
    for tick in ticks:
        if low <= math.log10(tick) <= high:
            x = across(tick)
            inside += [
                f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}"/>',
                _text(x, bottom + 20, f"{tick:g} {unit}", "soft", "middle"),
            ]
    for place, (name, line) in enumerate(lines.items()):
        colour = colours[place % len(colours)]
        points = [
            f"{across(value):.1f},{up(number / (len(line) - 1)):.1f}"
            for number, value in enumerate(line)
        ]
        y = bottom + 48 + 22 * place
        inside += [
            f'<path class="{colour}" d="M{" L".join(points)}"/>',
            f'<rect class="{colour}" x="{begin}" y="{y - 10}" width="18" height="4" rx="2"/>',
            _text(begin + 28, y - 3, name, "ink"),
        ]
    return _page(bottom + 48 + 22 * len(lines), title, subtitle, inside)
