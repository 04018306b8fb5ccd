"""The tests' own receiver does what it is told."""

from __future__ import annotations

import requests

from chatbots.models import Chatbot
from tests.receiver import Receiver


def test_it_keeps_the_bytes_and_answers_as_told(live_receiver: Receiver) -> None:
    live_receiver.answer("/hook", 503, headers={"Retry-After": "7"}, body=b"busy")
    live_receiver.answer("/hook", 204, body=b"", then=True)
    with requests.Session() as session:
        first = session.post(live_receiver.url("/hook"), data=b'{"a":1}', timeout=5)
        second = session.post(live_receiver.url("/hook"), data=b"{}", timeout=5)
    assert (first.status_code, first.text, first.headers["Retry-After"]) == (503, "busy", "7")
    assert second.status_code == 204
    kept = live_receiver.wait_for(2)
    assert kept[0].body == b'{"a":1}'
    assert kept[0].head.startswith(b"POST /hook HTTP/1.1\r\n")
    assert kept[1].headers["content-length"] == "2"


def test_the_fixtures_fit_together(chatbot: Chatbot, api_key: str) -> None:
    assert chatbot.account.has_webhooks
    assert api_key.startswith("wc_")
