"""The disk of the embedded database is full, and then it is not."""

from __future__ import annotations

import re
from collections import Counter as Tally
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.emitter.group import Up, wait_until
from tests.process.counter import Counter
from tests.process.small_disk import MountedDisk, small_disk
from tests.process.truth import interrupted_of

pytestmark = [pytest.mark.process, pytest.mark.soak, pytest.mark.timeout(300)]
SOME = 400
FULL = "Nothing was saved: the disk of the database is full."
FAILED = "The database is not answering."  # What a failed write looks like on no real disk.


class Api:
    """The REST API of one sandbox, with its key and its chatbot."""

    def __init__(self, up: Up) -> None:
        self._url = up.url + "/api/v1"
        self._headers = {"Authorization": f"Bearer {up.sandbox['apiKey']}"}
        self.chatbot = up.sandbox["chatbotId"]

    def post(self, path: str, **body: object) -> requests.Response:
        given = {"chatbotId": self.chatbot} | body
        return requests.post(self._url + path, json=given, headers=self._headers, timeout=60)

    def ask(self, question: str) -> requests.Response:
        return self.post("/chat", question=question)

    def statuses(self, webhook: str) -> Tally[str]:
        """How the deliveries of `webhook` stand."""
        return Tally(row["status"] for row in self._deliveries(webhook))

    def attempts(self, webhook: str) -> dict[str, list[Any]]:
        """By message what workload.py tells of deliveries."""
        found = {}
        for row in self._deliveries(webhook):
            whole = self._get(f"{self._url}/deliveries/{row['id']}")
            tried = [[one["number"], one["errorKind"] or ""] for one in whole["attempts"]]
            event = self._get(f"{self._url}/events/{row['eventId']}")
            message = event["payload"]["data"]["userMessage"]
            assert message not in found, message
            found[message] = [whole["status"], whole["inFlight"], whole["attemptCount"], tried]
        return found

    def _deliveries(self, webhook: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        page: str | None = f"{self._url}/deliveries?webhookId={webhook}&limit=100"
        while page:
            answer = self._get(page)
            found += answer["results"]
            page = answer["next"]
        return found

    def _get(self, url: str) -> Any:
        answer = requests.get(url, headers=self._headers, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()


def test_a_full_disk_loses_nothing_and_deliveries_go_on_by_themselves(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk, Counter(delay_seconds=0.1) as counter:
        up = Up(tmp_path, VAR_DIR=str(disk.folder))
        up.var = disk.folder  # Its log stays outside: it is what tells what happened.
        try:
            up.wait_until_ready()
            api = Api(up)
            real = isinstance(disk, MountedDisk)
            made = api.post("/webhooks", url=counter.url, event="USER_MESSAGE_SENT")
            webhook = made.json()["id"]
            events = [
                {"event": "USER_MESSAGE_SENT", "data": {"userMessage": f"before {number}"}}
                for number in range(SOME)
            ]
            assert api.post("/events/batch", events=events).status_code == 202
            counter.wait_for(SOME // 10)
            disk.fill()
            wait_until(lambda: "deliveries wait: " in up.output, "the worker at the full disk")
            taken = assert_refused_in_words(up, api, FULL if real else FAILED)
            disk.free()
            # Nobody does anything: what was committed before goes out, and new chats are taken.
            assert api.ask("after").status_code == 200
            wait_until(
                lambda: api.statuses(webhook) == {"succeeded": SOME + len(taken) + 1},
                "all delivered",
                90,
            )
            said = counter.messages()
            before = [f"before {number}" for number in range(SOME)]
            # What was sent when the disk became full was recorded when there was space again.
            assert interrupted_of(api.attempts(webhook), said, ["after", *before, *taken]) == 0
            assert set(said.values()) == {1}
            assert not re.search("died|starting it again", up.output), up.output
        finally:
            up.stop()


def assert_refused_in_words(up: Up, api: Api, sentence: str) -> list[str]:
    """A program, a visitor and a person in the dashboard are told, each in their way.

    Returns the messages that were taken before: what is small may still have fitted.
    """
    taken: list[str] = []

    def until_refused(say: Callable[[str], requests.Response]) -> requests.Response:
        while True:
            text = f"while it is full {len(taken)}"
            answer = say(text)
            if answer.status_code >= 400:
                assert answer.status_code == 503, answer.text
                assert int(answer.headers["Retry-After"]) > 0
                return answer
            taken.append(text)

    answer = until_refused(api.ask)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"].startswith(sentence)

    with requests.Session() as visitor:
        page = visitor.get(f"{up.url}/chatbot/{api.chatbot}", timeout=60)
        assert page.status_code == 200
        answer = until_refused(
            lambda text: visitor.post(
                f"{page.url}/messages",
                json={"text": text},
                headers={"X-CSRFToken": visitor.cookies["csrftoken"]},
                timeout=60,
            )
        )
        assert answer.json()["error"].startswith(sentence)

    def log_in(_: str) -> requests.Response:
        with requests.Session() as person:
            page = person.get(f"{up.url}/login/", timeout=60)
            assert page.status_code == 200
            names = {"username": up.sandbox["adminUser"], "password": up.sandbox["adminPassword"]}
            token = {"csrfmiddlewaretoken": person.cookies["csrftoken"]}
            return person.post(page.url, data=names | token, allow_redirects=False, timeout=60)

    said = len(taken)
    assert sentence in until_refused(log_in).text
    return taken[:said]
