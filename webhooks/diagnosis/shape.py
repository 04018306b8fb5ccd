"""What is written: which part, in which order, with which keys, dates and numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from webhooks.diagnosis import cleaning, dates, numbers
from webhooks.diagnosis.json_tree import Number
from webhooks.diagnosis.style import Style

# The keys of each event's data as Wonderchat's webhooks page lists them. The payload's types
# (chatbots/events.py) say the same and know Django; a test holds the two together.
EVENT_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "LIVE_CHAT_INITIATED": (
        "chatlogId", "userMessage", "email", "name", "phoneNumber", "chatbotId", "chatbotName",
    ),
    "USER_MESSAGE_SENT": (
        "chatbotId", "chatbotName", "userMessage", "chatbotResponse", "chatlogId", "email",
        "phoneNumber", "name",
    ),
    "HUMAN_HANDOVER": (
        "chatlogId", "chatbotId", "chatbotName", "userMessage", "email", "name", "phoneNumber",
        "supportEmail", "escalationType", "priority",
    ),
}  # fmt: skip


def shaped(value: Any, style: Style) -> Any:
    """`value` as `style` has it written. Raises LookupError for a part that it has not."""
    made = value if style.texts == "kept" else cleaning.cleaned(value, style.texts)
    made = _with_keys(made, style.nulls)
    if style.dates != "kept":
        made = _dated(made, style.dates)
    if style.numbers != "kept":
        made = _numbered(made, style.numbers)
    if style.part:
        made = _part(made, style.part)
    if style.names != "kept":
        made = NAMES[style.names](made)
    return made if style.order == "kept" else ORDERS[style.order](made)


def _part(value: Any, part: tuple[str, ...] | str) -> Any:
    items: dict[str, Any] = value if isinstance(value, dict) else {}
    return items[part] if isinstance(part, str) else {name: items[name] for name in part}


# ---------------------------------------------------------------- keys that are null or absent


def _with_keys(value: Any, nulls: str) -> Any:
    if nulls == "kept":
        return value
    if nulls in _ADDING:
        added, filled = _ADDING[nulls]
        value = _completed(value, added)
        return _mapped(value, _filled) if filled else value
    return _mapped(value, _NULLS[nulls])


def _mapped(value: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """`value` with `change` made to each of its objects, the inner ones first."""
    if isinstance(value, dict):
        return change({name: _mapped(item, change) for name, item in value.items()})
    if isinstance(value, list):
        return [_mapped(item, change) for item in value]
    return value


def _filled(items: dict[str, Any]) -> dict[str, Any]:
    return {name: "" if item is None else item for name, item in items.items()}


def _without(unwanted: Callable[[Any], bool]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda items: {name: item for name, item in items.items() if not unwanted(item)}


_NULLS: Final[dict[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "dropped": _without(lambda item: item is None),
    "empty dropped": _without(lambda item: item is None or item in ("", [], {})),
    "empty": _filled,
    "undefined": lambda items: {k: "undefined" if v is None else v for k, v in items.items()},
    "null text": lambda items: {k: "null" if v is None else v for k, v in items.items()},
    "objects": lambda items: {k: {} if v is None else v for k, v in items.items()},
    "arrays": lambda items: {k: [] if v == {} else v for k, v in items.items()},
}
# What an absent key of the event's becomes, and whether null becomes "" too.
_ADDING: Final[dict[str, tuple[Any, bool]]] = {
    "absent null": (None, False),
    "absent empty": ("", True),
    "absent empty only": ("", False),
    "only known": (..., False),
}


def unlike_page(value: Any) -> tuple[list[str], list[str]]:
    """The data's keys that the page lists for the event and that are absent; and those that it
    does not list."""
    data = value.get("data") if isinstance(value, dict) else None
    names = EVENT_KEYS.get(str(value.get("event"))) if isinstance(value, dict) else None
    if not isinstance(data, dict) or names is None:
        return [], []
    return [name for name in names if name not in data], [one for one in data if one not in names]


def _completed(value: Any, added: Any) -> Any:
    """With every key that the event's data may have, as a type made from the page would write it;
    keys it does not know are lost, as such a type loses them. `added` ...: adds none."""
    data = value.get("data") if isinstance(value, dict) else None
    names = EVENT_KEYS.get(str(value.get("event"))) if isinstance(value, dict) else None
    if not isinstance(data, dict) or names is None:
        return value
    made = {name: data.get(name, added) for name in names if name in data or added is not ...}
    return {name: made if name == "data" else item for name, item in value.items()}


# ---------------------------------------------------------------- how keys are spelt


def _spelt(spell: Callable[[str], str]) -> Callable[[Any], Any]:
    return lambda value: _mapped(value, lambda items: {spell(k): v for k, v in items.items()})


def _capitalised(name: str) -> str:
    return name[:1].upper() + name[1:]


def _parted(by: str) -> Callable[[str], str]:
    return lambda name: re.sub(r"(?<=[a-z0-9])(?=[A-Z])", by, name).lower()


def _outer_capitalised(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {_capitalised(name): item for name, item in value.items()}


NAMES: Final[dict[str, Callable[[Any], Any]]] = {
    "pascal": _spelt(_capitalised),
    "outer pascal": _outer_capitalised,
    "snake": _spelt(_parted("_")),
    "small": _spelt(str.lower),
    "kebab": _spelt(_parted("-")),
    "capitals": _spelt(str.upper),
}


# ---------------------------------------------------------------- dates and numbers


def _dated(value: Any, form: str) -> Any:
    """`all: FORM` rewrites every text that is a date, FORM the outer timestamp alone."""
    if form.startswith("all: "):
        return _every(value, str, lambda text: dates.rewritten(text, form.removeprefix("all: ")))
    if isinstance(value, dict) and isinstance(stamp := value.get("timestamp"), str):
        return value | {"timestamp": dates.rewritten(stamp, form)}
    return value


def _numbered(value: Any, form: str) -> Any:
    return _every(value, Number, lambda item: Number(numbers.rewritten(item.text, form)))


def _every(value: Any, kind: type, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {name: _every(item, kind, change) for name, item in value.items()}
    if isinstance(value, list):
        return [_every(item, kind, change) for item in value]
    return change(value) if isinstance(value, kind) else value


# ---------------------------------------------------------------- order


def _utf8(name: str) -> bytes:
    return name.encode("utf-8", "surrogatepass")


def _by_length(name: str) -> tuple[int, bytes]:
    raw = _utf8(name)
    return len(raw), raw


def _java_hash(name: str) -> int:
    """String.hashCode, spread as HashMap.hash does."""
    code = 0
    raw = name.encode("utf-16-be", "surrogatepass")
    for at in range(0, len(raw), 2):
        code = (31 * code + (raw[at] << 8 | raw[at + 1])) & 0xFFFFFFFF
    return code ^ code >> 16


def _java(items: dict[str, Any]) -> dict[str, Any]:
    """As java.util.HashMap goes through its buckets: 16, doubled beyond three quarters."""
    buckets = 16
    while len(items) > buckets * 3 // 4:
        buckets *= 2
    return _in_order(items, sorted(items, key=lambda name: _java_hash(name) & (buckets - 1)))


def _in_order(items: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: items[name] for name in names}


def _sorted(items: dict[str, Any]) -> dict[str, Any]:
    return _in_order(items, sorted(items, key=_utf8))


def _whole(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Any], Any]:
    return lambda value: _mapped(value, change)


def _inner_sorted(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: _mapped(item, _sorted) for name, item in value.items()}


def _outer_sorted(value: Any) -> Any:
    return _sorted(value) if isinstance(value, dict) else value


def _outer_names_only(value: Any) -> Any:
    """JSON.stringify(value, Object.keys(value).sort()): the names are a filter at every depth."""
    names = sorted(value) if isinstance(value, dict) else []
    return _mapped(value, lambda items: _in_order(items, [n for n in names if n in items]))


ORDERS: Final[dict[str, Callable[[Any], Any]]] = {
    "sorted": _whole(_sorted),
    "inner sorted": _inner_sorted,
    "outer sorted": _outer_sorted,
    "java": _whole(_java),
    "length": _whole(lambda items: _in_order(items, sorted(items, key=_by_length))),
    "caseless": _whole(lambda items: _in_order(items, sorted(items, key=str.casefold))),
    "backwards": _whole(lambda items: _in_order(items, reversed(items))),
    "outer names": _outer_names_only,
}
