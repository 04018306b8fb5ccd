"""The chat calls, under /api/v1/."""

from __future__ import annotations

from django.urls import path

from chatbots.api import agent_views, views

urlpatterns = [
    path("chat", views.AskView.as_view()),
    path("messages", views.MessagesView.as_view()),
    path("live-chat", views.LiveChatView.as_view()),
    path("live-chat/<slug:chatlog_id>/reply", agent_views.AgentReplyView.as_view()),
    path("live-chat/<slug:chatlog_id>/hand-back", agent_views.HandBackView.as_view()),
    path("live-chat/<slug:chatlog_id>/close", agent_views.CloseView.as_view()),
    path("handover", views.HandoverView.as_view()),
]
