"""What a person sees of an inbox: the list that fills by itself, each request, the controls.

The token is the key: whoever has the page's address may look, without logging in.
"""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.csrf import csrf_protect, ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from chatbots.whole_number import whole_number
from inbox.models import MAX_DELAY_SECONDS, AnswerStatus, Inbox, InboxRequest, Verdict
from inbox.verdict import webhooks_of
from webhooks.coloured_json import coloured

SHOWN = 50
COLOUR_OF = {
    Verdict.VALID: "green",
    Verdict.WRONG: "red",
    Verdict.MISSING: "red",
    Verdict.NO_WEBHOOK: "amber",
}


class AnswerForm(forms.ModelForm):
    """How the inbox shall answer from now on."""

    answer_status = forms.TypedChoiceField(
        label="Answer", choices=AnswerStatus, coerce=int, widget=UnfoldAdminSelectWidget
    )
    answer_delay_seconds = forms.IntegerField(
        label="after (seconds)",
        min_value=0,
        max_value=MAX_DELAY_SECONDS,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    retry_after_seconds = forms.IntegerField(
        label="Retry-After (seconds)",
        min_value=0,
        max_value=86_400,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget(attrs={"placeholder": "none"}),
    )
    answer_body = forms.CharField(
        label="Body", max_length=2000, required=False, widget=UnfoldAdminTextInputWidget
    )

    class Meta:
        model = Inbox
        fields = (
            "answer_status",
            "answer_delay_seconds",
            "retry_after_seconds",
            "answer_body",
        )


def inbox_or_404(token: str) -> Inbox:
    """The inbox of `token`; there are none outside the sandbox."""
    if not settings.SANDBOX:
        raise Http404("There is no inbox outside the sandbox.")
    return get_object_or_404(Inbox, token=token)


def _newest(inbox: Inbox) -> QuerySet[InboxRequest]:
    return inbox.requests.defer("body", "headers", "remarks")


def _rows(requests: list[InboxRequest]) -> list[dict[str, Any]]:
    return [{"request": row, "colour": COLOUR_OF[Verdict(row.verdict)]} for row in requests]


@ensure_csrf_cookie
def show(request: HttpRequest, inbox: Inbox) -> HttpResponse:
    """The page."""
    rows = list(_newest(inbox)[:SHOWN])
    context = admin.site.each_context(request)
    if not context.get("has_permission"):
        context["is_nav_sidebar_enabled"] = False
    context |= {
        "title": "Inbox",
        "inbox": inbox,
        "inbox_url": request.build_absolute_uri(inbox.get_absolute_url()),
        "rows": _rows(rows),
        "newest": rows[0].pk if rows else 0,
        "total": inbox.requests.count(),
        "webhooks": webhooks_of(inbox),
        "form": AnswerForm(instance=inbox),
    }
    return render(request, "inbox/page.html", context)


@require_GET
def new_requests(request: HttpRequest, token: str) -> HttpResponse:
    """The rows that came after `after`, to be put on top; nothing (204) when there are none."""
    inbox = inbox_or_404(token)
    after = whole_number(request.GET.get("after", ""))
    rows = list(_newest(inbox).filter(id__gt=after)[:SHOWN])
    if not rows:
        return HttpResponse(status=204)
    context = {
        "inbox": inbox,
        "rows": _rows(rows),
        "newest": rows[0].pk,
        "total": inbox.requests.count(),
        "live": True,
    }
    return render(request, "inbox/rows.html", context)


@require_GET
def request_detail(request: HttpRequest, token: str, pk: int) -> HttpResponse:
    """One request: its headers and its body, to the byte."""
    inbox = inbox_or_404(token)
    row = get_object_or_404(inbox.requests.select_related("webhook"), pk=pk)
    body = bytes(row.body)
    text = body.decode("utf-8", "backslashreplace")
    context = {
        "row": row,
        "colour": COLOUR_OF[Verdict(row.verdict)],
        "size": len(body),
        "pretty": coloured(body),
        "exact": text,
        "head": "\n".join(f"{name}: {value}" for name, value in row.headers),
        "headers_json": json.dumps(dict(row.headers), ensure_ascii=False, indent=2),
    }
    return render(request, "inbox/request.html", context)


@require_POST
@csrf_protect
def set_answer(request: HttpRequest, token: str) -> HttpResponse:
    inbox = inbox_or_404(token)
    form = AnswerForm(request.POST, instance=inbox)
    if form.is_valid():
        form.save()
        form = AnswerForm(instance=inbox)
        saved = True
    else:
        saved = False
    if request.headers.get("HX-Request"):
        return render(request, "inbox/answer.html", {"inbox": inbox, "form": form, "saved": saved})
    return redirect(inbox)


@require_POST
@csrf_protect
def clear(request: HttpRequest, token: str) -> HttpResponse:
    inbox = inbox_or_404(token)
    inbox.requests.all().delete()
    return redirect(inbox)
