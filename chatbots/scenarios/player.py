"""Plays a scenario on a stage: in time, every visitor's steps in order, many visitors mixed.

The stage is where it happens: the emitter itself (stage.py), or one over its REST API (the command
line). The player knows neither, and it knows no clock but the one it is given.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from chatbots.scenarios.script import NUMBER, Act, Scenario, Step


@dataclass
class Visitor:
    """One who plays the scenario; `chatlog_id` is empty until they have said something."""

    number: int
    channel: str
    name: str = ""
    email: str = ""
    phone_number: str = ""
    chatlog_id: str = ""


@dataclass(frozen=True)
class Outcome:
    """What a step led to.

    `said` is the chatbot's answer, where there is one. `events` are the types of those fired.
    `reason` says why there is none, or why the step was refused.
    """

    said: str = ""
    events: tuple[str, ...] = ()
    reason: str = ""


class Stage(Protocol):
    """Where a scenario is played. Each call sets the visitor's `chatlog_id`."""

    def ask(self, visitor: Visitor, text: str) -> Outcome: ...

    def person(self, visitor: Visitor, text: str) -> Outcome: ...

    def handover(
        self, visitor: Visitor, text: str, via: str, fields: Mapping[str, str]
    ) -> Outcome: ...

    def agent(self, visitor: Visitor, text: str, name: str) -> Outcome: ...

    def hand_back(self, visitor: Visitor) -> Outcome: ...

    def close(self, visitor: Visitor) -> Outcome: ...


@dataclass(frozen=True)
class Played:
    """A step that was played: whose, which (from 1), what it said, and what it led to."""

    visitor: Visitor
    step_number: int
    step: Step
    text: str
    outcome: Outcome


def play(
    scenario: Scenario,
    stage: Stage,
    *,
    speed: float = 1.0,
    wait: Callable[[float], bool],
    now: Callable[[], float] = time.monotonic,
) -> Iterator[Played]:
    """Play it, `speed` times as fast as it is written, and give each step when it was played.

    `wait(seconds)` returns when that time is over, or False to end the scenario at once. A step
    that is late is played at once; a visitor's next step counts from the one before it.
    """
    visitors = [_visitor(scenario, number) for number in range(1, scenario.visitors.count + 1)]
    spread = scenario.visitors.within_seconds / max(1, scenario.visitors.count)
    start = now()
    due = [
        (start + (spread * index + scenario.steps[0].after_seconds) / speed, index, 0)
        for index in range(len(visitors))
    ]
    heapq.heapify(due)
    while due:
        moment, index, at = heapq.heappop(due)
        # Also when nothing is to be waited for: to be told to stop.
        if not wait(max(0.0, moment - now())):
            return
        visitor, step = visitors[index], scenario.steps[at]
        text = step.text.replace(NUMBER, str(visitor.number))
        outcome = _do(stage, visitor, step, text)
        yield Played(visitor, at + 1, step, text, outcome)
        if at + 1 < len(scenario.steps):
            following = scenario.steps[at + 1]
            heapq.heappush(due, (now() + following.after_seconds / speed, index, at + 1))


def _visitor(scenario: Scenario, number: int) -> Visitor:
    given = scenario.visitors

    def own(text: str) -> str:
        return text.replace(NUMBER, str(number))

    return Visitor(
        number, scenario.channel, own(given.name), own(given.email), own(given.phone_number)
    )


def _do(stage: Stage, visitor: Visitor, step: Step, text: str) -> Outcome:
    match step.act:
        case Act.ASK:
            return stage.ask(visitor, text)
        case Act.PERSON:
            return stage.person(visitor, text)
        case Act.HANDOVER:
            return stage.handover(visitor, text, step.via, step.fields)
    if not visitor.chatlog_id:
        return Outcome(reason="The visitor has not said anything yet.")
    match step.act:
        case Act.AGENT:
            return stage.agent(visitor, text, step.agent_name)
        case Act.HAND_BACK:
            return stage.hand_back(visitor)
        case _:
            return stage.close(visitor)
