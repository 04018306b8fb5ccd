"""`make up` stops without a trace, and keeps what was there."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

from tests.emitter.group import BEAT, WEB, WORKER, Up, processes, wait_until

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc"),
    pytest.mark.thorough,
]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_it_all_within_15_seconds(tmp_path: Path, number: signal.Signals) -> None:
    up = Up(tmp_path)
    up.wait_until_ready()
    assert up.pids(WORKER)
    assert up.pids(BEAT)
    assert up.pids(WEB)
    assert up.stop(number) < 15
    assert up.process.returncode == 0
    assert not processes(tmp_path)


def test_killed_itself_it_leaves_no_child(tmp_path: Path) -> None:
    up = Up(tmp_path)
    up.wait_until_ready()
    up.process.kill()
    up.process.wait()
    wait_until(lambda: not processes(tmp_path), "no process left", 5)


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
@pytest.mark.parametrize(
    ("number", "to"),
    [
        (signal.SIGINT, "the whole group"),  # Ctrl-C
        (signal.SIGHUP, "the whole group"),  # The terminal closes.
        (signal.SIGTERM, "the whole group"),
        (signal.SIGTERM, "make alone"),
        (signal.SIGINT, "make alone"),  # An editor's stop button.
    ],
)
def test_make_up_stops_too(tmp_path: Path, number: signal.Signals, to: str) -> None:
    up = Up(tmp_path, ["make", "up"])
    up.wait_until_ready()
    if to == "make alone":
        up.process.send_signal(number)
    else:
        os.killpg(up.process.pid, number)
    up.process.wait(15)
    wait_until(lambda: not processes(tmp_path), "no process left", 1)


def test_a_second_start_on_another_port_keeps_data_and_the_way_in(tmp_path: Path) -> None:
    first = Up(tmp_path)
    first.wait_until_ready()
    before = first.sandbox
    first.stop()
    second = Up(tmp_path)
    try:
        second.wait_until_ready()
        after = second.sandbox
        headers = {"Authorization": f"Bearer {after['apiKey']}"}
        webhooks = second.get("/api/v1/webhooks", headers=headers).json()["results"]
    finally:
        second.stop()
    for key in ("adminUser", "adminPassword", "apiKey", "chatbotId"):
        assert after[key] == before[key]
    assert after["url"] == second.url
    # The demo's webhooks lead to the built-in inbox, which has moved.
    assert {webhook["url"] for webhook in webhooks} == {after["inboxUrl"]}
    assert len(webhooks) == 3
    assert after["inboxUrl"].startswith(second.url)
