"""How several processes of pytest-xdist share the tests of a whole run out among themselves."""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# What takes longest starts first, so that in the end nobody waits for it.
FIRST = (
    "tests/walk/",
    "tests/api/test_schemathesis.py",
    "tests/process/",
    "tests/documents/",
    "tests/emitter/test_up.py",
    "tests/dashboard/test_live_chat_browser.py",
    "tests/chatbots/test_widget_browser.py",
    "tests/emitter/test_stopping.py",
    "tests/dashboard/test_browser.py",
    "tests/webhooks/test_waker.py",
    "tests/webhooks/test_queue.py",
    "tests/webhooks/test_settling.py",
    "tests/webhooks/test_presence.py",
    "tests/webhooks/test_recovery.py",
    "tests/webhooks/test_engine.py",
    "tests/emitter/test_cli.py",
    "tests/express/",
    "tests/chatbots/test_conditions_in_browser.py",
    "tests/emitter/test_cli_webhooks.py",
    "tests/emitter/test_settings.py",
)
# Each test of these may run anywhere: they wait long, and share nothing that takes long to make.
APART = {
    "tests/emitter/test_cli_everywhere.py",
    "tests/walk/test_cost.py",
    "tests/walk/test_no_500.py",
    "tests/emitter/test_stopping.py",
    "tests/process/test_bench.py",
    "tests/process/test_hanging_model.py",
    "tests/process/test_limits.py",
    "tests/process/test_support_email.py",
    "tests/webhooks/test_queue.py",
    "tests/webhooks/test_recovery.py",
    "tests/webhooks/test_presence.py",
    "tests/webhooks/test_waker.py",
}


def place(path: str) -> int:
    """Where a test of this file stands in the order of a whole run."""
    found = (number for number, first in enumerate(FIRST) if path.startswith(first))
    return next(found, len(FIRST))


class Sharing(LoadScopeScheduling):
    """A file's tests stay together, and those that use the same real processes."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # They come in the order of `place`.

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        if path in APART:
            return nodeid
        if path.startswith("tests/process/"):
            return "embedded" if "[embedded" in nodeid else "served"
        return path
