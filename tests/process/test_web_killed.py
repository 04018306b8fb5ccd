"""The web process is killed in the middle of chats."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.process.counter import Counter
from tests.process.stack import Stack, wait_until
from tests.process.truth import interrupted_of
from tests.process.visitors import Visitors

pytestmark = [pytest.mark.process, pytest.mark.soak]
KILLS = 5
ANSWERS_BETWEEN = 40
WHOLE = {"user": 1, "bot": 1, "events": 1, "deliveries": 1}


def test_a_chat_that_was_answered_has_its_event_and_one_that_was_not_has_all_or_nothing(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    with Counter() as counter:
        made = stack.do("prepare", url=counter.url)
        chatbot = made["chatbotId"]
        wait_until(stack.web_answers, "the web", 60)
        port = urlsplit(stack.web_url).port or 0
        with Visitors(stack.web_url, chatbot, made["apiKey"]) as visitors:
            for kill in range(1, KILLS + 1):
                visitors.wait_for(kill * ANSWERS_BETWEEN)
                assert stack.web is not None
                stack.web.kill()
                stack.web.wait()
                stack.start_web(port)
            wait_until(stack.web_answers, "the web once more", 60)
        found = stack.do("conversations", chatbot=chatbot)
        stack.wait_for_all(chatbot, len(found["rows"]), 60)
        arrived = counter.messages()
    tried = stack.do("attempts", chatbot=chatbot, by="message")
    assert interrupted_of(tried, arrived, found["rows"]) == 0
    with capsys.disabled():
        half_way = [question for question in visitors.unanswered if question in found["rows"]]
        print(
            f" {len(visitors.answered)} answered, {len(visitors.unanswered)} not,"
            f" of these {len(half_way)} committed",
            end=" ",
        )
    assert visitors.refused == {}
    assert visitors.unanswered
    assert set(visitors.answered) <= set(found["rows"])
    assert set(found["rows"]) <= {*visitors.answered, *visitors.unanswered}
    # No message without its answer, no event without its delivery, no empty conversation.
    assert all(rows == WHOLE for rows in found["rows"].values())
    assert found["chatlogs"] == len(found["rows"])
    assert set(arrived.values()) == {1}
