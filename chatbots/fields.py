"""Model fields of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from chatbots.cuid import cuid

if TYPE_CHECKING:
    TextField = models.CharField[str, str]
else:
    TextField = models.CharField


class CuidField(TextField):
    """A cuid as primary key, compared byte by byte.

    On PostgreSQL an index on text is slower in a language's collation than in C, and Django gives
    every text key a second index for LIKE, which an id has no use for and every insert pays for.
    """

    def __init__(self, **options: object) -> None:
        options |= {"primary_key": True, "max_length": 32, "default": cuid, "editable": False}
        super().__init__(**options)  # type: ignore[arg-type]  # as CharField's, whatever they are

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        if connection.vendor == "postgresql":
            # In full: the second index is made for what begins with "varchar".
            return f'character varying({self.max_length}) COLLATE "C"'
        return f"varchar({self.max_length})"

    def rel_db_type(self, connection: BaseDatabaseWrapper) -> str:
        return self.db_type(connection)
