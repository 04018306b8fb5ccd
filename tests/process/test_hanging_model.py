"""A language model that hangs stops nothing but its own answers."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.process.stack import Stack, wait_until
from tests.receiver import Receiver
from tests.webhooks.raw_server import Connection, RawServer

pytestmark = [pytest.mark.process, pytest.mark.thorough]
AT_ONCE = 8
VISITORS = 40  # More than the web process has threads.
EVENTS = 50


def test_while_the_model_hangs_everything_else_is_served(
    tmp_path: Path, live_receiver: Receiver
) -> None:
    let_go = threading.Event()

    def hangs(connection: Connection) -> None:
        connection.read_request()
        let_go.wait(90)

    with (
        RawServer(hangs) as model,
        Stack(
            tmp_path,
            ANSWER_API_URL=f"{model.origin}/v1",
            ANSWER_API_MODEL="small",
            ANSWER_API_TIMEOUT_SECONDS="60",
        ) as stack,
        ThreadPoolExecutor(VISITORS) as visitors,
    ):
        stack.do("migrate")
        stack.start_web()
        made = stack.do("prepare", url=live_receiver.url("/"))
        wait_until(stack.web_answers, "the web")
        key = {"Authorization": f"Bearer {made['apiKey']}"}

        def call(path: str, **body: str) -> requests.Response:
            return requests.post(
                f"{stack.web_url}/api/v1/{path}",
                json={"chatbotId": made["chatbotId"], **body},
                headers=key,
                timeout=60,
            )

        try:
            asked: list[Future[requests.Response]] = [
                visitors.submit(call, "chat", question="When are you open?")
                for _ in range(VISITORS)
            ]
            wait_until(lambda: len(model.requests) == AT_ONCE, "the model has what it may have")
            wait_until(
                lambda: sum(one.done() for one in asked) == VISITORS - AT_ONCE,
                "the others have the fallback reply",
            )
            events = [call("events", event="USER_MESSAGE_SENT") for _ in range(EVENTS)]
            assert [answer.status_code for answer in events] == [202] * EVENTS
            # All of that while the model had not said a word.
            assert sum(one.done() for one in asked) == VISITORS - AT_ONCE
        finally:
            let_go.set()
        answers = [one.result() for one in asked]
    assert {answer.status_code for answer in answers} == {200}
    (said,) = {answer.json()["response"] for answer in answers}
    assert said.startswith("I don't know that one.")
    assert len(model.requests) == AT_ONCE
