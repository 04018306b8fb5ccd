"""Events, read-only: what happened, the exact payload, and where it was sent."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.paginator import InfinitePaginator

from chatbots.admin.column import column
from chatbots.admin.scope import ScopedAdmin, ScopedFilter
from chatbots.models import Conversation, Event, EventType
from webhooks.coloured_json import coloured
from webhooks.delivery_words import labelled
from webhooks.last_error import with_last_error
from webhooks.models import Webhook, WebhookStatus
from webhooks.subscriptions import not_sending_reason

SHOWN_DELIVERIES = 100


class TypeFilter(DropdownFilter):
    title = "event"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, value) for value in EventType.values]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        return queryset.filter(type=self.value()) if self.value() else queryset


def sent_nowhere(event: Event) -> str:
    """Why an event has no deliveries: what was then is known no more, what is now may be another
    reason."""
    made = "No delivery was made of it when it happened."
    now = not_sending_reason(event.chatbot, event.type)
    subscribed = Webhook.objects.filter(chatbot=event.chatbot_id, event=event.type)
    if not subscribed.exclude(status=WebhookStatus.DELETED).exists():
        return f"{made} {now}"
    then = "No webhook subscribed to it then, or the account's plan had none."
    return f"{made} {then}" if event.chatbot.account.has_webhooks else f"{made} {then} {now}"


@admin.register(Event)
class EventAdmin(ScopedAdmin):
    list_before_template = "admin/plan_notices.html"
    account_path = "chatbot__account"
    may_add = False
    why_empty = "One is made when something happens in a chat."
    may_change = False
    list_display = ("type", "id", "chatbot", "source", "happened")
    list_filter = (TypeFilter, ("source", ChoicesDropdownFilter), ("chatbot", ScopedFilter))
    list_select_related = ("chatbot",)
    search_fields = ("=id", "=chatlog_id")
    search_help_text = "Search by the id of an event or by chatlog id"
    paginator = InfinitePaginator
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        return super().get_queryset(request).defer("body")

    @column("happened")
    def happened(self, event: Event) -> str:
        return format_html('<time data-ago datetime="{}"></time>', event.occurred_at.isoformat())

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        event = self.get_object(request, object_id)
        if event is None:
            raise Http404(f"There is no such {self.opts.verbose_name}.")
        body = bytes(event.body)
        deliveries = labelled(
            with_last_error(
                event.deliveries.select_related("webhook__endpoint", "event")
                .defer("event__body")
                .order_by("-id")
            )[:SHOWN_DELIVERIES]
        )
        context = {
            **self.admin_site.each_context(request),
            "title": str(event),
            "opts": self.opts,
            "original": event,
            "event": event,
            "payload": coloured(body),
            "payload_exact": body.decode(),
            "payload_size": len(body),
            "deliveries": deliveries,
            "reason": "" if deliveries else sent_nowhere(event),
            "conversation": Conversation.objects.filter(
                pk=event.chatlog_id, chatbot=event.chatbot_id
            ).first()
            if event.chatlog_id
            else None,
        }
        return render(request, "webhooks/event.html", context)
