"""What happens in a chat, and the payloads it leaves, to the byte."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from django.db import connection, transaction

from chatbots import agents, events, wording
from chatbots import conversation as chat
from chatbots.conversation import Contact
from chatbots.models import (
    Answer,
    Channel,
    Chatbot,
    Conversation,
    ConversationState,
    Event,
    Message,
    Plan,
    SupportEmail,
)
from chatbots.timestamp import iso

HUMAN = "I need to speak with a human about my complex issue"
JOHN = Contact(email="john@x.example", name='Jöhn "J" Doe \u2028', phone_number="+1234567890")


@pytest.fixture
def bot(chatbot: Chatbot) -> Chatbot:
    Answer.objects.create(
        chatbot=chatbot,
        question="What are your business hours?",
        answer="We're open Monday to Friday, 9 AM to 6 PM EST.",
        source_title="Contact",
        source_url="https://example.com/contact",
    )
    return chatbot


def without_live_chat(bot: Chatbot) -> Chatbot:
    bot.live_chat_enabled = False
    bot.save()
    return bot


def body(event: Event) -> str:
    return bytes(Event.objects.get(pk=event.pk).body).decode()


def types(reply: chat.Reply) -> list[str]:
    return [event.type for event in reply.events]


def js(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def test_a_question_is_answered_and_recorded(bot: Chatbot) -> None:
    reply = chat.ask(bot, "when are you open?", contact=JOHN)
    assert reply.response is not None
    assert reply.response.content == "We're open Monday to Friday, 9 AM to 6 PM EST."
    assert [source.url for source in reply.sources] == ["https://example.com/contact"]
    assert reply.reason == ""
    assert list(reply.conversation.messages.values_list("type", "content")) == [
        ("user", "when are you open?"),
        ("bot", "We're open Monday to Friday, 9 AM to 6 PM EST."),
    ]
    (event,) = reply.events
    assert body(event) == (
        f'{{"event":"USER_MESSAGE_SENT","timestamp":"{iso(event.occurred_at)}","data":{{'
        f'"chatbotId":"{bot.pk}","chatbotName":"Customer Support Bot",'
        '"userMessage":"when are you open?",'
        '"chatbotResponse":"We\'re open Monday to Friday, 9 AM to 6 PM EST.",'
        f'"chatlogId":"{reply.conversation.pk}","email":"john@x.example",'
        f'"phoneNumber":"+1234567890","name":{js(JOHN.name)}}}}}'
    )


def test_unknown_details_are_absent_from_user_message_sent(bot: Chatbot) -> None:
    (event,) = chat.ask(bot, "when are you open?").events
    assert list(json.loads(body(event))["data"]) == [
        "chatbotId",
        "chatbotName",
        "userMessage",
        "chatbotResponse",
        "chatlogId",
    ]


def test_known_details_are_absent_from_user_message_sent_through_the_api(bot: Chatbot) -> None:
    reply = chat.ask(bot, "when are you open?", contact=JOHN, through_api=True)
    assert reply.conversation.email == JOHN.email
    assert not {"email", "name", "phoneNumber"} & set(json.loads(body(reply.events[0]))["data"])


def test_what_the_chatbot_does_not_know_gets_the_honest_reply(bot: Chatbot) -> None:
    reply = chat.ask(bot, "What is the capital of France?")
    assert reply.response is not None
    assert reply.response.content == bot.fallback_reply
    assert reply.sources == ()
    assert types(reply) == ["USER_MESSAGE_SENT"]


def test_asking_for_a_human_starts_a_live_chat(bot: Chatbot) -> None:
    reply = chat.ask(bot, HUMAN)
    assert types(reply) == ["USER_MESSAGE_SENT", "LIVE_CHAT_INITIATED"]
    assert reply.conversation.state == ConversationState.WAITING
    event = reply.events[1]
    assert body(event) == (
        f'{{"event":"LIVE_CHAT_INITIATED","timestamp":"{iso(event.occurred_at)}","data":{{'
        f'"chatlogId":"{reply.conversation.pk}",'
        f'"userMessage":"{HUMAN}","name":null,"phoneNumber":null,'
        f'"chatbotId":"{bot.pk}","chatbotName":"Customer Support Bot"}}}}'
    )


def test_a_live_chat_with_a_known_visitor_names_them(bot: Chatbot) -> None:
    (event,) = chat.live_message(bot, "hello?", contact=JOHN).events
    assert body(event) == (
        f'{{"event":"LIVE_CHAT_INITIATED","timestamp":"{iso(event.occurred_at)}","data":{{'
        f'"chatlogId":"{event.chatlog_id}","userMessage":"hello?","email":"john@x.example",'
        f'"name":{js(JOHN.name)},"phoneNumber":"+1234567890",'
        f'"chatbotId":"{bot.pk}","chatbotName":"Customer Support Bot"}}}}'
    )


def test_the_first_message_in_a_live_chat_fires_once_more_and_later_ones_nothing(
    bot: Chatbot,
) -> None:
    start = chat.live_message(bot, "I need help with my order")
    chatlog_id = start.conversation.pk
    first = chat.live_message(bot, "It is number 7", chatlog_id=chatlog_id)
    second = chat.live_message(bot, "Are you there?", chatlog_id=chatlog_id)
    third = chat.ask(bot, "Hello?", chatlog_id=chatlog_id)
    assert [types(r) for r in (start, first, second, third)] == [
        ["LIVE_CHAT_INITIATED"],
        ["LIVE_CHAT_INITIATED"],
        [],
        [],
    ]
    assert json.loads(body(first.events[0]))["data"]["userMessage"] == "It is number 7"
    assert second.response is None
    assert third.response is None
    assert second.reason == wording.LIVE_CHAT_IS_ON_REASON


def test_the_page_brings_the_first_message_of_a_live_chat_too(bot: Chatbot) -> None:
    chatlog_id = chat.ask(bot, HUMAN).conversation.pk
    reply = chat.ask(bot, "my order is late", chatlog_id=chatlog_id)
    assert types(reply) == ["LIVE_CHAT_INITIATED"]
    assert types(chat.ask(bot, "really late", chatlog_id=chatlog_id)) == []


def test_the_api_asks_the_chatbot_even_while_a_live_chat_is_on(bot: Chatbot) -> None:
    chatlog_id = chat.ask(bot, HUMAN, through_api=True).conversation.pk
    first = chat.ask(bot, "when are you open?", chatlog_id=chatlog_id, through_api=True)
    second = chat.ask(bot, HUMAN, chatlog_id=chatlog_id, through_api=True)
    assert types(first) == ["USER_MESSAGE_SENT", "LIVE_CHAT_INITIATED"]
    assert types(second) == ["USER_MESSAGE_SENT"]
    assert second.response is not None


def test_without_live_chat_a_request_for_a_human_goes_by_email(bot: Chatbot) -> None:
    reply = chat.ask(without_live_chat(bot), HUMAN)
    assert types(reply) == ["USER_MESSAGE_SENT", "HUMAN_HANDOVER"]
    assert reply.conversation.state == ConversationState.HANDED_OVER
    event = reply.events[1]
    assert body(event) == (
        f'{{"event":"HUMAN_HANDOVER","timestamp":"{iso(event.occurred_at)}","data":{{'
        f'"chatlogId":"{reply.conversation.pk}","chatbotId":"{bot.pk}",'
        f'"chatbotName":"Customer Support Bot","userMessage":"{HUMAN}",'
        '"name":null,"phoneNumber":null,"supportEmail":"support@acme.example",'
        '"escalationType":"EMAIL","priority":"HIGH"}}'
    )
    assert SupportEmail.objects.get().to == "support@acme.example"


def test_a_handover_of_a_known_visitor_names_them(bot: Chatbot) -> None:
    (event,) = chat.hand_over(bot, "Call me", contact=JOHN, form_fields={"Order": "7"}).events
    assert body(event) == (
        f'{{"event":"HUMAN_HANDOVER","timestamp":"{iso(event.occurred_at)}","data":{{'
        f'"chatlogId":"{event.chatlog_id}","chatbotId":"{bot.pk}",'
        '"chatbotName":"Customer Support Bot","userMessage":"Call me",'
        f'"email":"john@x.example","name":{js(JOHN.name)},"phoneNumber":"+1234567890",'
        '"supportEmail":"support@acme.example","escalationType":"EMAIL","priority":null}}'
    )
    assert SupportEmail.objects.get().form_fields == {"Order": "7"}


def test_with_no_way_to_a_person_the_chatbot_says_so(bot: Chatbot) -> None:
    bot.email_handover_enabled = False
    reply = chat.ask(without_live_chat(bot), HUMAN)
    assert types(reply) == ["USER_MESSAGE_SENT"]
    assert reply.response is not None
    assert "no person" in reply.response.content
    handover = chat.hand_over(bot, "mail me")
    assert (types(handover), handover.reason) == (
        [],
        "E-mail handover is off for this chatbot. Switch it on in the chatbot's settings.",
    )
    live = chat.live_message(bot, "help")
    assert (types(live), live.reason) == ([], wording.NO_LIVE_CHAT_REASON)
    assert not SupportEmail.objects.exists()


def test_no_support_email_is_no_way_either(bot: Chatbot) -> None:
    bot.support_email = ""
    assert types(chat.ask(without_live_chat(bot), HUMAN)) == ["USER_MESSAGE_SENT"]
    assert "no support e-mail" in chat.hand_over(bot, "mail me").reason


def test_a_plan_without_webhooks_still_records_and_says_why_nothing_is_sent(bot: Chatbot) -> None:
    bot.account.plan = Plan.LITE
    bot.account.save()
    reply = chat.ask(bot, "when are you open?")
    assert types(reply) == ["USER_MESSAGE_SENT"]
    assert "Lite plan has no webhooks" in reply.reason


def test_details_are_kept_and_never_lost_by_a_message_without_them(bot: Chatbot) -> None:
    chatlog_id = chat.ask(bot, "hi", contact=JOHN).conversation.pk
    chat.ask(bot, "hi again", chatlog_id=chatlog_id, contact=Contact(name="John"))
    kept = Conversation.objects.get()
    assert (kept.email, kept.name, kept.phone_number) == (JOHN.email, "John", JOHN.phone_number)


def test_an_agents_reply_makes_the_chat_live_and_closing_gives_it_back(bot: Chatbot) -> None:
    talk = chat.live_message(bot, "help").conversation
    agents.reply(talk, "Hello, Ann here.")
    talk.refresh_from_db()
    assert talk.state == ConversationState.LIVE
    chat.hand_over(bot, "and by e-mail please", chatlog_id=talk.pk)
    talk.refresh_from_db()
    assert talk.state == ConversationState.LIVE
    agents.close(talk)
    reply = chat.ask(bot, "when are you open?", chatlog_id=talk.pk)
    assert types(reply) == ["USER_MESSAGE_SENT"]
    assert reply.conversation.state == ConversationState.BOT
    again = chat.live_message(bot, "help again", chatlog_id=talk.pk)
    assert types(again) == ["LIVE_CHAT_INITIATED"]


def test_another_chatbots_chatlog_is_not_there(bot: Chatbot) -> None:
    other = Chatbot.objects.create(account=bot.account, name="Other")
    chatlog_id = chat.ask(other, "hi").conversation.pk
    for call in (chat.ask, chat.live_message, chat.hand_over):
        with pytest.raises(Conversation.DoesNotExist):
            call(bot, "hi", chatlog_id=chatlog_id)
    assert Message.objects.filter(conversation__chatbot=bot).count() == 0


def test_a_failure_leaves_neither_message_nor_event_nor_mail(bot: Chatbot) -> None:
    def fail(sender: type[Event], **kwargs: object) -> None:
        raise RuntimeError("no room")

    events.event_recorded.connect(fail)
    try:
        with pytest.raises(RuntimeError), transaction.atomic():
            chat.hand_over(bot, "help")
    finally:
        events.event_recorded.disconnect(fail)
    assert not Conversation.objects.exists()
    assert not Event.objects.exists()
    assert not SupportEmail.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_messages_that_come_together_fire_the_first_live_message_once(bot: Chatbot) -> None:
    chatlog_id = chat.live_message(bot, "help", channel=Channel.WHATSAPP).conversation.pk
    fired: list[str] = []

    def say(text: str) -> None:
        try:
            fired.extend(types(chat.live_message(bot, text, chatlog_id=chatlog_id)))
        finally:
            connection.close()

    threads = [threading.Thread(target=say, args=(str(n),)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert fired == ["LIVE_CHAT_INITIATED"]
    assert Message.objects.filter(type="user").count() == 7
