"""Accounts with their members, and the keys of the REST API."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from chatbots.admin.column import column
from chatbots.admin.scope import OwnInline, ScopedAdmin
from chatbots.membership import accounts_of, is_operator
from chatbots.models import Account, ApiKey, Membership


class MembersInline(OwnInline):
    """The people of an account. Operators choose them; members see them."""

    model = Membership
    extra = 0
    ordering = ("id",)
    per_page = 50
    autocomplete_fields = ("user",)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_operator(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_operator(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_operator(request.user)


@admin.register(Account)
class AccountAdmin(ScopedAdmin):
    change_form_before_template = "admin/account_tools.html"
    account_path = "pk"
    list_display = ("name", "plan_label", "webhooks_included", "created_at")
    search_fields = ("name",)
    inlines = (MembersInline,)
    fields = ("name", "plan", "webhooks_included", "created_at")
    readonly_fields = ("webhooks_included", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_operator(request.user)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        own = [] if is_operator(request.user) else ["plan"]
        return [*self.readonly_fields, *own]

    @column("plan", ordering="plan", label={"Free": "warning", "Lite": "warning"})
    def plan_label(self, account: Account) -> str:
        return account.get_plan_display()

    @column("webhooks", boolean=True)
    def webhooks_included(self, account: Account) -> bool:
        return account.has_webhooks


class NewKeyForm(forms.Form):
    """A name for a new key, and whose it is."""

    account = forms.ModelChoiceField(
        queryset=Account.objects.none(), widget=UnfoldAdminSelectWidget, empty_label=None
    )
    name = forms.CharField(
        max_length=80,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "Where it is used"}),
        help_text="So that you know later which key to revoke.",
    )

    def __init__(self, accounts: QuerySet[Account], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["account"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset = accounts
        if accounts.count() == 1:
            choice.initial = accounts.first()
            choice.widget = choice.hidden_widget()


@admin.register(ApiKey)
class ApiKeyAdmin(ScopedAdmin):
    """Keys are made, shown once, and revoked; never changed, and never shown again."""

    may_change = False
    list_display = ("name", "shown_prefix", "account", "state", "created_at", "revoke_button")
    list_display_links = None
    list_select_related = ("account",)
    search_fields = ("name", "prefix")
    list_before_template = "admin/one_post_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).order_by("revoked_at", "-id")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path(
                "<int:pk>/revoke/", view(require_POST(self.revoke)), name="chatbots_apikey_revoke"
            ),
            *super().get_urls(),
        ]

    @column("key")
    def shown_prefix(self, key: ApiKey) -> str:
        return format_html("<code>{}…</code>", key.prefix)

    @column("state", label={"active": "success", "revoked": "danger"})
    def state(self, key: ApiKey) -> str:
        return "revoked" if key.revoked_at else "active"

    @column("")
    def revoke_button(self, key: ApiKey) -> str:
        if key.revoked_at:
            return format_html('<time data-ago datetime="{}"></time>', key.revoked_at.isoformat())
        return format_html(
            '<button type="button" class="wc-button wc-small wc-danger-quiet" data-post="{}" '
            'data-confirm="Revoke {}? Programs that use it get 401 from then on.">Revoke</button>',
            reverse("admin:chatbots_apikey_revoke", args=[key.pk]),
            key.name,
        )

    def revoke(self, request: HttpRequest, pk: int) -> HttpResponse:
        key = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self._is_allowed(request, key):
            raise PermissionDenied
        if not key.revoked_at:
            key.revoke()
            self.log_change(request, key, "Revoked")
        messages.success(request, f"{key} is revoked.")
        return redirect("admin:chatbots_apikey_changelist")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Make a key. It is in the answer to the POST and nowhere else."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = NewKeyForm(accounts_of(request.user), request.POST or None)
        key = ""
        if request.method == "POST" and form.is_valid():
            row, key = ApiKey.issue(form.cleaned_data["account"], form.cleaned_data["name"])
            self.log_addition(request, row, "Made")
        context = {
            **self.admin_site.each_context(request),
            "title": "Add API key",
            "opts": self.opts,
            "form": form,
            "key": key,
            "example_url": request.build_absolute_uri("/api/v1/webhooks"),
        }
        return never_cache(render)(request, "admin/add_api_key.html", context)
