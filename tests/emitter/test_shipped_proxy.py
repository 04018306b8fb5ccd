"""What the shipped Caddyfile lets through is no more than the emitter takes, and no less."""

from __future__ import annotations

import re

from tests.emitter.group import ROOT
from webhooks.api.events import MAX_BATCH_BYTES

CADDYFILE = (ROOT / "Caddyfile").read_text()


def _bytes(setting: str) -> int:
    found = re.search(rf"{setting} (\d+)KB", CADDYFILE)
    assert found is not None
    return int(found[1]) * 1000


def test_the_largest_batch_passes_and_not_much_more() -> None:
    assert MAX_BATCH_BYTES < _bytes("max_size") < 1.1 * MAX_BATCH_BYTES
    # Whole, so that no thread waits for the rest of it.
    assert _bytes("request_buffers") > _bytes("max_size")


def test_nobody_sends_slowly_for_ever() -> None:
    for setting in ("read_header", "read_body", "idle"):
        assert re.search(rf"^\s*{setting} \d+[sm]$", CADDYFILE, re.MULTILINE), setting


def test_headers_that_read_as_the_proxys_own_are_dropped() -> None:
    assert re.search(r"^\s*request_header -\*_\*$", CADDYFILE, re.MULTILINE)


def test_the_proxys_version_is_pinned() -> None:
    compose = (ROOT / "docker-compose.yml").read_text()
    assert re.search(r"image: caddy:\d+\.\d+\.\d+-alpine$", compose, re.MULTILINE)
