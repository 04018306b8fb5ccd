"""Connections are kept to as many servers as the limit on open files leaves room for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.emitter.group import ROOT

resource = pytest.importorskip("resource")


@pytest.mark.parametrize(
    ("soft", "hard", "keeps", "limit"),
    [
        (256, 256, 128, 256),
        (1024, 1024, 512, 1024),
        (1024, 4096, 2048, 3072),
        (256, 2048, 1024, 2048),
        (4096, 4096, 2048, 4096),
    ],
)
def test_what_is_kept_leaves_room_for_the_rest(
    soft: int, hard: int, keeps: int, limit: int
) -> None:
    """A low soft limit, as many systems start with, is raised; a hard one is kept to."""
    code = (
        "import resource as r\n"
        f"r.setrlimit(r.RLIMIT_NOFILE, ({soft}, {hard}))\n"
        "from webhooks.open_files import connections_to_keep\n"
        "print(connections_to_keep(), r.getrlimit(r.RLIMIT_NOFILE)[0])\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert said.split() == [str(keeps), str(limit)]
