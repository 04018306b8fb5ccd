"""Django's own database backend, whose connections are not waited for without end.

A person's command (`manage.py`) may take its time: a migration of a large table does.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base

from chatbots import patience


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: Any) -> Any:
        connection = super().get_new_connection(conn_params)
        if settings.DATABASE_IS_LIMITED:
            connection.__class__ = patience.PatientConnection
        return connection

    def _configure_connection(self, connection: Any) -> bool:
        # The stubs lack it.
        changed: bool = super()._configure_connection(connection)  # type: ignore[misc]
        if settings.DATABASE_IS_LIMITED:
            patience.limit(connection)
            return True
        return changed
