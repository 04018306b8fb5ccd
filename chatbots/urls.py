"""The chat page and its calls, at the root."""

from __future__ import annotations

from django.urls import path

from chatbots import page_calls, pages, widget
from chatbots.models import Channel

WHATSAPP = {"channel": Channel.WHATSAPP}

app_name = "chat"
urlpatterns = [
    path("chatbot/<slug:chatbot_id>", pages.page, name="page"),
    path("chatbot/<slug:chatbot_id>/messages", page_calls.messages, name="messages"),
    path("chatbot/<slug:chatbot_id>/live-chat", page_calls.live_chat, name="live-chat"),
    path("chatbot/<slug:chatbot_id>/handover", page_calls.leave_email, name="handover"),
    path("chatbot/<slug:chatbot_id>/form", page_calls.submit_form, name="form"),
    path("chatbot/<slug:chatbot_id>/details", page_calls.details, name="details"),
    path("chatbot/<slug:chatbot_id>/whatsapp", pages.whatsapp, name="whatsapp"),
    path("chatbot/<slug:chatbot_id>/whatsapp/messages", page_calls.messages, WHATSAPP),
    path("chatbot/<slug:chatbot_id>/whatsapp/live-chat", page_calls.live_chat, WHATSAPP),
    path("scripts/wonderchat.js", widget.script, name="widget"),
    path("demo/shop", widget.demo_shop, name="demo-shop"),
    path("chatbot/<slug:chatbot_id>/embed", widget.page, name="embed"),
    *(
        path(f"chatbot/<slug:chatbot_id>/embed/{call}", widget.embedded(view))
        for call, view in (
            ("messages", page_calls.messages),
            ("live-chat", page_calls.live_chat),
            ("handover", page_calls.leave_email),
            ("form", page_calls.submit_form),
            ("details", page_calls.details),
        )
    ),
]
