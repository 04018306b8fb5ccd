"""`make bench` in small: its figures, its page, and what it leaves behind when it is stopped."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.emitter.group import ROOT, wait_until

pytestmark = [pytest.mark.process, pytest.mark.thorough]
# Nothing listens there: what is measured is the embedded parts.
NOWHERE = "postgres://postgres@127.0.0.1:1/bench"


def bench(scratch: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bench", *arguments],
        cwd=ROOT,
        env=os.environ | {"BENCH_DATABASE_URL": NOWHERE, "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def living_in(scratch: Path) -> list[str]:
    """The processes that were started with this folder for temporary files."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            variables = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue  # No process, ended, or another person's.
        if f"TMPDIR={scratch}".encode() in variables:
            found.append(folder.name)
    return found


def test_a_case_writes_its_figures_its_plot_and_its_part_of_the_page(tmp_path: Path) -> None:
    into, scratch = tmp_path / "into", tmp_path / "scratch"
    into.mkdir()
    scratch.mkdir()
    shutil.copy(ROOT / "docs" / "benchmarks.md", into)
    sizes = ("--slow-rate", "20", "--seconds", "1")
    process = bench(scratch, "latency", *sizes, "--into", str(into))
    said, grumbled = process.communicate(timeout=100)
    assert process.returncode == 0, grumbled
    assert "PostgreSQL does not answer" in grumbled
    assert "embedded at 20/s: p50" in said
    entry = json.loads((into / "benchmarks.json").read_text())["latency"]
    figures = {figure["name"]: figure for figure in entry["figures"]}
    p50, p99 = (figures[f"embedded at 20/s: {which}"]["value"] for which in ("p50", "p99"))
    assert 0 < p50 <= p99
    memory = figures["memory of a worker on SQLite at 20/s, peak"]
    assert memory["met"] is (memory["value"] <= 150)
    assert "| embedded at 20/s: p50 |" in (into / "benchmarks.md").read_text()
    drawn = ET.parse(into / "images" / "bench-latency.svg").getroot()  # noqa: S314 - our own
    assert drawn.tag.endswith("svg")


def test_a_bench_that_is_stopped_leaves_nothing_behind(tmp_path: Path) -> None:
    into = tmp_path / "into"
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    process = bench(scratch, "latency", "--seconds", "600", "--into", str(into))
    wait_until(
        lambda: process.poll() is not None or any(scratch.glob("bench-*/stack-*/beat-schedule*")),
        "worker and beat",
    )
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert list(scratch.iterdir()) == []
    assert living_in(scratch) == []
    assert not into.exists()
