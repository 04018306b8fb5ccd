"""The figures as a table, as JSON, as plots, and in docs/benchmarks.md."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.figures import Figure, Result
from bench.plots import PLOTS

PAGE = "benchmarks.md"
# What the run writes stands between these, once for each case; the rest is prose.
MARKED = "<!-- figures: {case} -->\n{text}<!-- end of figures -->"


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}" if value >= 10 else f"{value:,.2f}"


def said(figure: Figure) -> tuple[str, str, str, str]:
    """A figure in words: name, value, ratio, what is asked and whether it is met."""
    unit = figure.unit if figure.unit == "/s" else f" {figure.unit}"
    ratio = f"{number(figure.ratio)} × {figure.to}" if figure.ratio is not None else ""
    verdict = {None: "", True: ", met", False: ", not met"}[figure.met]
    return figure.name, number(figure.value) + unit, ratio, figure.asked + verdict


def table(done: Mapping[str, Result]) -> None:
    """Print all figures, aligned."""
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("", "measured", "ratio", "asked"):
        grid.add_column(heading, justify="right" if heading == "measured" else "left", no_wrap=True)
    for case, result in done.items():
        grid.add_row(f"[bold]{case}[/bold]")
        for figure in result.figures:
            *cells, asked = said(figure)
            colour = {None: "", True: "green", False: "red"}[figure.met]
            grid.add_row(f"  {cells[0]}", *cells[1:], f"[{colour}]{asked}[/]" if colour else asked)
        for note in result.notes:
            grid.add_row(f"  {note}")
    console = Console(width=None if Console().is_terminal else 160)
    console.print(grid)


def machine() -> str:
    model = ""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return f"{os.cpu_count()} cores ({model or platform.machine()})"


@dataclass(frozen=True)
class Run:
    """How a case was measured."""

    sizes: Any
    seconds: float
    versions: Mapping[str, str]
    quick: bool


def write(into: Path, case: str, result: Result, run: Run) -> None:
    """Put a case's figures, plot and table into the folder; those of other cases stay."""
    (into / "images").mkdir(parents=True, exist_ok=True)
    path = into / "benchmarks.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    known[case] = {
        "measuredAt": datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ"),
        "command": f"python -m bench{' --quick' if run.quick else ''} {case}",
        "machine": machine(),
        "versions": dict(run.versions),
        "tookSeconds": round(run.seconds),
        "sizes": asdict(run.sizes),
        "figures": [asdict(figure) | {"met": figure.met} for figure in result.figures],
        "notes": result.notes,
        "series": result.series,
    }
    path.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n")
    if result.series:
        (into / "images" / f"bench-{case}.svg").write_text(PLOTS[case](result.series))
    page = into / PAGE
    if page.exists():
        page.write_text(_filled(page.read_text(), known))


def _filled(page: str, known: Mapping[str, Any]) -> str:
    for case, entry in known.items():
        pattern = MARKED.format(case=re.escape(case), text=r"(.*?)")
        for old in re.finditer(pattern, page, flags=re.DOTALL):
            page = page.replace(old[0], MARKED.format(case=case, text=_markdown(case, entry)))
    return page


def _markdown(case: str, entry: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in entry["versions"].items())
    sizes = ", ".join(
        f"{name.replace('_', ' ')} {value:,}" for name, value in entry["sizes"].items()
    )
    lines = ["", "| | measured | ratio | asked |", "|---|--:|---|---|"]
    for one in entry["figures"]:
        figure = Figure(**{name: value for name, value in one.items() if name != "met"})
        lines.append(f"| {' | '.join(said(figure))} |")
    lines += [
        "",
        *(f"{note}\n" for note in entry["notes"]),
        (
            f"`{entry['command']}`, {entry['measuredAt'][:10]}, {entry['tookSeconds']} s on "
            f"{entry['machine']}; {versions}. Sizes: {sizes}."
        ),
        "",
    ]
    if entry["series"]:
        lines += [f"![{case}](images/bench-{case}.svg)", ""]
    return "\n".join(lines) + "\n"
