"""A process of the product's own settings, told what to do by lines (inside.py)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

LEFT_OUT = {"DATABASE_URL", "BROKER_URL", "PORT", "ALLOWED_HOSTS", "DJANGO_SETTINGS_MODULE"}


def environment(
    var: Path, secrets: dict[str, str], url: str = "", broker_url: str = ""
) -> dict[str, str]:
    """The variables of an emitter on that database and broker; without them, on embedded parts."""
    kept = {name: text for name, text in os.environ.items() if name not in LEFT_OUT}
    return (
        kept
        | secrets
        | {
            "VAR_DIR": str(var),
            "SANDBOX": "1",
            "LOG_LEVEL": "ERROR",
            "EMITTER_UP_PID": str(os.getpid()),
            "DATABASE_URL": url,
            "BROKER_URL": broker_url,
        }
    )


class Inside:
    """The process. It ends with `close`, or with the bench."""

    def __init__(self, variables: dict[str, str]) -> None:
        self._log = Path(variables["VAR_DIR"]) / "inside.log"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bench.inside"],
                env=variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                # Ctrl-C is the bench's own to handle.
                start_new_session=True,
            )

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def do(self, name: str, **given: Any) -> Any:
        """Have it call one of inside.py's functions; raises RuntimeError when that fails."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": name, **given}).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            said = self._log.read_text(errors="replace")[-3000:]
            raise RuntimeError(f"{name} failed:\n{said}")
        return json.loads(line)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()
