"""Connections are kept to as many servers as the limit on open files leaves room for."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.emitter.group import ROOT
from tests.receiver import Receiver
from tests.webhooks.sender import Sender
from webhooks.breaker import is_of_server, is_of_webhook

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


@contextlib.contextmanager
def none_left() -> Iterator[None]:
    """This process may open no file more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    next_one = os.dup(0)
    os.close(next_one)
    resource.setrlimit(resource.RLIMIT_NOFILE, (next_one, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_receiver_is_not_blamed_where_the_worker_may_open_no_file(
    live_receiver: Receiver,
) -> None:
    with Sender() as sender:
        with none_left():
            outcome = sender.post(live_receiver.url("/"))
        assert outcome.error_kind == "internal"
        assert "could open no connection (Too many open files)" in outcome.error
        assert not is_of_server(outcome)
        assert not is_of_webhook(outcome)
        assert live_receiver.requests == []
        assert sender.post(live_receiver.url("/")).succeeded
