"""Wonderchat's side of its webhooks page: the Django project."""

__version__ = "0.1.0"

from emitter.celery import app as celery_app

__all__ = ["celery_app"]
