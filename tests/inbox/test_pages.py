from __future__ import annotations

from django.test import Client
from django.urls import reverse

from inbox.models import Inbox, InboxRequest
from tests.inbox.conftest import SECRET
from webhooks.models import Webhook


def receive(inbox: Inbox, body: bytes = b'{"event":"X"}') -> InboxRequest:
    Client().post(inbox.get_absolute_url(), body, content_type="application/json")
    newest = inbox.requests.first()
    assert newest is not None
    return newest


def test_the_page_needs_no_login_and_shows_what_came(inbox: Inbox, webhook: Webhook) -> None:
    receive(inbox)
    page = Client().get(inbox.get_absolute_url())
    assert page.status_code == 200
    assert b"No signature header" in page.content
    assert inbox.get_absolute_url().encode() in page.content
    assert SECRET.encode() not in page.content


def test_new_requests_come_on_top_and_nothing_comes_when_there_is_none(inbox: Inbox) -> None:
    url = reverse("inbox:requests", args=[inbox.token])
    assert Client().get(url, {"after": 0}).status_code == 204
    row = receive(inbox)
    fresh = Client().get(url, {"after": 0})
    assert f"request-{row.pk}".encode() in fresh.content
    assert f"after={row.pk}".encode() in fresh.content
    assert Client().get(url, {"after": row.pk}).status_code == 204
    assert Client().get(url, {"after": "-1; drop"}).status_code == 200


def test_a_request_is_shown_as_text_whatever_is_in_it(inbox: Inbox) -> None:
    row = receive(
        inbox, b'{"event":"<script>alert(1)</script>","x":"<img src=x onerror=alert(1)>"}'
    )
    page = Client().get(reverse("inbox:request", args=[inbox.token, row.pk])).content.decode()
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


def test_a_request_of_another_inbox_is_not_shown(inbox: Inbox) -> None:
    row = receive(inbox)
    other = Inbox.objects.create()
    assert Client().get(reverse("inbox:request", args=[other.token, row.pk])).status_code == 404


def test_the_answer_is_set_from_the_page_and_mistakes_are_said(inbox: Inbox) -> None:
    url = reverse("inbox:answer", args=[inbox.token])
    told = {"answer_status": 503, "answer_delay_seconds": 2, "retry_after_seconds": 9}
    assert Client().post(url, told | {"answer_body": "busy"}).status_code == 302
    inbox.refresh_from_db()
    assert (inbox.answer_status, inbox.answer_delay_seconds, inbox.answer_body) == (503, 2, "busy")
    wrong = Client().post(url, told | {"answer_delay_seconds": 31}, headers={"HX-Request": "true"})
    assert b"less than or equal to 30" in wrong.content
    inbox.refresh_from_db()
    assert inbox.answer_delay_seconds == 2


def test_what_changes_the_inbox_needs_the_pages_token(inbox: Inbox) -> None:
    receive(inbox)
    stranger = Client(enforce_csrf_checks=True)
    assert stranger.post(reverse("inbox:clear", args=[inbox.token])).status_code == 403
    assert stranger.post(reverse("inbox:answer", args=[inbox.token])).status_code == 403
    assert inbox.requests.count() == 1
    assert Client().post(reverse("inbox:clear", args=[inbox.token])).status_code == 302
    assert inbox.requests.count() == 0
