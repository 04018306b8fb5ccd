"""Visitors who ask a chatbot over HTTP, all at once, whatever happens to the web."""

from __future__ import annotations

import itertools
import threading
from types import TracebackType
from typing import Self

import requests

from tests.process.stack import wait_until

VISITORS = 6


class Visitors:
    """Each asks one question after the other and notes what became of it."""

    def __init__(self, url: str, chatbot: str, key: str) -> None:
        self._url = f"{url}/api/v1/chat"
        self._chatbot = chatbot
        self._key = key
        self._numbers = itertools.count()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(VISITORS)]
        self.answered: list[str] = []
        # No answer came: the web was killed.
        self.unanswered: list[str] = []
        # Another answer than 200, by question.
        self.refused: dict[str, requests.Response] = {}

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, answers: int) -> None:
        wait_until(lambda: len(self.answered) >= answers, f"{answers} answered chats", 60)

    def _ask(self) -> None:
        while not self._stopping.is_set():
            question = f"Question number {next(self._numbers)}: what are your business hours?"
            try:
                answer = requests.post(
                    self._url,
                    json={"chatbotId": self._chatbot, "question": question},
                    headers={"Authorization": f"Bearer {self._key}"},
                    timeout=60,
                )
            except requests.ConnectionError:
                self.unanswered.append(question)
                self._stopping.wait(0.05)  # The web may be starting.
                continue
            if answer.status_code == 200:
                self.answered.append(question)
            else:
                self.refused[question] = answer
                self._stopping.wait(0.05)  # The database may be starting.
