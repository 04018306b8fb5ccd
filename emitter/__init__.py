"""Wonderchat's side of its webhooks page: the Django project.

Imports nothing: whatever is below it, the command line for one, need not have Celery to start.
"""

__version__ = "0.1.0"
