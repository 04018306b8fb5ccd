"""The delivery log: the list, and each delivery with the exact request and response."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_GET, require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.paginator import InfinitePaginator

from chatbots import database_clock
from chatbots.admin.asked_list import searched
from chatbots.admin.column import column
from chatbots.admin.scope import ScopedAdmin, ScopedFilter
from chatbots.models import EventType
from chatbots.whole_number import whole_number
from webhooks import experiment, replay, waiting
from webhooks.attempt_view import (
    request_body,
    request_headers,
    response_body,
    response_headers,
)
from webhooks.coloured_json import coloured
from webhooks.curl_command import curl_command
from webhooks.delivery_words import label, standing
from webhooks.expectation import Expected
from webhooks.last_error import with_last_error
from webhooks.models import Attempt, Delivery, DeliveryStatus, ErrorKind, WebhookStatus

SHOWN_ATTEMPTS = 30
RESENDABLE = (DeliveryStatus.SUCCEEDED, DeliveryStatus.FAILED, DeliveryStatus.CANCELLED)
EXPECTED = {
    Expected.ACCEPTED: "The receiver accepts it, with a 2xx",
    Expected.REFUSED: "The receiver refuses it, with a 4xx such as 401",
    Expected.EITHER: "The receiver accepts it or refuses it: either is right",
    None: "",
}


class EventFilter(DropdownFilter):
    title = "event"
    parameter_name = "event"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, value) for value in EventType.values]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        return queryset.filter(webhook__event=self.value()) if self.value() else queryset


class KindFilter(DropdownFilter):
    """A failed test, or a forged request that was refused, is no failure of the webhook's."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("real", "Real events"), ("experiment", "Tests and simulations")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        match self.value():
            case "real":
                return queryset.filter(experiment.real())
            case "experiment":
                return queryset.exclude(experiment.real())
            case _:
                return queryset


def never_left(attempt: Attempt) -> str:
    """Why no byte of the request went out, in a clause; "" if some did or may have."""
    match attempt.error_kind:
        case ErrorKind.DNS | ErrorKind.CONNECT | ErrorKind.REFUSED_ADDRESS:
            return "no connection was made"
        case ErrorKind.TLS:
            return "the TLS connection failed"
        case ErrorKind.INTERNAL if not attempt.remote_address:
            return "no connection was made"
    return ""


def shown(attempt: Attempt) -> dict[str, Any]:
    """One attempt as its page shows it. What a receiver answered is text, and never HTML."""
    body = request_body(attempt)
    answer = bytes(attempt.response_body)
    sent = request_headers(attempt)
    received = response_headers(attempt)
    read = response_body(attempt, received)
    return {
        "row": attempt,
        "ok": not attempt.error_kind,
        "never_left": never_left(attempt),
        "request_id": f"request-{attempt.number}",
        "response_id": f"response-{attempt.number}",
        "request_headers": sent,
        "request_head": bytes(attempt.request_head).decode("latin-1"),
        "request_size": len(body),
        "request_pretty": coloured(body),
        "request_exact": body.decode("utf-8", "backslashreplace"),
        "response_headers": received,
        "response_head": bytes(attempt.response_head).decode("latin-1"),
        "response_size": len(answer),
        "response_pretty": coloured(read.text.encode("utf-8", "replace")),
        "response_note": read.note,
        "response_exact": answer.decode("utf-8", "backslashreplace"),
        "curl": curl_command(attempt.url, sent, body),
    }


@admin.register(Delivery)
class DeliveryAdmin(ScopedAdmin):
    list_before_template = "admin/plan_notices.html"
    account_path = "webhook__chatbot__account"
    may_add = False
    why_empty = "One is made for each webhook that wants to hear of an event."
    may_change = False
    list_display = ("number", "status_label", "event_type", "where", "attempts", "made")
    list_filter = (
        ("status", ChoicesDropdownFilter),
        KindFilter,
        EventFilter,
        ("webhook", ScopedFilter),
    )
    # What the search does is in get_search_results; Django shows its box only with fields.
    search_fields = ("=id",)
    search_help_text = "Search by the id of a delivery or of its event"
    paginator = InfinitePaginator
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        rows = super().get_queryset(request).select_related("event", "webhook__endpoint")
        return with_last_error(rows.defer("event__body").order_by("-id"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Delivery], search_term: str
    ) -> tuple[QuerySet[Delivery], bool]:
        """By the exact id of a delivery or of an event: each by its index, however long the log."""
        term = searched(search_term)
        if not term:
            return queryset, False
        if number := whole_number(term):
            return queryset.filter(pk=number), False
        return queryset.filter(event_id=term.replace("\0", "")), False

    @column("id", ordering="id")
    def number(self, delivery: Delivery) -> str:
        return str(delivery.pk)

    @column("status")
    def status_label(self, delivery: Delivery) -> str:
        last = experiment.last_attempts([delivery]) if delivery.simulate else {}
        shown = label(delivery, last.get(delivery.pk))
        return format_html(
            '<span class="wc-label wc-{}">{}</span>{}{}',
            shown.colour,
            shown.word,
            format_html(' <span class="wc-label wc-grey">{}</span>', shown.kind)
            if shown.kind
            else "",
            format_html(' <span class="wc-quiet">{}</span>', shown.note) if shown.note else "",
        )

    @column("event")
    def event_type(self, delivery: Delivery) -> str:
        return delivery.event.type

    @column("URL")
    def where(self, delivery: Delivery) -> str:
        return format_html('<span class="wc-url">{}</span>', delivery.webhook.url)

    @column("made")
    def made(self, delivery: Delivery) -> str:
        return format_html('<time data-ago datetime="{}"></time>', delivery.created_at.isoformat())

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/live/", view(require_GET(self.live)), name="webhooks_delivery_live"),
            path(
                "<int:pk>/resend/", view(require_POST(self.resend)), name="webhooks_delivery_resend"
            ),
            *super().get_urls(),
        ]

    def _delivery(self, request: HttpRequest, pk: int) -> Delivery:
        delivery = (
            self.get_queryset(request)
            .select_related("webhook__chatbot__account")
            .filter(pk=pk)
            .first()
        )
        if delivery is None:
            raise Http404("There is no such delivery.")
        return delivery

    def _context(self, delivery: Delivery) -> dict[str, Any]:
        now = database_clock.now()
        attempts = list(
            delivery.attempt_rows.select_related("delivery__event").order_by("-number")[
                :SHOWN_ATTEMPTS
            ]
        )
        waits = waiting.of(delivery, now)
        last = attempts[0] if attempts else None
        stands = standing(delivery, last, waits)
        judged = experiment.verdict(delivery, last)
        payload = b"" if attempts else bytes(delivery.event.body)
        return {
            "payload": coloured(payload),
            "payload_exact": payload.decode(),
            "payload_size": len(payload),
            "delivery": delivery,
            "webhook": delivery.webhook,
            "expected": EXPECTED.get(experiment.expected(delivery, last)),
            "verdict": judged.words if judged else "",
            # As programs write it, and as the documents do.
            "simulates": json.dumps(delivery.simulate, ensure_ascii=False),
            "stands": stands,
            "wait_seconds": stands.seconds_to_wait(now),
            "attempts": [shown(attempt) for attempt in attempts],
            # Changes whenever anything on the page would.
            "version": (
                f"{delivery.status}-{delivery.attempts}-{delivery.failures}-{len(attempts)}"
                f"-{waits.word if waits else ''}"
            ),
            # What is due goes out by itself, and what is held waits for its webhook.
            "may_resend": (
                (delivery.status in RESENDABLE or stands.may_send_now)
                and delivery.webhook.status != WebhookStatus.DELETED
            ),
        }

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        delivery = self._delivery(request, whole_number(object_id))
        context = {
            **self.admin_site.each_context(request),
            "title": str(delivery),
            "opts": self.opts,
            "original": delivery,
            **self._context(delivery),
        }
        return render(request, "webhooks/delivery.html", context)

    def live(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The part of the page that changes; nothing (204) while it has not."""
        context = self._context(self._delivery(request, pk))
        if request.GET.get("seen") == context["version"]:
            return HttpResponse(status=204)
        return render(request, "webhooks/delivery_live.html", context)

    def resend(self, request: HttpRequest, pk: int) -> HttpResponse:
        delivery = self._delivery(request, pk)
        try:
            replay.resend(delivery)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            self.log_change(request, delivery, "Resent")
        return redirect(reverse("admin:webhooks_delivery_change", args=[pk]))
