"""The inbox's pages, all under `/inbox/<token>`, in the sandbox only."""

from __future__ import annotations

from django.urls import path

from inbox import pages, receiver

app_name = "inbox"
urlpatterns = [
    path("inbox/<slug:token>", receiver.page_or_receive, name="page"),
    path("inbox/<slug:token>/requests", pages.new_requests, name="requests"),
    path("inbox/<slug:token>/requests/<int:pk>", pages.request_detail, name="request"),
    path("inbox/<slug:token>/answer", pages.set_answer, name="answer"),
    path("inbox/<slug:token>/clear", pages.clear, name="clear"),
]
