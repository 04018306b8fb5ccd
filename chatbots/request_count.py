"""How many requests of one kind came lately: a row per caller and kind (allowance.py)."""

from __future__ import annotations

from django.db import models


class RequestCount(models.Model):
    """Of one name: how many were taken in the while that runs, and when it ends.

    On PostgreSQL the table is unlogged: a count is nothing that has to outlive a crash, and its
    COMMIT waits for no disk. Nothing links here and nothing is indexed but the name, so that an
    update touches one place.
    """

    name = models.CharField(primary_key=True, max_length=64)
    taken = models.IntegerField()
    # Seconds since 1970 by the database's clock.
    ends_at = models.FloatField()

    def __str__(self) -> str:
        return f"{self.name}: {self.taken}"
