"""What a person can do with one webhook. What changes something is a POST; the rules are elsewhere.

Each page takes the webhook's admin, the request, and a webhook this person may see.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.cache import add_never_cache_headers
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from chatbots import events
from chatbots.counting import counted
from webhooks import given_up, sample, simulation, subscriptions
from webhooks.admin.forms import RotateForm, SimulateForm, add_errors
from webhooks.models import Webhook

if TYPE_CHECKING:
    from webhooks.admin.webhooks import WebhookAdmin

MODES = (("value", "value"), ("null", "null"), ("absent", "absent"))


def get_or_404(rows: QuerySet[Webhook], pk: int) -> Webhook:
    webhook = rows.select_related("chatbot__account", "endpoint").filter(pk=pk).first()
    if webhook is None:
        raise Http404("There is no such webhook.")
    return webhook


def _back(webhook: Webhook) -> HttpResponse:
    return redirect("admin:webhooks_webhook_change", webhook.pk)


def enable(site: WebhookAdmin, request: HttpRequest, webhook: Webhook) -> HttpResponse:
    lost = given_up.while_failing(webhook)
    try:
        released = subscriptions.enable(webhook)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return _back(webhook)
    site.log_change(request, webhook, "Enabled")
    waited = ""
    if released:
        some, are = counted(released, "delivery", "deliveries"), "is" if released == 1 else "are"
        waited = f" {some} that waited for it {are} due now."
    messages.success(request, f"The webhook is enabled.{waited}")
    if lost:
        told = '{} {} given up before. <a class="wc-link" href="{}">Recover just these</a>'
        messages.warning(request, format_html(told, lost.how_many, lost.was, lost.path))
    return _back(webhook)


def disable(site: WebhookAdmin, request: HttpRequest, webhook: Webhook) -> HttpResponse:
    try:
        subscriptions.disable(webhook, f"Disabled by {request.user} in the dashboard.")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return _back(webhook)
    site.log_change(request, webhook, "Disabled")
    messages.success(request, "The webhook is disabled. Its events wait until it is enabled.")
    return _back(webhook)


def let_go(site: WebhookAdmin, request: HttpRequest, webhook: Webhook) -> HttpResponse:
    if subscriptions.let_go(webhook):
        site.log_change(request, webhook, "Sent what was held back")
    messages.success(request, "The webhook is held back no more: what is due goes out.")
    return _back(webhook)


def delete(site: WebhookAdmin, request: HttpRequest, webhook: Webhook) -> HttpResponse:
    subscriptions.delete(webhook)
    site.log_change(request, webhook, "Deleted")
    messages.success(request, f"The webhook to {webhook.url} is deleted.")
    return redirect("admin:webhooks_webhook_changelist")


def rotate(site: WebhookAdmin, request: HttpRequest, webhook: Webhook) -> HttpResponse:
    """Rotate the secret. A new one is in the answer to the POST and nowhere else."""
    form = RotateForm(request.POST or None)
    made = ""
    done = False
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data["secret"] or None
        try:
            secret = subscriptions.rotate_secret(webhook, given)
        except ValidationError as error:
            add_errors(form, error)
        else:
            site.log_change(request, webhook, "Rotated the secret")
            done = True
            made = "" if given else secret
    response = site.page(
        request,
        "webhooks/rotate.html",
        webhook,
        title="Rotate secret",
        form=form,
        made=made,
        done=done,
    )
    add_never_cache_headers(response)
    return response


def _fields(request: HttpRequest, webhook: Webhook) -> list[dict[str, Any]]:
    """The sample's fields, each with its value and whether it is a value, null or absent."""
    posted = request.POST if request.method == "POST" else {}
    return [
        {
            "name": name,
            "value": posted.get(f"value-{name}", value),
            "mode": posted.get(f"mode-{name}", "value"),
            "modes": MODES,
        }
        for name, value in events.sample(webhook.event, webhook.chatbot).items()
    ]


def test(site: WebhookAdmin, request: HttpRequest, webhook: Webhook) -> HttpResponse:
    """Send test payload, with the fields editable."""
    form = SimulateForm(request.POST or None)
    fields = _fields(request, webhook)
    if request.method == "POST" and form.is_valid():
        data = {
            field["name"]: None if field["mode"] == "null" else field["value"]
            for field in fields
            if field["mode"] != "absent"
        }
        unset = [field["name"] for field in fields if field["mode"] == "absent"]
        try:
            delivery = sample.send_test(
                webhook,
                data=data,
                unset=unset,
                simulate=simulation.check(form.simulation()) or None,
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            return redirect("admin:webhooks_delivery_change", delivery.pk)
    return site.page(
        request, "webhooks/test.html", webhook, title="Send test payload", form=form, fields=fields
    )


PAGES: dict[str, Callable[[WebhookAdmin, HttpRequest, Webhook], HttpResponse]]
PAGES = {"rotate": rotate, "test": test}


def _posted(
    action: Callable[[WebhookAdmin, HttpRequest, Webhook], HttpResponse],
) -> Callable[[WebhookAdmin, HttpRequest, Webhook], HttpResponse]:
    def only_post(site: WebhookAdmin, request: HttpRequest, webhook: Webhook) -> HttpResponse:
        return require_POST(lambda request: action(site, request, webhook))(request)

    return only_post


PAGES |= {
    name: _posted(action)
    for name, action in {
        "enable": enable,
        "disable": disable,
        "remove": delete,
        "let_go": let_go,
    }.items()
}
