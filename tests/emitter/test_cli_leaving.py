"""Leaving a command by Ctrl-C or Ctrl-D."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from tests.emitter.command import Emitter

# Makes its standard input the terminal of its session, so that Ctrl-C reaches what it becomes.
IN_FRONT = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)


def test_ctrl_c_ends_with_130_and_says_nothing(emitter: Emitter) -> None:
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "emitter.cli", "scenario", "annoyed-shopper", "--json"],
        cwd=emitter.folder,
        env=emitter.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline()  # It has begun.
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, b"")


@pytest.mark.parametrize(("typed", "code"), [(b"\x04", 0), (b"hel\x03", 130)])
def test_a_conversation_that_is_left_ends_its_line(
    emitter: Emitter, typed: bytes, code: int
) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", IN_FRONT, sys.executable, "-P", "-m", "emitter.cli", "chat"],
        cwd=emitter.folder,
        env=emitter.environment | {"NO_COLOR": "1"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    out = b""
    while not out.endswith(b"you > "):
        out += os.read(ours, 65536)
    os.write(ours, typed)
    with suppress(OSError):
        while more := os.read(ours, 65536):
            out += more
    os.close(ours)
    assert process.wait(timeout=60) == code
    assert out.endswith(b"\r\n")
