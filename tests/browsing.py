"""A real Chromium, driven by playwright."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests import needs


@contextmanager
def chromium(*more: str) -> Iterator[Browser]:
    """Chromium, started with these arguments `more`. Each test opens contexts of its own in it."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # The test database is made and cleared in the thread whose loop belongs to playwright.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(
            executable_path=needs.chromium(),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", *more],
        )
        yield browser
        browser.close()
