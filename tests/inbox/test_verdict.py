from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils.encoding import iri_to_uri

from chatbots.models import Chatbot, EventType
from chatbots.timestamp import iso
from inbox.models import Inbox, InboxRequest, Verdict
from inbox.verdict import Finding, judge, webhooks_of
from tests.inbox.conftest import SECRET
from webhooks import subscriptions
from webhooks.models import Webhook
from webhooks.signing import sign

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
BODY = '{"event":"USER_MESSAGE_SENT","timestamp":"2026-01-02T03:04:05.000Z","data":{"a":"Zoë"}}'


def judged(webhook: Webhook | None, body: bytes = BODY.encode(), **changed: str) -> Finding:
    headers = {
        "Content-Type": "application/json",
        "X-Wonderchat-Signature": sign(SECRET, body),
        "X-Wonderchat-Timestamp": iso(NOW),
    }
    headers |= {name.replace("_", "-"): value for name, value in changed.items()}
    return judge([webhook] if webhook else [], headers, body, NOW)


def test_a_right_signature_is_valid_and_leaves_nothing_to_remark(webhook: Webhook) -> None:
    found = judged(webhook)
    assert (found.verdict, found.webhook, found.remarks) == (Verdict.VALID, webhook, [])
    assert found.event == "USER_MESSAGE_SENT"


def test_a_changed_byte_makes_the_signature_wrong(webhook: Webhook) -> None:
    found = judged(
        webhook, BODY.encode() + b" ", X_Wonderchat_Signature=sign(SECRET, BODY.encode())
    )
    assert found.verdict == Verdict.WRONG


def test_upper_case_hex_is_wrong_and_the_sentence_says_why(webhook: Webhook) -> None:
    found = judged(webhook, X_Wonderchat_Signature=sign(SECRET, BODY.encode()).upper())
    assert found.verdict == Verdict.WRONG
    assert "lower-case" in found.sentence


def test_a_request_without_signature_is_told_apart(webhook: Webhook) -> None:
    assert judged(webhook, X_Wonderchat_Signature="").verdict == Verdict.MISSING


def test_without_a_webhook_there_is_nothing_to_check_against() -> None:
    assert judged(None).verdict == Verdict.NO_WEBHOOK


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"X_Wonderchat_Timestamp": iso(NOW - timedelta(seconds=600))},
            "600 seconds behind",
        ),
        ({"X_Wonderchat_Timestamp": iso(NOW + timedelta(hours=1))}, "3,600 seconds ahead"),
        ({"X_Wonderchat_Timestamp": "2026-01-02T03:04:05Z"}, "not ISO 8601"),
        ({"X_Wonderchat_Timestamp": "2026-13-45T03:04:05.000Z"}, "not ISO 8601"),
        ({"X_Wonderchat_Timestamp": ""}, "no X-Wonderchat-Timestamp"),
        ({"Content_Type": "text/plain"}, "text/plain, not application/json"),
    ],
)
def test_what_else_is_odd_is_remarked(webhook: Webhook, changed: dict[str, str], said: str) -> None:
    found = judged(webhook, BODY.encode(), **changed)
    assert found.verdict == Verdict.VALID
    assert any(said in remark for remark in found.remarks)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"event": "USER_MESSAGE_SENT"}', "JSON.stringify"),
        (b'{"event":"USER_MESSAGE_SENT","data":{"n":1.0}}', "JSON.stringify"),
        (b"hello", "not JSON"),
        (b"\xff", "not UTF-8"),
        (b"[]", 'no "event"'),
        (b'{"event":"SOMETHING_NEW"}', "No webhook that leads here is for the event SOMETHING_NEW"),
    ],
)
def test_a_body_that_javascript_would_change_is_remarked(
    webhook: Webhook, body: bytes, said: str
) -> None:
    found = judged(webhook, body)
    assert found.verdict == Verdict.VALID
    assert any(said in remark for remark in found.remarks)


def test_only_the_secret_of_the_events_own_webhook_counts(
    webhook: Webhook, inbox: Inbox, chatbot: Chatbot
) -> None:
    other, _ = subscriptions.create(
        chatbot, url=webhook.url, event=EventType.HUMAN_HANDOVER, secret="another secret"
    )
    headers = {"X-Wonderchat-Signature": sign("another secret", BODY.encode())}
    assert judge([webhook, other], headers, BODY.encode(), NOW).verdict == Verdict.WRONG


def test_webhooks_of_an_inbox_are_those_whose_path_it_is(
    webhook: Webhook, inbox: Inbox, chatbot: Chatbot
) -> None:
    subscriptions.create(
        chatbot, url=webhook.url + "/elsewhere", event=EventType.USER_MESSAGE_SENT, secret="s"
    )
    gone, _ = subscriptions.create(
        chatbot, url=webhook.url, event=EventType.HUMAN_HANDOVER, secret="s"
    )
    subscriptions.delete(gone)
    assert webhooks_of(inbox) == [webhook]


@pytest.mark.parametrize(
    ("signed", "secret", "words"),
    [
        (BODY, f"{SECRET}\n", "the secret with a line break at its end"),
        (json.dumps(json.loads(BODY)), SECRET, "json.dumps (Python)"),
    ],
)
def test_how_a_wrong_signature_was_made_is_told(
    webhook: Webhook, signed: str, secret: str, words: str
) -> None:
    found = judged(webhook, X_Wonderchat_Signature=sign(secret, signed.encode()))
    assert found.verdict == Verdict.WRONG
    assert any(words in remark for remark in found.remarks)


def test_bytes_that_were_changed_on_the_way_are_told(webhook: Webhook) -> None:
    changed = json.dumps(json.loads(BODY), indent=2).encode()
    found = judged(webhook, changed, X_Wonderchat_Signature=sign(SECRET, BODY.encode()))
    assert found.verdict == Verdict.WRONG
    assert any("compact form" in remark for remark in found.remarks)


def test_a_signature_that_nothing_explains_is_told_too(webhook: Webhook) -> None:
    found = judged(webhook, X_Wonderchat_Signature="ab" * 32)
    assert found.verdict == Verdict.WRONG
    assert any("It has the right form, but no" in remark for remark in found.remarks)


def test_what_there_was_no_time_for_is_told(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inbox.verdict.DIAGNOSIS_SECONDS", 0)
    found = judged(webhook, X_Wonderchat_Signature="ab" * 32)
    told = [remark for remark in found.remarks if "Not tried, to keep it short:" in remark]
    assert told
    assert "no usual mistake" not in told[0]


@pytest.mark.parametrize("query", ["?tenant=2", "?tenant=2&name=Zo%C3%AB", "?tenant=ë", "?a=[b]"])
def test_the_secret_is_that_of_the_webhook_whose_url_was_called(
    webhook: Webhook, inbox: Inbox, chatbot: Chatbot, query: str, client: Client
) -> None:
    subscriptions.create(
        chatbot,
        url=f"http://127.0.0.1:8000{inbox.get_absolute_url()}{query}",
        event=EventType.USER_MESSAGE_SENT,
        secret="another secret",
    )
    for called, secret in ((query, "another secret"), ("", SECRET)):
        client.generic(
            "POST",
            inbox.get_absolute_url() + iri_to_uri(called),
            BODY,
            "application/json",
            headers={"X-Wonderchat-Signature": sign(f"{secret}\n", BODY.encode())},
        )
        remarks = InboxRequest.objects.latest("id").remarks
        assert any("uses the secret with a line break" in remark for remark in remarks)
        assert not any("another webhook" in remark for remark in remarks)
        client.generic(
            "POST",
            inbox.get_absolute_url() + iri_to_uri(called),
            BODY,
            "application/json",
            headers={"X-Wonderchat-Signature": sign(secret, BODY.encode() + b"\n")},
        )
        remarks = InboxRequest.objects.latest("id").remarks
        assert any("signs the body with a line break at its end" in one for one in remarks)
        assert not any("uses the secret" in remark for remark in remarks)
