"""The chat page and its calls, at the root."""

from __future__ import annotations

from django.urls import path

from chatbots import pages

app_name = "chat"
urlpatterns = [
    path("chatbot/<slug:chatbot_id>", pages.page, name="page"),
    path("chatbot/<slug:chatbot_id>/messages", pages.messages, name="messages"),
    path("chatbot/<slug:chatbot_id>/live-chat", pages.live_chat, name="live-chat"),
    path("chatbot/<slug:chatbot_id>/handover", pages.handover, name="handover"),
    path("chatbot/<slug:chatbot_id>/details", pages.details, name="details"),
]
