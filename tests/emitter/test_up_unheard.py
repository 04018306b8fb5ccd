"""`manage.py up` goes on whoever listens to it, and knows its own address without a proxy."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.emitter.group import BEAT, ROOT, Up, environment, wait_until

pytestmark = [
    pytest.mark.process,
    pytest.mark.thorough,
    pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full"),
]

# What is left of its command, told in a shell; `broken` leads where nobody reads any more.
BROKEN = (
    "import os, sys; r, w = os.pipe(); os.dup2(w, 7); os.close(r); os.execvp('sh', sys.argv[1:])"
)
STREAMS = {
    "a full disk": ">/dev/full",
    "a full disk for both": ">/dev/full 2>&1",
    "a pipe that nobody reads": ">&7",
    "a pipe that nobody reads for both": ">&7 2>&7",
    "a closed output": ">&-",
    "all of them closed": "<&- >&- 2>&-",
}


def heard_by(streams: str, *command: str) -> list[str]:
    """The command with such streams."""
    return [sys.executable, "-c", BROKEN, "sh", "-c", f'exec "$@" {streams}', "sh", *command]


@pytest.mark.parametrize("streams", STREAMS.values(), ids=STREAMS)
def test_it_goes_on_when_nobody_hears_it(tmp_path: Path, streams: str) -> None:
    up = Up(tmp_path, heard_by(streams, sys.executable, "manage.py", "up"))
    try:
        wait_until(up.alive, "the web answers")
        beat = up.pids(BEAT)
        os.kill(beat[0], signal.SIGKILL)
        wait_until(lambda: up.pids(BEAT) not in ([], beat), "another beat")
        wait_until(up.alive, "the web still answers")
        assert up.process.poll() is None
    finally:
        up.stop()
    assert up.process.returncode == 0
    assert "Traceback" not in up.output
    assert "Exception ignored" not in up.output


def test_letters_that_the_output_lacks_are_spelled(tmp_path: Path) -> None:
    up = Up(tmp_path / "größe", PYTHONIOENCODING="ascii:strict")
    try:
        up.wait_until_ready()
        assert r"gr\xf6\xdfe" in up.output
    finally:
        up.stop()
    assert up.process.returncode == 0


@pytest.mark.parametrize("streams", STREAMS.values(), ids=STREAMS)
def test_a_refusal_is_no_traceback(tmp_path: Path, streams: str) -> None:
    done = run(tmp_path, heard_by(streams, sys.executable, "manage.py", "up"), PORT="80a")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("streams", STREAMS.values(), ids=STREAMS)
def test_the_demo_is_made_when_nobody_hears_it(tmp_path: Path, streams: str) -> None:
    assert run(tmp_path, [sys.executable, "manage.py", "migrate"]).returncode == 0
    done = run(tmp_path, heard_by(streams, sys.executable, "manage.py", "demo"))
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    assert (tmp_path / "sandbox.json").exists()


def run(var: Path, command: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment(var, SANDBOX="1", **variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_proxy_is_not_asked_for_its_own_address(tmp_path: Path) -> None:
    variables = {"http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"}
    nobody = dict.fromkeys(variables, "http://127.0.0.1:9")
    up = Up(tmp_path, None, no_proxy="", NO_PROXY="", **nobody)
    try:
        up.wait_until_ready()
    finally:
        up.stop()
