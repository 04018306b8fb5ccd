"""The group that `make up` runs, with small processes of the tests' own."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from emitter.processes import Group, Member
from tests.emitter.group import wait_until

pytestmark = pytest.mark.process

STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(60)
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_group_that_does_not_start_is_given_up(capfd: pytest.CaptureFixture[str]) -> None:
    group = Group([Member("web", python("raise SystemExit(3)"))])
    assert group.run(ready=lambda: False, when_ready=lambda: None) == 1
    said = capfd.readouterr().out
    assert "The web process died (exit code 3); starting it again." in said
    assert "It does not start" in said


def test_it_stops_when_it_is_told_to_in_another_way() -> None:
    group = Group([Member("web", python("import time; time.sleep(60)"))], told_to_stop=lambda: True)
    assert group.run(ready=lambda: False, when_ready=lambda: None) == 0


def test_a_process_that_ignores_the_signal_is_killed_in_the_end(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("emitter.processes.STOP_SECONDS", 0.3)
    seen: list[str] = []

    def started() -> bool:
        seen.append(capfd.readouterr().out)
        return "up" in "".join(seen)

    member = Member("worker", python(STUBBORN))
    group = Group([member])
    code = group.run(ready=started, when_ready=lambda: os.kill(os.getpid(), signal.SIGTERM))
    assert code == 0
    assert member.process is not None
    assert member.process.returncode == -signal.SIGKILL


def test_what_a_process_has_started_ends_with_it(tmp_path: Path) -> None:
    child = tmp_path / "child"
    code = (
        "import pathlib, subprocess, sys, time; "
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
        f"pathlib.Path({str(child)!r}).write_text(str(child.pid)); time.sleep(60)"
    )
    group = Group([Member("web", python(code))])
    group.run(
        ready=lambda: child.exists() and child.read_text() != "",
        when_ready=lambda: threading.Timer(0, os.kill, (os.getpid(), signal.SIGINT)).start(),
    )
    wait_until(lambda: _is_gone(int(child.read_text())), "the child's end", 5)


def _is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"
