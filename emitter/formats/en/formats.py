"""Moments in the pages, with their zone. A setting does not do: Django's own English has the say
over it."""

from __future__ import annotations

from typing import Final

DATETIME_FORMAT: Final = "j M Y, H:i:s e"
SHORT_DATETIME_FORMAT: Final = DATETIME_FORMAT
