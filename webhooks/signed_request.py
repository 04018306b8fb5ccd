"""The POST of one attempt: where it goes, and its headers, signed."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError

from chatbots.timestamp import iso
from webhooks import destination, rotation, signing, simulation, vault
from webhooks.address_policy import AddressPolicy
from webhooks.destination import Destination
from webhooks.models import ErrorKind
from webhooks.queue import Claimed
from webhooks.transfer import Request


@dataclass(slots=True)
class Sent:
    """A delivery that was handed to the transport."""

    claimed: Claimed
    started_at: datetime


class NotSent(Exception):
    """A delivery that cannot leave as it is: the class of the failure, and a sentence."""

    def __init__(self, kind: ErrorKind, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind


@dataclass(slots=True)
class Way:
    """What the requests to one webhook have in common."""

    destination: Destination
    policy: AddressPolicy
    secret: str
    agent: str


class Ways:
    """The ways to the webhooks of one claim, each found once, under the settings of that moment."""

    def __init__(self) -> None:
        self._policy = destination.present_policy()
        self._agent = f"Wonderchat-Webhooks/{settings.VERSION}"
        self._destinations: dict[str, Destination] = {}
        self._ways: dict[int, Way | NotSent] = {}

    def to_webhook_of(self, claimed: Claimed) -> Way:
        """The way to the webhook of a delivery. Raises NotSent when there is none now."""
        way = self._ways.get(claimed.webhook_id)
        if way is None:
            try:
                way = self._find(claimed)
            except NotSent as problem:
                way = problem
            self._ways[claimed.webhook_id] = way
        if isinstance(way, NotSent):
            raise way.with_traceback(None)
        return way

    def _find(self, claimed: Claimed) -> Way:
        where = self._destinations.get(claimed.url)
        if where is None:
            where = self._destinations[claimed.url] = allowed_destination(claimed.url)
        try:
            secret = vault.decrypt(claimed.encrypted_secret, claimed.webhook_id)
        except vault.SecretUnreadable as error:
            raise NotSent(ErrorKind.INTERNAL, str(error)) from None
        return Way(where, self._policy, secret, self._agent)


def allowed_destination(url: str) -> Destination:
    """Where a URL leads. Raises NotSent when the present settings do not let anything go there."""
    try:
        where = destination.parse(url)
    except ValidationError as error:
        raise NotSent(ErrorKind.REFUSED_ADDRESS, error.messages[0]) from None
    refusal = destination.refusal(where)
    if refusal:
        raise NotSent(ErrorKind.REFUSED_ADDRESS, refusal)
    return where


def request_for(sent: Sent, ways: Ways) -> Request:
    """The POST of one attempt, signed. Raises NotSent when it must not or cannot be made."""
    way = ways.to_webhook_of(sent.claimed)
    headers = headers_for(sent, way)
    return Request(sent, way.destination, headers, sent.claimed.body, way.policy)


def headers_for(sent: Sent, way: Way) -> list[tuple[str, str]]:
    """Wonderchat's headers for one attempt, and those of Standard Webhooks where asked for."""
    claimed, moment = sent.claimed, sent.started_at
    signature = signing.sign(way.secret, claimed.body)
    if claimed.simulate:
        moment = simulation.timestamp(claimed.simulate, moment)
        signature = simulation.signature(claimed.simulate, signature)
    headers = [
        ("User-Agent", way.agent),
        ("Accept", "*/*"),
        ("Content-Type", "application/json"),
        ("X-Wonderchat-Signature", signature),
        ("X-Wonderchat-Timestamp", iso(moment)),
    ]
    if claimed.standard_headers:
        headers += standard_headers_for(sent, way, moment)
    return headers


def standard_headers_for(sent: Sent, way: Way, moment: datetime) -> list[tuple[str, str]]:
    """The headers of Standard Webhooks 1.0, signed with each secret that has not ended."""
    claimed, secrets = sent.claimed, [way.secret]
    for token, _ in rotation.still_signing(claimed.previous_secrets or (), sent.started_at):
        # The receiver may know the new secret already: no reason to send nothing.
        with contextlib.suppress(vault.SecretUnreadable):
            secrets.append(vault.decrypt(token, claimed.webhook_id))
    seconds = int(moment.timestamp())
    body = claimed.body
    if claimed.simulate and claimed.simulate.get("badSignature"):
        body = body + b" "  # Signs something else than what is sent.
    signature = signing.standard_signature(secrets, claimed.event_id, seconds, body)
    return [
        ("webhook-id", claimed.event_id),
        ("webhook-timestamp", str(seconds)),
        ("webhook-signature", signature),
    ]
