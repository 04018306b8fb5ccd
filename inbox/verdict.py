"""What a receiver should make of a request: is it signed with the right secret, is it well made?"""

from __future__ import annotations

import contextlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from django.utils.encoding import iri_to_uri

from chatbots import jsonbytes
from chatbots.counting import counted
from inbox.models import Inbox, Verdict
from webhooks import diagnosis, known_secrets
from webhooks.models import Webhook, WebhookStatus
from webhooks.signing import sign
from webhooks.vault import SecretUnreadable

# How old a timestamp may be before a careful receiver refuses it (Stripe and Standard Webhooks
# take five minutes).
TOLERANCE_SECONDS = 300
# Of CPU. Anybody may send to an inbox, and whoever sends waits for the answer.
DIAGNOSIS_SECONDS = 0.05
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass
class Finding:
    """A verdict, in a word, a sentence, and remarks on everything beside the signature."""

    verdict: Verdict
    sentence: str
    webhook: Webhook | None = None
    event: str = ""
    remarks: list[str] = field(default_factory=list)


def webhooks_of(inbox: Inbox) -> list[Webhook]:
    """The webhooks that lead to this inbox, whatever name its host is called by."""
    path = inbox.get_absolute_url()
    return [
        webhook
        for webhook in Webhook.objects.filter(url__contains=path).exclude(
            status=WebhookStatus.DELETED
        )
        if urlsplit(webhook.url).path.rstrip("/") == path
    ]


def _fitting(webhooks: Sequence[Webhook], body: bytes, signature: str) -> Webhook | None:
    """The webhook whose secret made `signature`. Takes the same time whichever it is."""
    found = None
    for webhook in webhooks:
        try:
            expected = sign(webhook.secret, body)
        except SecretUnreadable:
            continue
        if hmac.compare_digest(expected.encode(), signature.encode()) and found is None:
            found = webhook
    return found


def _diagnosis(
    webhooks: Sequence[Webhook], headers: Mapping[str, str], body: bytes, signature: str
) -> list[str]:
    """How the wrong signature was made, or what was not tried; of the first secret there is."""
    for webhook in webhooks:
        with contextlib.suppress(SecretUnreadable):
            return _diagnosis_of(webhook, webhook.secret, webhooks, headers, body, signature)
    return []


def _diagnosis_of(
    webhook: Webhook,
    secret: str,
    webhooks: Sequence[Webhook],
    headers: Mapping[str, str],
    body: bytes,
    signature: str,
) -> list[str]:
    found = diagnosis.diagnose(
        secret,
        body,
        signature,
        timestamp=headers.get("X-Wonderchat-Timestamp", ""),
        message_id=headers.get("webhook-id", ""),
        url=webhook.url,
        known=known_secrets.of_webhooks(webhooks),
        budget=diagnosis.Budget(DIAGNOSIS_SECONDS),
    )
    if found.matches:
        return ["The signature fits this JSON in its compact form; these bytes are other ones."]
    return [found.diagnosis]


def _body_remarks(body: bytes) -> tuple[str, list[str]]:
    """The event a body names, and what is wrong with the body."""
    try:
        value = jsonbytes.decode(body)
        again = jsonbytes.encode(value)
    except jsonbytes.NotExact as error:
        return "", [f"The body cannot be checked by re-serialising it: {error.sentence}"]
    remarks = []
    if again != body:
        remarks.append(
            "JSON.stringify(JSON.parse(body)) gives other bytes than these, so a receiver that "
            "checks the signature over the parsed body would refuse it."
        )
    event = value.get("event") if isinstance(value, dict) else None
    if not isinstance(event, str):
        remarks.append('The body has no "event".')
        event = ""
    return event.replace("\0", "")[:60], remarks


def _timestamp_remarks(text: str | None, now: datetime) -> list[str]:
    if not text:
        return ["There is no X-Wonderchat-Timestamp header."]
    try:
        moment = datetime.fromisoformat(text) if _ISO.fullmatch(text) else None
    except ValueError:
        moment = None
    if moment is None:
        return ["X-Wonderchat-Timestamp is not ISO 8601 in UTC with milliseconds and Z."]
    off = round((moment - now).total_seconds())
    if abs(off) <= TOLERANCE_SECONDS:
        return []
    where = "ahead of" if off > 0 else "behind"
    sentence = (
        f"X-Wonderchat-Timestamp is {counted(abs(off), 'second')} {where} the clock; "
        f"a receiver that allows {TOLERANCE_SECONDS} would refuse it."
    )
    return [sentence]


def _called_first(webhooks: Sequence[Webhook], path: str) -> list[Webhook]:
    """Those whose URL has just this path and query first: the others share the inbox alone."""

    def is_other(webhook: Webhook) -> bool:
        parts = urlsplit(webhook.url)
        query = f"?{parts.query}" if parts.query else ""
        return iri_to_uri(f"{parts.path}{query}") != path

    return sorted(webhooks, key=is_other)


def judge(
    webhooks: Sequence[Webhook],
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    path: str = "",
) -> Finding:
    """Judge one request to an inbox that `webhooks` lead to. Takes headers with any case; `path`
    is what was asked for, with its query."""
    webhooks = _called_first(webhooks, path)
    event, remarks = _body_remarks(body)
    remarks += _timestamp_remarks(headers.get("X-Wonderchat-Timestamp"), now)
    content_type = headers.get("Content-Type", "")
    if content_type.split(";")[0].strip().lower() != "application/json":
        remarks.append(f"The content type is {content_type or 'missing'}, not application/json.")

    def finding(verdict: Verdict, sentence: str, webhook: Webhook | None = None) -> Finding:
        return Finding(verdict, sentence, webhook, event, remarks)

    signature = headers.get("X-Wonderchat-Signature")
    if not webhooks:
        return finding(
            Verdict.NO_WEBHOOK,
            "No webhook leads to this inbox, so there is no secret to check against. Add one with "
            "this page's URL.",
        )
    if not signature:
        return finding(
            Verdict.MISSING,
            "There is no X-Wonderchat-Signature header, so nobody can tell who sent this.",
        )
    of_event = [webhook for webhook in webhooks if webhook.event == event]
    webhook = _fitting(of_event or webhooks, body, signature)
    if not of_event and event:
        remarks.append(f"No webhook that leads here is for the event {event}.")
    if webhook:
        return finding(
            Verdict.VALID,
            "The signature is the HMAC-SHA256 of exactly these bytes with the webhook's secret.",
            webhook,
        )
    remarks += _diagnosis(of_event or webhooks, headers, body, signature)
    if not _HEX.fullmatch(signature):
        return finding(
            Verdict.WRONG,
            "The signature is not 64 lower-case hexadecimal digits, as HMAC-SHA256 in hex is.",
        )
    return finding(
        Verdict.WRONG,
        "The signature was not made from these bytes with the webhook's secret. A receiver must "
        "refuse this request.",
    )
