"""Functions that a setting names by dotted path, so that an operator can put in their own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

SETTINGS = ("ANSWER_FINDER", "PRIORITY_CLASSIFIER")


def plugged_in(setting: str) -> Callable[..., Any]:
    """The function that `setting` names. Raises ImportError or TypeError where it names none."""
    path = getattr(settings, setting)
    found = import_string(path)
    if not callable(found):
        raise TypeError(f"{path} cannot be called")
    function: Callable[..., Any] = found
    return function


def refuse_what_is_not_there() -> None:
    """Stop the start with one plain line if a setting names no function."""
    for setting in SETTINGS:
        try:
            plugged_in(setting)
        except (ImportError, TypeError, ValueError) as error:
            sys.exit(
                f"emitter: {setting} must be the dotted path of a function, such as "
                f"my_shop.chat.function; {getattr(settings, setting)!r} is none ({error})."
            )
