"""The project as an app: so whoever sends a task in a Django process has the project's Celery."""

from __future__ import annotations

from django.apps import AppConfig


class EmitterConfig(AppConfig):
    name = "emitter"

    def ready(self) -> None:
        from emitter import celery  # noqa: F401 - becomes Celery's current app
