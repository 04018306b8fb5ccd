"""When a delivery that is not over is tried next, and what it waits for. Pure: knows no Django.

One word, for programs, and one sentence, for people: the dashboard, the API and the command line
say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from chatbots.counting import counted

# What is nearer is past before whoever asked can read it.
TOO_NEAR: Final = timedelta(seconds=0.1)


class WaitingFor(StrEnum):
    """What a delivery waits for. docs/api.md tells them all."""

    ANSWER = "answer"
    TURN = "turn"
    RETRY = "retry"
    RETRY_AFTER = "retry_after"
    ENDPOINT = "endpoint"
    RATE_LIMIT = "rate_limit"
    CONVERSATION = "conversation"
    WORKER = "worker"
    WEBHOOK = "webhook"
    PLAN = "plan"


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a delivery waits for; `next_at` is the first moment at which it can be tried, always
    ahead, or None where nobody can know it."""

    word: WaitingFor
    sentence: str
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that bears on a delivery that is pending or held. Moments are the database's."""

    now: datetime
    due_at: datetime
    # The number of the last attempt that was begun, and whether it is still under way.
    attempts: int = 0
    is_in_flight: bool = False
    # Failures since it was made or resent.
    failures: int = 0
    # A test is sent although its webhook is disabled.
    is_test: bool = False
    webhook_is_active: bool = True
    plan_has_webhooks: bool = True
    # The delivery that comes before it in its conversation.
    in_front: int | None = None
    # Whether a worker runs; if none does, when the last one was heard of, and what starts one.
    worker_runs: bool = True
    worker_seen_at: datetime | None = None
    starts_worker: str = ""
    # Until when its receiver asked to be left alone.
    asked_to_wait_until: datetime | None = None
    # Why it is held back ("" when it is not), and when it is tried next.
    held_reason: str = ""
    held_until: datetime | None = None
    rate_limit: int | None = None
    rate_next_at: datetime | None = None


def clock(moment: datetime, now: datetime) -> str:
    """`moment` in words, with its day if that is not today: "15:11:45 UTC"."""
    day = "" if moment.date() == now.date() else f"{moment.day} {moment:%B}, "
    return f"{day}{moment:%H:%M:%S} UTC"


def no_worker(seen_at: datetime | None, now: datetime, starts_worker: str) -> str:
    """That nothing is sent, since no worker was heard of since `seen_at`, or ever."""
    none = f"No worker was heard of since {clock(seen_at, now)}" if seen_at else "No worker runs"
    return f"{none}, so nothing is sent. Start one: {starts_worker}."


def left_alone(until: datetime, now: datetime) -> str:
    """Why nothing of a webhook is sent whose receiver asked for it."""
    return (
        f"The receiver asked, with Retry-After, to be left alone until {clock(until, now)}; "
        "nothing of this webhook is sent before."
    )


def next_attempt(facts: Facts) -> Waiting:
    """What the delivery waits for: of several things the one that ends last."""
    if facts.is_in_flight:
        return Waiting(WaitingFor.ANSWER, f"Attempt {facts.attempts} is on its way.")
    return _stopped(facts) or _before_its_time(facts) or _due(facts)


def _stopped(facts: Facts) -> Waiting | None:
    """What somebody has to end."""
    if not facts.plan_has_webhooks and not facts.is_test:
        return Waiting(
            WaitingFor.PLAN,
            "The account's plan has no webhooks. With Basic or above, this is sent.",
        )
    if not facts.webhook_is_active and not facts.is_test:
        return Waiting(WaitingFor.WEBHOOK, "The webhook is disabled. Enable it, and this is sent.")
    if facts.worker_runs:
        return None
    return Waiting(
        WaitingFor.WORKER, no_worker(facts.worker_seen_at, facts.now, facts.starts_worker)
    )


def _before_its_time(facts: Facts) -> Waiting | None:
    """What ends at a moment that is known, or with another delivery."""
    now = facts.now
    if facts.in_front is not None:
        return Waiting(
            WaitingFor.CONVERSATION,
            f"Delivery {facts.in_front} of the same conversation comes first; this webhook wants "
            "them in order.",
        )
    held_until = (facts.held_until or now) if facts.held_reason else now
    asked = facts.asked_to_wait_until or now
    rate_next_at = (facts.rate_next_at or now) if facts.rate_limit else now
    last = _ahead(max(held_until, asked, rate_next_at, facts.due_at), now)
    if asked > now and asked >= held_until:
        return Waiting(WaitingFor.RETRY_AFTER, left_alone(asked, now), last)
    if facts.held_reason and facts.due_at <= max(now, held_until):
        return Waiting(WaitingFor.ENDPOINT, facts.held_reason, last)
    if facts.due_at <= now:
        return None
    if facts.failures:
        return Waiting(
            WaitingFor.RETRY,
            f"The next attempt is due at {clock(facts.due_at, now)}.",
            _ahead(facts.due_at, now),
        )
    return Waiting(
        WaitingFor.TURN, f"It is due at {clock(facts.due_at, now)}.", _ahead(facts.due_at, now)
    )


def _due(facts: Facts) -> Waiting:
    if facts.rate_limit:
        return Waiting(
            WaitingFor.RATE_LIMIT,
            "It is due and waits its turn: this webhook gets at most "
            f"{counted(facts.rate_limit, 'delivery', 'deliveries')} a second.",
        )
    return Waiting(
        WaitingFor.TURN, "It is due: a worker takes it as soon as what came before leaves room."
    )


def _ahead(moment: datetime | None, now: datetime) -> datetime | None:
    return moment if moment and moment > now + TOO_NEAR else None
