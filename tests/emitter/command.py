"""The `emitter` command as a person starts it: a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.emitter.group import ROOT


class Emitter:
    """Runs the command in a folder of its own, with nothing but what it is told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            name: text
            for name, text in os.environ.items()
            if not name.startswith("EMITTER_") and name != "VAR_DIR"
        } | {"PYTHONPATH": str(ROOT), "VAR_DIR": str(folder / "var"), "COLUMNS": "200"}

    def __call__(
        self, *arguments: str, typed: str = "", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", "-m", "emitter.cli", *arguments],
            cwd=self.folder,
            env=self.environment | variables,
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


def printed(done: subprocess.CompletedProcess[str]) -> list[Any]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
