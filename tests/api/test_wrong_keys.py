"""A program with a wrong key that asks on is told to wait; whoever has a right one is not."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from chatbots.models import Chatbot
from webhooks.api import authentication

ASKED = [("GET", "/api/v1/webhooks"), ("POST", "/api/v1/events")]


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentication, "WRONG_KEYS_PER_MINUTE", 5)


def ask(method: str, path: str, key: str, address: str = "203.0.113.7") -> Any:
    return Client(REMOTE_ADDR=address).generic(
        method, path, "{}", "application/json", headers={"authorization": f"Bearer {key}"}
    )


@pytest.mark.parametrize(("method", "path"), ASKED)
def test_after_many_wrong_keys_one_is_told_to_wait(
    db: None, method: str, path: str, chatbot: Chatbot, api_key: str
) -> None:
    answers = [ask(method, path, f"wc_{number}") for number in range(7)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 2
    assert "WWW-Authenticate" in answers[0]
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert "keys that do not exist" in answers[-1].json()["detail"]
    # The right key of a neighbour, and a stranger elsewhere.
    assert ask(method, path, api_key).status_code not in {401, 429}
    assert ask(method, path, "wc_x", "198.51.100.9").status_code == 401


def test_an_ipv6_network_is_one_address(db: None) -> None:
    statuses = [ask("GET", ASKED[0][1], "wc_x", f"2001:db8::{n:x}").status_code for n in range(7)]
    assert statuses == [401] * 5 + [429] * 2


def test_the_sandbox_only_says_that_it_is_wrong(db: None, settings: Any) -> None:
    settings.SANDBOX = True
    assert {ask(*ASKED[0], "wc_x").status_code for _ in range(9)} == {401}
