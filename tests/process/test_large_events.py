"""Events of the largest size, many at once: a worker's memory stays what it is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.process.stack import Stack
from tests.receiver import Receiver

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
    pytest.mark.thorough,
]
SMALL = 600
LARGE = 400
MEGABYTE = 1024 * 1024


def peak_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


def test_a_worker_that_meets_large_events_after_small_ones_does_not_grow(
    stack: Stack, live_receiver: Receiver
) -> None:
    live_receiver.answer("/", 200, delay_seconds=0.1)
    chatbot = stack.do("prepare", url=live_receiver.url("/"))["chatbotId"]
    stack.do("pour", chatbot=chatbot, count=SMALL)
    stack.wait_for_all(chatbot, SMALL, 60)
    assert stack.worker is not None
    before = peak_bytes(stack.worker.pid)
    stack.do("pour_large", chatbot=chatbot, count=LARGE, kilobytes=250)
    stack.wait_for_all(chatbot, SMALL + LARGE, 90)
    grown = peak_bytes(stack.worker.pid) - before
    # Of 100 MB that were sent.
    assert grown < 40 * MEGABYTE, grown / MEGABYTE
