"""Where events that the API was asked for become rows: many requests in one transaction.

What a request is told is durable: its events, their deliveries and its Idempotency-Key are
committed before it is answered, or none of them is.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import SynchronousOnlyOperation
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.http import HttpResponse

from chatbots import later as waiting
from chatbots.group_commit import GroupCommit, NotTogether
from chatbots.models import Event
from chatbots.standing import Standing
from webhooks import outbox
from webhooks.api import idempotency, problem
from webhooks.api.idempotency import Earlier, Once
from webhooks.models import Delivery, Webhook, WebhookStatus
from webhooks.outbox import Outgoing, Sent

# What the requests in one transaction make, at most: events, or deliveries where these are more.
# The largest batch, for a chatbot with one webhook for each event, fills it.
MOST_DELIVERIES: Final = 500
# So many events are worth asking how many webhooks each of them goes to.
MANY_EVENTS: Final = 10
MOST_REMEMBERED: Final = 10_000
# How long a request waits for another one with its key that is still being worked on: together
# with others, which would wait too, and alone.
WAIT_TOGETHER_MILLISECONDS: Final = 50
WAIT_MILLISECONDS: Final = 5000


@dataclass(frozen=True, slots=True)
class Asked:
    """What one request asks for: events with their bytes made, all of them or none."""

    standing: Standing
    events: Sequence[Event]
    # The answer to it; with a key it is made inside the transaction, to be kept with the key.
    show: Callable[[Sequence[Sent]], HttpResponse]
    simulate: dict[str, Any] | None = None
    copies: int = 1
    once: Once | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """The events happened. With a key, `answer` is what was kept."""

    sent: Sequence[Sent]
    answer: HttpResponse | None = None


class Gone:
    """The key or the chatbot is not what it was when it was read: nothing happened."""


class Later:
    """Another request of the same group has the same Idempotency-Key, and goes first."""


Outcome = Taken | Earlier | Gone | Later


def take(asked: Asked) -> HttpResponse | None:
    """Make it happen, and answer; None when its standing does not hold any more.

    Raises a Problem: 422 for a key that was used with another request, 409 while the first request
    with the key is still being worked on.
    """
    outcome: Outcome = Later()
    while isinstance(outcome, Later):
        weight = _weight(asked)
        if connection.in_atomic_block or weight > MOST_DELIVERIES:
            # Whoever opened the transaction decides about its end; and what takes long goes
            # beside the others, who would wait for it.
            outcome = _patiently(_alone, asked, None)
        else:
            outcome = _patiently(_group.submit, asked, weight)
    return _answer(asked, outcome)


def later(asked: Asked, afresh: Callable[[], HttpResponse]) -> waiting.Later:
    """The same without a thread that waits; `afresh` answers where the standing does not hold, or
    something is wrong. Raises SynchronousOnlyOperation on a loop where the weight is not known."""
    weight = _weight(asked)

    async def make(in_thread: waiting.InThread) -> HttpResponse:
        try:
            outcome: Outcome = Later()
            while isinstance(outcome, Later):
                outcome = await _outcome(asked, weight, in_thread)
            try:
                answer = _answer(asked, outcome)
            except SynchronousOnlyOperation:
                answer = await in_thread(_answer, asked, outcome)
            return answer or await in_thread(afresh)
        except waiting.Busy:
            raise
        except Exception as error:  # noqa: BLE001 - as REST framework does
            return problem.handle(error, {})

    return waiting.Later(make)


async def _outcome(asked: Asked, weight: int, in_thread: waiting.InThread) -> Outcome:
    failure: BaseException | None = None
    if weight <= MOST_DELIVERIES:
        try:
            return await _group.enqueue(asked, weight)
        except NotTogether as missed:
            failure = missed.__cause__
    outcome: Outcome = await in_thread(_patiently, _alone, asked, failure)
    return outcome


def _patiently(write: Callable[..., Outcome], *args: Any) -> Outcome:
    """Write; raises the Problem of a key that was waited for in vain."""
    try:
        return write(*args)
    except OperationalError as error:
        if idempotency.is_busy(error):
            raise idempotency.busy() from None
        raise


def _answer(asked: Asked, outcome: Outcome) -> HttpResponse | None:
    if isinstance(outcome, Gone):
        return None
    if isinstance(outcome, Earlier):
        assert asked.once is not None
        return idempotency.again(asked.once, outcome)
    assert isinstance(outcome, Taken)
    _note(asked, outcome.sent)
    return outcome.answer or asked.show(outcome.sent)


def _together(group: Sequence[Asked]) -> Sequence[Outcome]:
    # One that the group before found broken, or that is too old.
    connection.close_if_unusable_or_obsolete()
    # A connection that died meanwhile shows in the writing, and all are tried again: asking the
    # server first whether it is there would be one more question for each group.
    connection.health_check_done = True  # type: ignore[attr-defined]  # The stubs lack it.
    return _write(group, WAIT_TOGETHER_MILLISECONDS)


def _alone(asked: Asked, failure: BaseException | None) -> Outcome:
    """Write it beside the others; `failure` is what the group failed of."""
    if isinstance(failure, InterfaceError | OperationalError) and not connection.in_atomic_block:
        # Where one connection died, so may this thread's own have: to find out may take as long
        # again, and the caller has waited once.
        connection.close()
    try:
        (outcome,) = _write([asked], WAIT_MILLISECONDS)
    except IntegrityError:
        # The connection broke at COMMIT, and COMMIT was done.
        if not Event.objects.filter(pk=asked.events[0].pk).exists():
            raise
        rows = Delivery.objects.filter(event__in=[event.pk for event in asked.events])
        return Taken(
            [
                Sent(*row)
                for row in rows.order_by("pk").values_list(
                    "pk", "event_id", "webhook_id", "webhook__url", "status"
                )
            ]
        )
    return outcome


def _write(group: Sequence[Asked], wait_milliseconds: int) -> list[Outcome]:
    if connection.vendor == "postgresql" and all(asked.once is None for asked in group):
        # One statement, which is its own transaction.
        return [
            Gone() if sent is None else Taken(sent)
            for sent in outbox.record([(asked.standing, _outgoing(asked)) for asked in group])
        ]
    outcomes: dict[int, Outcome] = {}
    with transaction.atomic():
        going = _claim(group, wait_milliseconds, outcomes)
        if going:
            recorded = outbox.record([(asked.standing, _outgoing(asked)) for _, asked in going])
            for (place, asked), sent in zip(going, recorded, strict=True):
                if sent is None:
                    outcomes[place] = Gone()
                elif asked.once is None:
                    outcomes[place] = Taken(sent)
                else:
                    outcomes[place] = Taken(sent, asked.show(sent))
            _settle(going, outcomes)
    return [outcomes[place] for place in range(len(group))]


def _outgoing(asked: Asked) -> list[Outgoing]:
    return [Outgoing(event, asked.simulate, asked.copies) for event in asked.events]


def _settle(going: Sequence[tuple[int, Asked]], outcomes: dict[int, Outcome]) -> None:
    """Keep the answers with their keys; give back the keys of what did not happen."""
    answers = []
    for place, asked in going:
        outcome = outcomes[place]
        if asked.once is None:
            continue
        if isinstance(outcome, Taken):
            assert outcome.answer is not None
            answers.append((asked.once, outcome.answer.status_code, outcome.answer.content))
        else:
            idempotency.leave(asked.once)
    if answers:
        idempotency.keep(answers)


def _claim(
    group: Sequence[Asked], wait_milliseconds: int, outcomes: dict[int, Outcome]
) -> list[tuple[int, Asked]]:
    """Take the keys; the requests that go on, by place. The others' outcomes are noted."""
    keys: dict[tuple[int, str], Once] = {}
    for place, asked in enumerate(group):
        if asked.once is not None:
            if asked.once.name in keys:
                outcomes[place] = Later()
            keys.setdefault(asked.once.name, asked.once)
    earlier = idempotency.claim(list(keys.values()), wait_milliseconds) if keys else {}
    for place, asked in enumerate(group):
        if asked.once is not None and asked.once.name in earlier and place not in outcomes:
            outcomes[place] = earlier[asked.once.name]
    return [(place, asked) for place, asked in enumerate(group) if place not in outcomes]


# By chatbot and event type, how many deliveries the last event made.
_fan_outs: dict[tuple[str, str], int] = {}


def _weight(asked: Asked) -> int:
    """How much a request writes, about: its events, or their deliveries where these are more."""
    chatbot_id = asked.standing.chatbot.pk
    counts = Counter(event.type for event in asked.events)
    many = len(asked.events) * asked.copies >= MANY_EVENTS
    each = sum(count * max(1, _fan_out(chatbot_id, type, many)) for type, count in counts.items())
    return each * asked.copies


def _fan_out(chatbot_id: str, event_type: str, many: bool) -> int:
    """How many deliveries an event makes; where that is not known, it is asked for `many`."""
    count = _fan_outs.get((chatbot_id, event_type))
    if count is None and many:
        webhooks = Webhook.objects.filter(chatbot=chatbot_id, event=event_type)
        try:
            count = webhooks.exclude(status=WebhookStatus.DELETED).count()
        except OperationalError:  # The writing finds out, and has another try.
            connection.close_if_unusable_or_obsolete()
    return count or 0


def _note(asked: Asked, sent: Sequence[Sent]) -> None:
    """Remember how many deliveries the events of a request made."""
    types = {event.type for event in asked.events}
    if len(types) == 1:
        if len(_fan_outs) >= MOST_REMEMBERED:
            _fan_outs.clear()
        each = len(sent) // (len(asked.events) * asked.copies)
        _fan_outs[asked.standing.chatbot.pk, types.pop()] = each


_group: Final = GroupCommit(_together, _alone, MOST_DELIVERIES)


def begin(loop: asyncio.AbstractEventLoop) -> None:
    """Have a thread of its own write for this loop, and for all threads of the process."""
    _group.begin_writer(loop, _close)


def _close() -> None:
    connection.close()  # The thread's own that calls this.


def end() -> None:
    """Write what waits; from now on whoever asks writes."""
    _group.end_writer()
