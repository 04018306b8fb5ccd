"""The column by which webhooks to one URL are known, however its URL was typed."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from webhooks import destination


class UrlKey(models.CharField):
    """`destination.key` of the row's `url`, made anew with each save of the whole row."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        url: str = getattr(model_instance, "url")  # noqa: B009 - whichever model it is
        try:
            made = destination.key(url)
        except ValidationError:
            made = destination.digest(url)  # Nothing that was checked; but a row has a key.
        setattr(model_instance, self.attname, made)
        return made
