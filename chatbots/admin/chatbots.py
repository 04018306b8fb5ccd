"""Chatbots, and the questions they can answer."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, Field, Model, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminTextareaWidget

from chatbots.admin import scenarios
from chatbots.admin.column import column
from chatbots.admin.handover_form import FormFieldsInline
from chatbots.admin.scope import OwnInline, ScopedAdmin, ScopedFilter
from chatbots.models import Answer, Chatbot


class AnswersInline(OwnInline):
    model = Answer
    tab = True
    extra = 0
    per_page = 20
    fields = ("question", "answer", "source_title", "source_url")

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "answer":
            kwargs["widget"] = UnfoldAdminTextareaWidget(attrs={"rows": 3})
        if db_field.name == "source_url":
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(Chatbot)
class ChatbotAdmin(ScopedAdmin):
    change_form_before_template = "admin/chatbot_tools.html"
    change_form_after_template = "admin/chatbot_snippet.html"
    list_display = ("name", "account", "answers_count", "live_chat_enabled", "chat_page")
    list_filter = (("account", ScopedFilter),)
    # Counting the answers drops the model's own.
    ordering = ("name",)
    search_fields = ("name", "id")
    readonly_fields = ("id", "chat_page", "created_at")
    inlines = (AnswersInline, FormFieldsInline)
    fieldsets = (
        (None, {"fields": ("account", "name", "greeting", "fallback_reply")}),
        (
            "When a visitor asks for a person",
            {
                "fields": (
                    "live_chat_enabled",
                    "email_handover_enabled",
                    "support_email",
                    "person_phrases",
                )
            },
        ),
        ("Your web sites", {"fields": ("embed_origins",)}),
        (
            "Handover form",
            {
                "fields": ("form_title", "form_intro"),
                "description": "Its fields are in the tab “Handover form”.",
            },
        ),
        ("Where it is", {"fields": ("id", "chat_page", "created_at")}),
    )

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name in {"person_phrases", "embed_origins"}:
            kwargs["widget"] = UnfoldAdminTextareaWidget(attrs={"rows": 4})
        if db_field.name == "support_email":
            kwargs["label"] = "Support e-mail"
            kwargs["help_text"] = (
                "Where a conversation that is handed over is sent. "
                "Without it there is no e-mail handover, no Leave Email and no handover form."
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        return [*scenarios.urls(self), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Chatbot]:
        rows: QuerySet[Chatbot] = super().get_queryset(request).select_related("account")
        return rows.annotate(answers_count=Count("answers"))

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        # Its webhooks and its whole history belong to the account it was made in.
        return [*self.readonly_fields, *(["account"] if obj else [])]

    @column("questions", ordering="answers_count")
    def answers_count(self, chatbot: Chatbot) -> int:
        return chatbot.answers_count  # type: ignore[attr-defined,no-any-return]  # Annotated.

    @column("chat page")
    def chat_page(self, chatbot: Chatbot) -> str:
        if chatbot._state.adding:
            return "After saving"
        return format_html(
            '<a class="wc-link" href="/chatbot/{0}" target="_blank">Open the chat</a> · '
            '<a class="wc-link" href="/chatbot/{0}/whatsapp" target="_blank">WhatsApp</a>',
            chatbot.pk,
        )
