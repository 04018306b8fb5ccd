"""The probes that are due of what is held back: taking them, and giving them back unused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from webhooks import breaker
from webhooks.breaker import Change, To
from webhooks.models import Endpoint, HeldBack, Webhook
from webhooks.queue import Lane


def take(lanes: Sequence[Lane]) -> list[Lane]:
    """Take the probe of what holds each of these webhooks back; of its server and of itself, where
    both are. Returns those whose probes were taken."""
    servers = breaker.begin_probes(Endpoint, [o.endpoint_id for o in lanes if o.is_server_held])
    left = [lane for lane in lanes if not lane.is_server_held or lane.endpoint_id in servers]
    webhooks = breaker.begin_probes(Webhook, [lane.webhook_id for lane in left if lane.is_held])
    taken = [lane for lane in left if not lane.is_held or lane.webhook_id in webhooks]
    for_nothing = servers - {lane.endpoint_id for lane in taken}
    breaker.apply(Change(Endpoint, pk, To.PROBE_NOW) for pk in for_nothing)
    return taken


def give_back(lanes: Iterable[Lane]) -> None:
    """Make the probes of these webhooks due again: nothing was sent."""
    breaker.apply(Change(what, pk, To.PROBE_NOW) for lane in lanes for what, pk in _holding(lane))


def _holding(lane: Lane) -> Iterator[tuple[type[HeldBack], int]]:
    """What holds a webhook back."""
    if lane.is_server_held:
        yield Endpoint, lane.endpoint_id
    if lane.is_held:
        yield Webhook, lane.webhook_id
