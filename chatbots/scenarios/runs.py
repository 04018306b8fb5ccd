"""Playing scenarios in the worker: started and stopped in the dashboard, and watched there.

Starting only writes a row; beat has the worker look for such rows every two seconds, so no web
request waits for a broker or for the scenario. A worker plays one at a time in a thread of its own,
and says with each step, and each second between steps, that it is alive.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from chatbots.models import Chatbot
from chatbots.scenarios import script
from chatbots.scenarios.player import Played, play
from chatbots.scenarios.row import UNFINISHED, RunStatus, ScenarioRun
from chatbots.scenarios.stage import OwnStage

log = logging.getLogger(__name__)

SPEEDS = (1, 2, 5, 10, 50)
SHOWN_STEPS = 40
LOOK_SECONDS = 0.5
KEPT_FOR = timedelta(days=1)
# A worker says it is alive far more often.
LOST_AFTER = timedelta(seconds=60)

_playing = threading.Lock()
_told_to_stop = threading.Event()


def start(chatbot: Chatbot, name: str, speed: float = 1.0) -> ScenarioRun:
    """Have a scenario of the emitter's own played with `chatbot`.

    Raises ValidationError outside the sandbox, for a name or speed that is not offered, and while
    another one is played with this chatbot.
    """
    if not settings.SANDBOX:
        raise ValidationError("Scenarios are played in the sandbox only: they send real webhooks.")
    if name not in script.names():
        raise ValidationError(f"There is no scenario {name!r}.")
    if speed not in SPEEDS:
        raise ValidationError("Choose one of the speeds.")
    scenario = script.load(name)
    run = ScenarioRun(
        chatbot=chatbot,
        name=name,
        title=scenario.title,
        speed=speed,
        steps_all=scenario.steps_all,
    )
    run.validate_constraints()
    old = timezone.now() - KEPT_FOR
    ScenarioRun.objects.filter(chatbot=chatbot, ended_at__lt=old).delete()
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError:
        # Somebody was quicker, between the look and the row.
        run.validate_constraints()
        raise
    return run


def stop(run: ScenarioRun) -> None:
    """End it: at once if nobody plays it yet, else with the worker's next look."""
    queued = ScenarioRun.objects.filter(pk=run.pk, status=RunStatus.QUEUED)
    if not queued.update(status=RunStatus.STOPPED, stop_asked=True, ended_at=timezone.now()):
        ScenarioRun.objects.filter(pk=run.pk, status=RunStatus.PLAYING).update(stop_asked=True)


def play_queued() -> None:
    """Play what is queued, one after the other; return at once if this process plays already."""
    if not settings.SANDBOX or not _playing.acquire(blocking=False):
        return
    try:
        _give_up_lost()
        while not _told_to_stop.is_set() and (run := _claim()):
            _play(run)
    finally:
        _playing.release()


def on_worker_shutting_down(**_: object) -> None:
    """Celery's signal: end what is played, so that the worker can."""
    _told_to_stop.set()


def _give_up_lost() -> None:
    ScenarioRun.objects.filter(
        status=RunStatus.PLAYING, alive_at__lt=timezone.now() - LOST_AFTER
    ).update(
        status=RunStatus.FAILED,
        error="The worker that played it is gone. Play it again.",
        ended_at=timezone.now(),
    )


def _claim() -> ScenarioRun | None:
    """The next run, this process's own from now on; None where there is none."""
    while run := ScenarioRun.objects.filter(status=RunStatus.QUEUED).order_by("id").first():
        if ScenarioRun.objects.filter(pk=run.pk, status=RunStatus.QUEUED).update(
            status=RunStatus.PLAYING, alive_at=timezone.now()
        ):
            return ScenarioRun.objects.select_related("chatbot__account").get(pk=run.pk)
    return None


def _play(run: ScenarioRun) -> None:
    progress = _Progress(run)
    try:
        scenario = script.load(run.name)
        stage = OwnStage(run.chatbot)
        for played in play(scenario, stage, speed=run.speed, wait=progress.wait):
            progress.note(played)
        progress.end(RunStatus.STOPPED if progress.stopped else RunStatus.DONE, progress.stopped)
    except script.Mistake as mistake:
        progress.end(RunStatus.FAILED, str(mistake))
    except DatabaseError as error:
        log.error("A scenario ended because the database refused: %s", error)  # noqa: TRY400
        progress.end(RunStatus.FAILED, "The database refused. Look at the worker's log.")


class _Progress:
    """How far a run is, in its row."""

    def __init__(self, run: ScenarioRun) -> None:
        self._run = run
        self._mine = ScenarioRun.objects.filter(pk=run.pk, status=RunStatus.PLAYING)
        self._said_at = time.monotonic()
        self.stopped = ""  # Why it ended before its end.

    def wait(self, seconds: float) -> bool:
        """Wait; False as soon as somebody wants it to end."""
        until = time.monotonic() + seconds
        while True:
            if self._is_to_stop():
                return False
            left = until - time.monotonic()
            if left <= 0:
                return True
            _told_to_stop.wait(min(left, LOOK_SECONDS))

    def _is_to_stop(self) -> bool:
        if _told_to_stop.is_set():
            self.stopped = "The worker was stopped."
        elif time.monotonic() - self._said_at >= LOOK_SECONDS:
            self._said_at = time.monotonic()
            if not self._mine.filter(stop_asked=False).update(alive_at=timezone.now()):
                self.stopped = "Stopped in the dashboard."
        return bool(self.stopped)

    def note(self, played: Played) -> None:
        run = self._run
        run.steps_done += 1
        run.events += len(played.outcome.events)
        run.log = [*run.log, line_of(played)][-SHOWN_STEPS:]
        self._mine.update(
            steps_done=run.steps_done, events=run.events, log=run.log, alive_at=timezone.now()
        )

    def end(self, status: RunStatus, error: str) -> None:
        self._mine.update(status=status, error=error, ended_at=timezone.now())


def line_of(played: Played) -> dict[str, Any]:
    """A step as the page shows it."""
    act = played.step.act
    by_agent = act in (script.Act.AGENT, *script.SILENT)
    return {
        "who": (played.step.agent_name or "Agent")
        if by_agent
        else (played.visitor.name or f"Visitor {played.visitor.number}"),
        "byAgent": by_agent,
        "text": played.text
        or {
            script.Act.HAND_BACK: "hands back to the chatbot",
            script.Act.CLOSE: "closes the live chat",
        }[act],
        "said": played.outcome.said,
        "events": list(played.outcome.events),
        "reason": played.outcome.reason,
        "chatlogId": played.visitor.chatlog_id,
    }


def latest_of(chatbot: Chatbot) -> ScenarioRun | None:
    """The run to show: the one that is played, else the last one."""
    return (
        ScenarioRun.objects.filter(chatbot=chatbot, status__in=UNFINISHED).first()
        or ScenarioRun.objects.filter(chatbot=chatbot).first()
    )
