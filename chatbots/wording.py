"""What the chatbot says about reaching a person, and why an event did not happen."""

from __future__ import annotations

from chatbots.chat_state import Way
from chatbots.models import Account, Chatbot

LIVE_CHAT_IS_OFF = "I'm sorry, live chat is not available here right now."
HANDOVER_IS_OFF = "I'm sorry, I can't pass messages on by e-mail here."

HANDED_BACK = "You are talking with the chatbot again. You can ask for a person at any time."
LIVE_CHAT_HAS_ENDED = "Our colleague has ended the live chat. Write again whenever you like."

LIVE_CHAT_IS_ON_REASON = (
    "The live chat is on already: LIVE_CHAT_INITIATED is sent when it starts and for the visitor's "
    "first message after that."
)
NO_LIVE_CHAT_REASON = "Live chat is off for this chatbot. Switch it on in the chatbot's settings."


def on_the_way(way: Way, reached_at: str = "", *, whatsapp: bool = False) -> str:
    """What the chatbot tells a visitor who asked for a person.

    `reached_at` is their e-mail address or phone number, if known.
    """
    if way is Way.LIVE_CHAT:
        return (
            "I've asked a colleague to join you. Please stay in this chat: "
            "they will answer you right here."
        )
    if way is Way.ON_ALREADY:
        return "A colleague has been asked to join and will answer you right here."
    if way is Way.EMAIL and reached_at:
        return f"I've passed our conversation on to the team. They will answer you at {reached_at}."
    if way is Way.EMAIL:
        return (
            "I've passed our conversation on to the team. "
            "Please leave your e-mail address, so that they can answer you."
        )
    if whatsapp:
        return f"{LIVE_CHAT_IS_OFF} I'll gladly try to help."
    return "I'm sorry, there is no person I can pass you on to here. I'll gladly try to help."


def plan_reason(account: Account) -> str:
    """Why an event of `account` is sent to nobody whatever its webhooks; empty if it may be."""
    if account.has_webhooks:
        return ""
    return (
        f"The event is recorded, but the {account.get_plan_display()} plan has no webhooks; "
        "they come with Basic and above."
    )


def no_handover_reason(chatbot: Chatbot) -> str:
    if chatbot.email_handover_enabled:
        return "This chatbot has no support e-mail. Enter one in the chatbot's settings."
    return "E-mail handover is off for this chatbot. Switch it on in the chatbot's settings."
