"""Webhooks → Connect & Manage: the list, and a page for each webhook."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter

from chatbots import database_clock
from chatbots.admin.column import column
from chatbots.admin.scope import ScopedAdmin, ScopedFilter
from chatbots.membership import chatbots_of
from webhooks import given_up, subscriptions, waiting
from webhooks.admin import recover, webhook_actions
from webhooks.admin.forms import AddWebhookForm, ChangeWebhookForm, add_errors
from webhooks.delivery_words import labelled
from webhooks.last_error import with_last_error
from webhooks.models import Webhook, WebhookStatus

RECENT = 15


class StatusFilter(DropdownFilter):
    """Deleted webhooks are kept for their log, and shown only when they are asked for."""

    title = "status"
    parameter_name = "status"
    all_option = ("", "Active and disabled")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("active", "Active"),
            ("failing", "Failing"),
            ("disabled", "Disabled"),
            ("deleted", "Deleted"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> QuerySet[Webhook]:
        match self.value():
            case "failing":
                return queryset.filter(status=WebhookStatus.ACTIVE, failing_since__isnull=False)
            case "active" | "disabled" | "deleted" as status:
                return queryset.filter(status=status)
            case _:
                return queryset.exclude(status=WebhookStatus.DELETED)


def condition(webhook: Webhook) -> tuple[str, str]:
    """A webhook's state for its label: colour and word."""
    if webhook.status == WebhookStatus.DELETED:
        return "grey", "Deleted"
    if not webhook.account.has_webhooks:
        return "amber", "Not in the plan"
    if webhook.status == WebhookStatus.DISABLED:
        return "amber", "Disabled"
    return ("red", "Failing") if webhook.failing_since else ("green", "Active")


@admin.register(Webhook)
class WebhookAdmin(ScopedAdmin):
    list_before_template = "admin/plan_notices.html"
    account_path = "chatbot__account"
    list_display = ("where", "event", "state", "last_success", "test_button")
    list_filter = (StatusFilter, ("event", ChoicesDropdownFilter), ("chatbot", ScopedFilter))
    list_select_related = ("chatbot__account",)
    search_fields = ("url", "description")
    search_help_text = "Search by URL or description"
    # The total would count the deleted ones, which the list leaves out.
    show_full_result_count = False

    def get_urls(self) -> list[URLPattern]:
        def page(name: str, view: Any, address: str = "") -> URLPattern:
            def scoped(request: HttpRequest, pk: int, **more: int) -> HttpResponse:
                webhook = self.webhook_or_404(request, pk)
                return view(self, request, webhook, **more)  # type: ignore[no-any-return]

            made: URLPattern = path(
                f"<int:pk>/{address or name}/",
                self.admin_site.admin_view(scoped),
                name=f"webhooks_webhook_{name}",
            )
            return made

        own = [page(name, view) for name, view in webhook_actions.PAGES.items()]
        own += [page(name, view, address) for name, (address, view) in recover.PAGES.items()]
        return [page("edit", WebhookAdmin.edit), *own, *super().get_urls()]

    def webhook_or_404(self, request: HttpRequest, pk: int) -> Webhook:
        return webhook_actions.get_or_404(self.get_queryset(request), pk)

    @column("webhook", ordering="url")
    def where(self, webhook: Webhook) -> str:
        about = " · ".join(filter(None, [webhook.chatbot.name, webhook.description]))
        return format_html(
            '<span class="wc-url">{}</span><span class="wc-under">{}</span>', webhook.url, about
        )

    @column("state")
    def state(self, webhook: Webhook) -> str:
        colour, word = condition(webhook)
        return format_html('<span class="wc-label wc-{}">{}</span>', colour, word)

    @column("last success", ordering="last_success_at")
    def last_success(self, webhook: Webhook) -> str:
        if webhook.last_success_at is None:
            return "none yet"
        return format_html(
            '<time data-ago datetime="{}"></time>', webhook.last_success_at.isoformat()
        )

    @column("")
    def test_button(self, webhook: Webhook) -> str:
        if webhook.status == WebhookStatus.DELETED:
            return ""
        return format_html(
            '<a class="wc-button wc-small" href="{}">Send test</a>',
            reverse("admin:webhooks_webhook_test", args=[webhook.pk]),
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        found: HttpResponse = super().changelist_view(
            request, {"title": "Connect & Manage", **(extra_context or {})}
        )
        return found

    def page(
        self, request: HttpRequest, template: str, webhook: Webhook | None, **context: Any
    ) -> HttpResponse:
        """Render a page of this webhook (or of none) in the dashboard's frame."""
        colour, word = condition(webhook) if webhook else ("", "")
        return render(
            request,
            template,
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "original": webhook,
                "webhook": webhook,
                "colour": colour,
                "word": word,
                **context,
            },
        )

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Add Webhook."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        chatbots = chatbots_of(request.user).select_related("account")
        form = AddWebhookForm(chatbots, request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                webhook, _ = subscriptions.create(**form.cleaned_data)
            except ValidationError as error:
                add_errors(form, error)
            else:
                self.log_addition(request, webhook, "Added")
                messages.success(
                    request, "The webhook is connected. Send a test payload to see it work."
                )
                return redirect("admin:webhooks_webhook_change", webhook.pk)
        return self.page(
            request,
            "webhooks/add.html",
            None,
            title="Add Webhook",
            form=form,
            secret_is_gone=request.method == "POST" and bool(request.POST.get("secret")),
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """How the webhook does, and what can be done with it."""
        webhook = self.get_object(request, object_id)
        if webhook is None:
            raise Http404(f"There is no such {self.opts.verbose_name}.")
        now, last = database_clock.now(), webhook.last_failure_at
        recent = with_last_error(
            webhook.deliveries.select_related("event", "webhook__endpoint")
            .defer("event__body")
            .order_by("-id")
        )[:RECENT]
        return self.page(
            request,
            "webhooks/webhook.html",
            webhook,
            title=webhook.url,
            recent=labelled(recent),
            held=webhook.deliveries.filter(status="held").count(),
            kept_days=settings.EVENT_RETENTION_DAYS,
            recoveries=recover.latest(webhook),
            held_back=waiting.held_back(webhook, now),
            # That one failed a moment ago need not be said.
            quiet_since=last if last and now - last > timedelta(hours=1) else None,
            given_up=given_up.while_failing(webhook),
        )

    def edit(self, request: HttpRequest, webhook: Webhook) -> HttpResponse:
        """Change what may be changed."""
        if webhook.status == WebhookStatus.DELETED:
            return redirect("admin:webhooks_webhook_change", webhook.pk)
        form = ChangeWebhookForm.of(webhook, request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                subscriptions.update(webhook, **form.cleaned_data)
            except ValidationError as error:
                add_errors(form, error)
            else:
                self.log_change(request, webhook, "Changed")
                messages.success(request, "Saved.")
                return redirect("admin:webhooks_webhook_change", webhook.pk)
        waits = webhook.deliveries.filter(status__in=waiting.NOT_OVER).count()
        return self.page(
            request, "webhooks/edit.html", webhook, title="Edit", form=form, waits=waits
        )
