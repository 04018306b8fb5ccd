"""A scenario that is being played in the dashboard, or was."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone


class RunStatus(models.TextChoices):
    QUEUED = "queued", "About to begin"
    PLAYING = "playing", "Playing"
    DONE = "done", "Played to its end"
    STOPPED = "stopped", "Stopped"
    FAILED = "failed", "Failed"


UNFINISHED = (RunStatus.QUEUED, RunStatus.PLAYING)


class ScenarioRun(models.Model):
    """One playing of a scenario with a chatbot. The worker writes here how far it is."""

    chatbot = models.ForeignKey(
        "chatbots.Chatbot", on_delete=models.CASCADE, related_name="scenario_runs"
    )
    name = models.CharField(max_length=60)
    title = models.CharField(max_length=500)
    speed = models.FloatField(default=1.0)
    status = models.CharField(max_length=7, choices=RunStatus, default=RunStatus.QUEUED)
    stop_asked = models.BooleanField(default=False)
    steps_done = models.PositiveIntegerField(default=0)
    steps_all = models.PositiveIntegerField(default=0)
    events = models.PositiveIntegerField(default=0)
    # The latest steps, oldest first (runs.py).
    log = models.JSONField(default=list)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    # When the worker that plays it last said so.
    alive_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["chatbot"],
                condition=models.Q(status__in=["queued", "playing"]),
                name="one_scenario_per_chatbot",
                violation_error_message=(
                    "A scenario is being played with this chatbot. Stop it first."
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.title}: {self.get_status_display()}"

    @property
    def is_unfinished(self) -> bool:
        return self.status in UNFINISHED

    @property
    def percent(self) -> int:
        return 100 * self.steps_done // self.steps_all if self.steps_all else 0
