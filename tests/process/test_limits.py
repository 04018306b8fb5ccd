"""A key's limit holds over all web processes together."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from tests.emitter.test_settings import production
from tests.process.stack import Stack, wait_until

pytestmark = [pytest.mark.process, pytest.mark.thorough]
MOST = 10  # In ten seconds.


def over_both(var: Path, **urls: str) -> list[int]:
    """Ask two web processes in turn, twice as often as is allowed; the statuses in order."""
    limited = production(
        SANDBOX="",
        ALLOWED_HOSTS="127.0.0.1",
        API_REQUESTS_PER_MINUTE=str(MOST * 6),
        DATABASE_URL=f"sqlite:///{var / 'emitter.sqlite3'}",
        BROKER_URL="filesystem://",
    )
    with Stack(var, **(limited | urls)) as stack:
        stack.do("migrate")
        made = stack.do("prepare", url="https://hooks.example.com/")
        addresses = []
        for _ in range(2):
            stack.start_web()
            addresses.append(stack.web_url)
            wait_until(stack.web_answers, "a web process")
        headers = {"Authorization": f"Bearer {made['apiKey']}", "X-Forwarded-Proto": "https"}
        return [
            requests.get(
                f"{addresses[number % 2]}/api/v1/deliveries", headers=headers, timeout=20
            ).status_code
            for number in range(2 * MOST)
        ]


def test_two_web_processes_on_sqlite_share_a_limit(tmp_path: Path) -> None:
    assert over_both(tmp_path) == [200] * MOST + [429] * MOST


@pytest.mark.postgresql
def test_two_web_processes_on_postgresql_share_a_limit(tmp_path: Path, postgresql_url: str) -> None:
    assert over_both(tmp_path, DATABASE_URL=postgresql_url) == [200] * MOST + [429] * MOST
