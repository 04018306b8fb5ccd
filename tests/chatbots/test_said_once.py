"""What is sent twice is said once, fires once, and gets the same answer."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from chatbots import conversation as chat
from chatbots.conversation import Reply
from chatbots.models import Chatbot, Conversation, Event, Message, SupportEmail
from chatbots.said_once import ALREADY, said_once


def press(chatbot: Chatbot, client_id: str) -> Reply:
    return said_once(
        chatbot,
        client_id,
        lambda key: chat.live_message(chatbot, "a person, please", client_id=key),
    )


def test_the_second_time_gets_the_first_ones_answer(chatbot: Chatbot) -> None:
    first = press(chatbot, "one")
    second = press(chatbot, "one")
    assert (second.message, second.response) == (first.message, first.response)
    assert second.conversation == first.conversation
    assert (second.events, second.reason) == ((), ALREADY)
    assert Event.objects.count() == 1
    assert press(chatbot, "two").conversation != first.conversation


def test_without_an_id_each_is_one_of_its_own(chatbot: Chatbot) -> None:
    assert press(chatbot, "").message != press(chatbot, "").message


def test_an_id_is_one_chatbots_own(chatbot: Chatbot) -> None:
    other = Chatbot.objects.create(account=chatbot.account, name="Other")
    assert press(chatbot, "one").conversation.chatbot == chatbot
    assert press(other, "one").conversation.chatbot == other


def test_a_message_to_an_agent_has_no_answer_the_second_time_either(chatbot: Chatbot) -> None:
    chatlog_id = press(chatbot, "").conversation.pk

    def say() -> Reply:
        return said_once(
            chatbot,
            "one",
            lambda key: chat.ask(chatbot, "hello?", chatlog_id=chatlog_id, client_id=key),
        )

    assert say().response is None
    chat.ask(chatbot, "still there?", chatlog_id=chatlog_id)
    assert say().response is None
    assert Message.objects.filter(content="hello?").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_that_come_together_are_one(chatbot: Chatbot) -> None:
    together = threading.Barrier(4)
    replies: list[Reply] = []

    def submit() -> None:
        try:
            together.wait(30)
            replies.append(
                said_once(
                    chatbot, "one", lambda key: chat.hand_over(chatbot, "Mail me", client_id=key)
                )
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=submit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len({reply.message.pk for reply in replies}) == 1
    assert len(replies) == 4
    assert sum(len(reply.events) for reply in replies) == 1
    assert (
        Conversation.objects.count() == Event.objects.count() == SupportEmail.objects.count() == 1
    )
