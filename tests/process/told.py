"""A process that is told what to do by lines: a JSON object in, a line of JSON out.

The process's side is `listen`, the other side is `Told`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any


def listen(calls: Mapping[str, Callable[..., Any]]) -> None:
    """Read {"do": name, …} per line, call the function of that name, write what it returns."""
    for line in sys.stdin:
        given = json.loads(line)
        print(json.dumps(calls[given.pop("do")](**given)), flush=True)


class Told:
    """The process, started with pipes for stdin and stdout."""

    def __init__(self, process: subprocess.Popen[bytes], said: Callable[[], str]) -> None:
        self._process = process
        self._said = said

    def do(self, name: str, **given: Any) -> Any:
        """Have `name` done; AssertionError with what the process said when it died of it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": name, **given}).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, self._said()
        return json.loads(line)
