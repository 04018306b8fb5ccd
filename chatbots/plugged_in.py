"""Functions that a setting names by dotted path, so that an operator can put in their own."""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import Callable
from types import NoneType
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

# What each of the functions gives.
SETTINGS = {
    "ANSWER_FINDER": "chatbots.answering.Answered",
    "PRIORITY_CLASSIFIER": "chatbots.priority.Judgement",
}

NOT_PLAIN = (
    inspect.iscoroutinefunction,
    inspect.isgeneratorfunction,
    inspect.isasyncgenfunction,
)


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
    for setting, gives in SETTINGS.items():
        try:
            _refuse_what_is_another(plugged_in(setting), import_string(gives))
        except (ImportError, TypeError, ValueError) as error:
            sys.exit(
                f"emitter: {setting} must be the dotted path of a function, such as "
                f"my_shop.chat.function; {getattr(settings, setting)!r} is none ({error})."
            )


def _refuse_what_is_another(function: Callable[..., Any], gives: type) -> None:
    """Raises TypeError where it shows that `function` does not take one argument and give `gives`.

    What has no annotations shows nothing of what it gives.
    """
    if isinstance(function, type):
        raise TypeError("it is a class")
    if any(kind(function) for kind in NOT_PLAIN):
        raise TypeError("it does not give its answer when it is called, as a plain function does")
    try:
        inspect.signature(function).bind(object())
    except ValueError:
        raise TypeError("it does not say what it takes") from None
    except TypeError:
        raise TypeError("it cannot be called with one argument") from None
    try:
        given = typing.get_type_hints(function).get("return", Any)
    except (NameError, TypeError):
        return
    for each in typing.get_args(given) or (given,):
        if isinstance(each, type) and each is not Any and not issubclass(each, (gives, NoneType)):
            raise TypeError(f"it gives {each.__name__}, not {gives.__name__}")
