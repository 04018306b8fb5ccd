"""The project as an app: so whoever sends a task in a Django process has the project's Celery."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class EmitterConfig(AppConfig):
    name = "emitter"

    def ready(self) -> None:
        import_module("emitter.celery")  # Becomes Celery's current app.
