"""Recover: how much failed in a window, sending it again, and how far that has come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from chatbots.counting import counted
from webhooks import recovery
from webhooks.admin.forms import RecoverForm, add_errors
from webhooks.models import Recovery, Webhook, WebhookStatus

if TYPE_CHECKING:
    from webhooks.admin.webhooks import WebhookAdmin

# Between two looks of the page: while it is worked off, and while receivers are answering.
LOOK_SECONDS: Final = 1
LOOK_AFTERWARDS_SECONDS: Final = 3
# After the page was opened: most receivers have answered a short recovery by then. Of a short one
# the next look after each change is as soon: it is cheap, and more is likely to change.
FIRST_LOOK_MS: Final = 500
SHORT: Final = 100
SHOWN: Final = 3


@dataclass(frozen=True)
class Part:
    """A part of the bar, with its words below."""

    colour: str
    count: int
    words: str

    @property
    def shown(self) -> str:
        return f"{self.count:,}"


def count_deliveries(count: int) -> str:
    return counted(count, "delivery", "deliveries")


def recover(site: WebhookAdmin, request: HttpRequest, webhook: Webhook) -> HttpResponse:
    """The window and how much failed in it; a POST sends that again."""
    form = RecoverForm.of(webhook, request.POST or None, request.GET)
    if request.method == "POST" and form.is_valid():
        try:
            row = recovery.start(
                webhook,
                form.cleaned_data["since"],
                form.cleaned_data["until"],
                requested_by=str(request.user),
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            site.log_change(request, webhook, f"Recovered {count_deliveries(row.total)}")
            return redirect("admin:webhooks_webhook_recovery", webhook.pk, row.pk)
    return site.page(
        request,
        "webhooks/recover.html",
        webhook,
        title="Recover",
        form=form,
        **_count(webhook, form.cleaned_data if form.is_bound else form.initial),
    )


def count(site: WebhookAdmin, request: HttpRequest, webhook: Webhook) -> HttpResponse:
    """The part of the page that follows the window: how much failed in it, and the button."""
    form = RecoverForm.of(webhook, request.GET)
    form.full_clean()
    context = _count(webhook, form.cleaned_data)
    return render(request, "webhooks/recover_count.html", {"webhook": webhook, **context})


def _count(webhook: Webhook, window: Mapping[str, Any]) -> dict[str, Any]:
    if window.get("since") is None:
        return {"found": None}
    try:
        found = recovery.find(webhook, window["since"], window.get("until"))
    except ValidationError as error:
        return {"found": None, "why_not": " ".join(error.messages)}
    return {"found": found, "how_many": count_deliveries(found.total)}


def show(
    site: WebhookAdmin, request: HttpRequest, webhook: Webhook, recovery_pk: int
) -> HttpResponse:
    """How far a recovery came, and what became of what it sent again."""
    row = _recovery(webhook, recovery_pk)
    return site.page(
        request, "webhooks/recovery.html", webhook, title="Recovery", **_progress(webhook, row)
    )


def live(
    site: WebhookAdmin, request: HttpRequest, webhook: Webhook, recovery_pk: int
) -> HttpResponse:
    """The part of the page that changes; nothing (204) while it has not."""
    row = _recovery(webhook, recovery_pk)
    context = _progress(webhook, row, is_opened=False)
    if request.GET.get("seen") == context["version"]:
        return HttpResponse(status=204)
    return render(request, "webhooks/recovery_live.html", {"webhook": webhook, **context})


def latest(webhook: Webhook) -> list[dict[str, Any]]:
    """The webhook's last recoveries, for its page."""
    return [
        {"row": row, "how_many": count_deliveries(row.total)}
        for row in webhook.recoveries.order_by("-pk")[:SHOWN]
    ]


def _recovery(webhook: Webhook, pk: int) -> Recovery:
    row = Recovery.objects.filter(webhook=webhook, pk=pk).first()
    if row is None:
        raise Http404("This webhook has no such recovery.")
    return row


def _progress(webhook: Webhook, row: Recovery, *, is_opened: bool = True) -> dict[str, Any]:
    became = recovery.outcome(row)
    left = max(0, row.total - row.requeued) if row.status != "finished" else 0
    parts = [
        Part("green", became.succeeded, "succeeded"),
        Part("red", became.failed, "failed again"),
        Part("grey", became.cancelled, "cancelled"),
        Part("blue", became.in_flight, "on their way" if became.in_flight > 1 else "on its way"),
        Part("amber", became.waiting - became.in_flight, "waiting to be sent"),
        Part("left", left, "not queued" if row.status == "stopped" else "to be queued"),
    ]
    over = became.succeeded + became.failed + became.cancelled
    whole = max(1, sum(part.count for part in parts))
    look = LOOK_AFTERWARDS_SECONDS if became.waiting else None
    if row.status == "running":
        look = LOOK_SECONDS
    return {
        "recovery": row,
        "how_many": count_deliveries(row.total),
        "requeued": f"{row.requeued:,}",
        "total": f"{row.total:,}",
        "parts": [part for part in parts if part.count],
        "over_percent": 100 * over // whole,
        "is_waiting": became.waiting > 0,
        "is_held": webhook.status == WebhookStatus.DISABLED and became.waiting > 0,
        "all_succeeded": became.succeeded == row.total > 0,
        "look_seconds": look,
        "first_look_ms": FIRST_LOOK_MS if is_opened or row.total <= SHORT else None,
        # Changes whenever anything on the page would.
        "version": "-".join(
            map(str, [row.status, webhook.status, *(part.count for part in parts)])
        ),
    }


Page = Callable[..., HttpResponse]
# By the last part of their names: the addresses below the webhook's, and the pages.
PAGES: Final[dict[str, tuple[str, Page]]] = {
    "recover": ("recover", recover),
    "recover_count": ("recover/count", count),
    "recovery": ("recoveries/<int:recovery_pk>", show),
    "recovery_live": ("recoveries/<int:recovery_pk>/live", live),
}
