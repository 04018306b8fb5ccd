"""A worker whose socket thread dies ends, and says so; the next one goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.process.stack import Stack, wait_until
from tests.receiver import Receiver
from webhooks.queue import LEASE_SECONDS

pytestmark = [pytest.mark.process, pytest.mark.thorough]


def test_a_worker_whose_socket_thread_dies_ends_and_its_successor_delivers(
    tmp_path: Path, live_receiver: Receiver
) -> None:
    with Stack(tmp_path) as stack:
        stack.do("migrate")
        chatbot = stack.do("prepare", url=live_receiver.url("/"))["chatbotId"]
        dying = stack.start("-m", "tests.process.dying_worker")
        stack.do("pour", chatbot=chatbot, count=4)
        wait_until(lambda: dying.poll() is not None, "the end of the worker", 60)
        assert dying.returncode == 1
        assert "The thread that sends requests has died" in stack.said()
        assert "MemoryError: of the test" in stack.said()
        assert "this worker ends, to be started anew" in stack.said()

        stack.start_worker()
        stack.wait_for_all(chatbot, 4, LEASE_SECONDS * 2)
