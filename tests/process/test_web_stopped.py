"""The web process is told to stop in the middle of events: what was taken is answered."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import threading
import time
from collections import Counter as Count
from urllib.parse import urlsplit

import pytest

from tests.process.counter import Counter
from tests.process.stack import Stack, wait_until

pytestmark = [pytest.mark.process]
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


class Poster:
    """Posts one event after the other on a connection of its own, until it is closed."""

    def __init__(self, url: str, key: str, chatbot: str) -> None:
        address = urlsplit(url)
        body = json.dumps({"chatbotId": chatbot, "event": "USER_MESSAGE_SENT"}).encode()
        head = (
            "POST /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {key}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._request = head.encode() + body
        self._socket = socket.create_connection((address.hostname or "", address.port or 0), 30)
        self.statuses: Count[int] = Count()
        self.ids: list[str] = []
        self.broke_off = False
        self.thread = threading.Thread(target=self._post)
        self.thread.start()

    def _post(self) -> None:
        with self._socket, contextlib.suppress(ConnectionError):
            while True:
                self._socket.sendall(self._request)
                got = b""
                while not self._is_whole(got):
                    part = self._socket.recv(65536)
                    if not part:
                        self.broke_off = bool(got)
                        return
                    got += part
                status = int(got[9:12])
                self.statuses[status] += 1
                if status == 202:
                    self.ids.append(json.loads(got.partition(b"\r\n\r\n")[2])["id"])

    @staticmethod
    def _is_whole(got: bytes) -> bool:
        head, end, body = got.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        return bool(end) and length is not None and len(body) >= int(length[1])


def test_what_was_taken_is_answered_and_nothing_else_is_done(stack: Stack) -> None:
    with Counter() as counter:
        wait_until(stack.web_answers, "the web", 60)
        made = stack.do("prepare", url=counter.url)
        posters = [Poster(stack.web_url, made["apiKey"], made["chatbotId"]) for _ in range(24)]
        wait_until(lambda: sum(len(one.ids) for one in posters) > 200, "some events", 60)
        assert stack.web is not None
        stack.web.send_signal(signal.SIGTERM)
        began = time.monotonic()
        stack.web.wait(20)
        assert time.monotonic() - began < 12
        for one in posters:
            one.thread.join(30)
            assert not one.thread.is_alive()
        stack.start_web()
        answered = [id for one in posters for id in one.ids]
        stack.wait_for_all(made["chatbotId"], len(answered), 60)
    assert sum((one.statuses for one in posters), Count()) == {202: len(answered)}
    assert not any(one.broke_off for one in posters)
    assert sorted(stack.do("event_ids", chatbot=made["chatbotId"])) == sorted(answered)
