"""Receives webhooks as somebody's own server would: keeps each request, and answers as told."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from chatbots.counting import counted
from inbox import pages
from inbox.models import MAX_BODY_BYTES, Inbox, InboxRequest
from inbox.verdict import judge, webhooks_of

# A delayed answer holds a web thread. However many come at once, others must find one free.
MOST_SLEEPERS = 4
_sleepers = threading.BoundedSemaphore(MOST_SLEEPERS)
_PRUNE_EVERY = 25


def _raw_headers(request: HttpRequest) -> list[tuple[str, str]]:
    """Every header of the request. Its names' case is lost before Django sees them."""
    return [(name, str(value)) for name, value in request.headers.items()]


def _text(status: int, sentence: str) -> HttpResponse:
    return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")


def _answer(inbox: Inbox, status: int) -> HttpResponse:
    body = "" if status == HTTPStatus.NO_CONTENT else inbox.answer_body
    response = _text(status, body)
    if status == HTTPStatus.FOUND:
        response["Location"] = f"{inbox.get_absolute_url()}?redirected=1"
    if inbox.retry_after_seconds is not None and status in {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.SERVICE_UNAVAILABLE,
    }:
        response["Retry-After"] = str(inbox.retry_after_seconds)
    return response


def _receive(request: HttpRequest, inbox: Inbox) -> HttpResponse:
    body = request.read(MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        return _text(413, "The inbox takes at most 1 MiB.")
    now = timezone.now()
    finding = judge(webhooks_of(inbox), request.headers, body, now, request.get_full_path())
    delay = inbox.answer_delay_seconds
    may_sleep = delay == 0 or _sleepers.acquire(blocking=False)
    try:
        status = inbox.answer_status if may_sleep else HTTPStatus.SERVICE_UNAVAILABLE
        row = InboxRequest.objects.create(
            inbox=inbox,
            received_at=now,
            method=(request.method or "")[:20],
            path=request.get_full_path().replace("\0", ""),
            headers=_raw_headers(request),
            body=body,
            event=finding.event,
            verdict=finding.verdict,
            verdict_sentence=finding.sentence,
            remarks=finding.remarks,
            webhook=finding.webhook,
            answered_status=status,
            answered_after=timedelta(seconds=delay if may_sleep else 0),
        )
        if row.pk % _PRUNE_EVERY == 0:
            inbox.prune()
        if not may_sleep:
            return _text(
                503,
                f"The inbox is set to answer after {counted(delay, 'second')} and lets at most "
                f"{MOST_SLEEPERS} requests wait at once. This one was one too many.",
            )
        if delay:
            time.sleep(delay)
    finally:
        if delay and may_sleep:
            _sleepers.release()
    return _answer(inbox, status)


@csrf_exempt
def page_or_receive(request: HttpRequest, token: str) -> HttpResponse:
    """A browser's GET shows the inbox; whatever else comes is received, kept and answered."""
    inbox = pages.inbox_or_404(token)
    if request.method in {"GET", "HEAD"}:
        return pages.show(request, inbox)
    return _receive(request, inbox)
