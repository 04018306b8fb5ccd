"""Unfold's `display`, with types: how a method of an admin shows as a column."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from unfold.decorators import display

Column = TypeVar("Column", bound=Callable[..., Any])


def column(description: str, **options: Any) -> Callable[[Column], Column]:
    """Takes what unfold.decorators.display takes: `ordering`, `label`, `header`, `boolean`."""
    return cast("Callable[[Column], Column]", display(description=description, **options))
