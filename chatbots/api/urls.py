"""The chat calls, under /api/v1/."""

from __future__ import annotations

from django.urls import path

from chatbots.api import views

urlpatterns = [
    path("chat", views.AskView.as_view()),
    path("messages", views.MessagesView.as_view()),
    path("live-chat", views.LiveChatView.as_view()),
    path("handover", views.HandoverView.as_view()),
]
