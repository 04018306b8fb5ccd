"""The parsed body as a text that is not its JSON: printed, as a form, its values joined."""

from __future__ import annotations

import json
import pprint
from collections.abc import Iterator
from itertools import product
from typing import Any, Final
from urllib.parse import quote, quote_plus

from webhooks.diagnosis import php
from webhooks.diagnosis.json_tree import Number
from webhooks.diagnosis.way import Way, utf8

_RECIPE: Final = "raw body"
# What the receivers of webhooks are called in Rails.
_CONTROLLERS: Final = (
    "webhooks",
    "webhook",
    "wonderchat",
    "wonderchat_webhooks",
    "webhooks/wonderchat",
    "api/webhooks",
)
_ACTIONS: Final = ("create", "receive", "wonderchat", "handle", "index", "webhook")
_OBJECT: Final = "[object Object]"
_MOST_PRETTY: Final = 10_000
_LONGEST_NUMBER: Final = 100


def ways(value: Any) -> Iterator[Way]:
    """Each as bytes with what was done."""
    if isinstance(value, dict):
        for text, said in _all(value):
            yield Way(utf8(text), f"signs {said}", _RECIPE)


def _all(value: dict[str, Any]) -> Iterator[tuple[str, str]]:
    data = value.get("data")
    for item, name in ((value, "the parsed JSON"), (data, "the data part")):
        if isinstance(item, dict):
            yield from _printed(item, name)
            yield from _joined(item, name)
            yield from _forms(item, name)
    yield from _forms({"data": value}, "the parsed JSON as data")
    yield from _texts(value)
    yield from _reshaped(value)


def _printed(value: dict[str, Any], name: str) -> Iterator[tuple[str, str]]:
    yield python(value), f"Python's str() of {name}"
    yield python(value).encode("ascii", "backslashreplace").decode(), f"Python's ascii() of {name}"
    yield from _pretty(value, name)
    yield python(value).replace("'", '"'), f"Python's str() of {name}, with ' replaced by \""
    yield _ruby(value, "=>"), f"Ruby's to_s of {name}"
    yield _ruby(value, " => "), f"Ruby's to_s of {name} (Ruby 3.4)"
    yield _ruby_symbols(value, ": "), f"Ruby's to_s of {name} with symbols as keys (Ruby 3.4)"
    yield _ruby_symbols(value, "=>"), f"Ruby's to_s of {name} with symbols as keys"
    yield _go(value), f"Go's fmt.Sprint of {name}"
    yield _java(value), f"Java's toString() of a map of {name}"
    yield _php(value), f"PHP's print_r of {name}"
    yield _php(value, "stdClass Object"), f"PHP's print_r of {name} as a stdClass"
    yield php.serialized(value), f"PHP's serialize() of {name}"
    yield php.serialized(value, objects=True), f"PHP's serialize() of {name} as a stdClass"
    yield php.exported(value), f"PHP's var_export() of {name}"
    yield php.exported_objects(value), f"PHP's var_export() of {name} as a stdClass"
    yield _unquoted(value), f"JSON5 or JavaScript source of {name}"


def _pretty(value: dict[str, Any], name: str) -> Iterator[tuple[str, str]]:
    """pprint takes long for much."""
    if len(python(value)) > _MOST_PRETTY:
        return
    real = _python_value(value)
    for function, is_sorted in (("pformat", True), ("pp", False)):
        made = pprint.pformat(real, sort_dicts=is_sorted)
        yield made, f"Python's pprint.{function} of {name}"
        yield made + "\n", f"Python's pprint.{function} of {name}, with a line break at its end"


def _python_value(value: Any) -> Any:
    """With numbers for Numbers, but for long ones, which are slow to read."""
    if isinstance(value, dict):
        return {key: _python_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_python_value(item) for item in value]
    if isinstance(value, Number) and len(value.text) <= _LONGEST_NUMBER:
        whole = value.text.removeprefix("-").isdecimal()
        return int(value.text) if whole else float(value.text)
    return value


def _joined(value: dict[str, Any], name: str) -> Iterator[tuple[str, str]]:
    for texts, said in (
        ([_plain(item) for item in value.values()], "the values"),
        ([_joined_plain(item) for item in value.values()], "the values"),
        ([_python_plain(item) for item in value.values()], "the values"),
        ([_joined_plain(value[key]) for key in sorted(value)], "the values, sorted by key,"),
        ([_plain(value[key]) for key in sorted(value)], "the values, sorted by key,"),
    ):
        for between in ("", ",", "|", ".", ":", "\n", "&", ";", "-", " "):
            yield between.join(texts), f"{said} of {name} joined by {between!r}"
    for keys in (list(value), sorted(value)):
        pairs = [f"{key}={_plain(value[key])}" for key in keys]
        yield "&".join(pairs), f"key=value pairs of {name} joined by &"
        yield "".join(f"{key}{_plain(value[key])}" for key in keys), f"keys and values of {name}"
        yield "\n".join(pairs), f"key=value pairs of {name} by lines"
        yield ",".join(keys), f"the keys of {name}"
    yield (
        ",".join(f"{key},{_joined_plain(item)}" for key, item in value.items()),
        (f"JavaScript's String() of the entries of {name}"),
    )


def _forms(value: dict[str, Any], name: str) -> Iterator[tuple[str, str]]:
    said = f"{name} as a form (a=1&b=2)"
    for keys in (list(value), sorted(value)):
        flat = {key: value[key] for key in keys}
        yield "&".join(f"{_plus(k)}={_plus(_plain(v))}" for k, v in flat.items()), said
        yield (
            "&".join(f"{_plus(k)}={_plus(_python_plain(v))}" for k, v in flat.items()),
            f"{said}, by Python's urlencode",
        )
        yield (
            "&".join(f"{_component(k)}={_component(_query(v))}" for k, v in flat.items()),
            f"{said}, by Node's querystring",
        )
        nested = list(_nested(flat))
        if sum(len(path) for path, _ in nested) > _MOST_PATHS:
            continue
        for encode in (_plus, _raw):
            full = [(encode(path), _form_text(item, encode)) for path, item in nested]
            yield "&".join(f"{path}={item}" for path, item in full), f"{said}, by qs"
            given = [
                f"{path}={item}"
                for (path, item), (_, was) in zip(full, nested, strict=True)
                if was is not None
            ]
            yield "&".join(given), f"{said}, by PHP's http_build_query"


def _texts(value: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Single values, and the few that people put together."""
    data = value.get("data")
    named = [("the ", value)]
    if isinstance(data, dict):
        named.append(("data's ", data))
    for start, items in named:
        for key, item in list(items.items())[:20]:
            if isinstance(item, str):
                yield item, f"{start}{key} alone"
                yield json.dumps(item, ensure_ascii=False), f"{start}{key} alone, in quotes"
    event, stamp = value.get("event"), value.get("timestamp")
    if isinstance(event, str) and isinstance(stamp, str):
        compact = _compact(data)
        for between in ("", ".", ":", "|", "\n", ","):
            yield between.join((event, stamp)), "the event and the timestamp alone"
            yield between.join((stamp, event)), "the timestamp and the event alone"
            yield between.join((event, stamp, compact)), "event, timestamp and data joined"
            yield between.join((stamp, compact)), "the timestamp and the data part"
            yield between.join((event, compact)), "the event and the data part"


def _reshaped(value: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The same values as JSON of another shape."""
    data = value.get("data")
    outer = {name: item for name, item in value.items() if name != "data"}
    if isinstance(data, dict):
        flat = "the JSON with data's keys beside the outer ones"
        yield _compact({**outer, **data}), flat
        without_time = {name: item for name, item in outer.items() if name != "timestamp"}
        yield _compact({**without_time, **data}), f"{flat}, without the timestamp"
        yield _compact({**value, "data": _compact(data)}), "the JSON with data as a text in it"
        for between in ("__", ".", "_"):
            inner = {f"data{between}{name}": item for name, item in data.items()}
            said = f"the JSON with data's keys as data{between}… beside the outer ones"
            yield _compact({**outer, **inner}), said
    for name in ("type", "eventType", "event_type"):
        renamed = {name if key == "event" else key: item for key, item in value.items()}
        yield _compact(renamed), f"the JSON with event named {name}"
    yield _compact(list(value.items())), "the JSON of the entries"
    yield _compact(list(value)), "the JSON of the keys"
    for controller, action in product(_CONTROLLERS, _ACTIONS):
        added = {**value, "controller": controller, "action": action}
        said = "the parameters that Rails made of the request, with its controller and action"
        for made in (added, {**added, controller.rpartition("/")[2].rstrip("s"): value}):
            yield _rails(made), said
    yield _rails({**value, "webhook": value}), "the JSON wrapped once more by Rails (webhook)"


def _rails(value: Any) -> str:
    text = _compact(value)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=lambda n: n.text)


def _plain(value: Any) -> str:
    """JavaScript's String()."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return _OBJECT
    if isinstance(value, list):
        return ",".join("" if item is None else _plain(item) for item in value)
    return _word(value, "null")


def _joined_plain(value: Any) -> str:
    """What an array's join() makes of an item."""
    return "" if value is None else _plain(value)


def _word(value: Any, null: str) -> str:
    if isinstance(value, Number):
        return value.text
    return null if value is None else "true" if value else "false"


def python(value: Any) -> str:
    """Python's str() of the parsed JSON."""
    if isinstance(value, str):
        return repr(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k!r}: {python(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(python, value)) + "]"
    return value.text if isinstance(value, Number) else repr(value)


def _python_plain(value: Any) -> str:
    return value if isinstance(value, str) else python(value)


# Characters of all paths of a form. Deep and wide, they are a thousand times what is in them.
_MOST_PATHS: Final = 300_000
_RUBY: Final = {"\x07": "\\a", "\x0b": "\\v", "\x1b": "\\e"} | {
    c: json.dumps(c)[1:-1] for c in '"\\\b\f\n\r\t'
}
_RUBY_TABLE: Final = str.maketrans(
    {chr(code): f"\\u{code:04X}" for code in (*range(0x20), 0x7F, 0x2028, 0x2029)} | _RUBY
)


def _quoted(text: str) -> str:
    """Ruby's inspect."""
    made = text.translate(_RUBY_TABLE)
    for character in "{$@":
        made = made.replace(f"#{character}", f"\\#{character}")
    return f'"{made}"'


def _ruby(value: Any, arrow: str) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, dict):
        inner = ", ".join(f"{_quoted(k)}{arrow}{_ruby(v, arrow)}" for k, v in value.items())
        return "{" + inner + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_ruby(item, arrow) for item in value) + "]"
    return _word(value, "nil")


def _ruby_symbols(value: Any, arrow: str) -> str:
    if isinstance(value, dict):
        start = "" if arrow == ": " else ":"
        pairs = (f"{start}{k}{arrow}{_ruby_symbols(v, arrow)}" for k, v in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_ruby_symbols(item, arrow) for item in value) + "]"
    return _ruby(value, arrow)


def _go(value: Any) -> str:
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{_go(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(_go, value)) + "]"
    return value if isinstance(value, str) else _word(value, "<nil>")


def _java(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_java(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_java, value)) + "]"
    return value if isinstance(value, str) else _word(value, "null")


def _php(value: Any, of_dicts: str = "Array") -> str:
    """PHP's print_r; `of_dicts` is what JSON's objects are called."""
    parts: list[str] = []
    _add_php(value, "", parts, of_dicts)
    return "".join(parts)


def _add_php(value: Any, pad: str, parts: list[str], of_dicts: str) -> None:
    if isinstance(value, dict | list):
        kind = of_dicts if isinstance(value, dict) else "Array"
        parts.append(f"{kind}\n{pad}(\n")
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            parts.append(f"{pad}    [{key}] => ")
            _add_php(item, pad + " " * 8, parts, of_dicts)
            parts.append("\n")
        parts.append(f"{pad})\n")
    elif isinstance(value, str):
        parts.append(value)
    elif isinstance(value, Number):
        parts.append(value.text)
    else:
        parts.append("1" if value is True else "")


def _unquoted(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{_unquoted(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_unquoted, value)) + "]"
    if isinstance(value, str):
        mark = '"' if "'" in value and '"' not in value else "'"
        return mark + json.dumps(value, ensure_ascii=False)[1:-1].replace('\\"', '"') + mark
    return _word(value, "null")


def _nested(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """`data[name]` and its value, for each inner value."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        inner = f"{path}[{key}]" if path else str(key)
        if isinstance(item, dict | list):
            yield from _nested(item, inner)
        else:
            yield inner, item


def _query(value: Any) -> str:
    return "" if value is None or isinstance(value, dict | list) else _plain(value)


def _component(text: str) -> str:
    """encodeURIComponent."""
    return quote(text, safe="!~*'()", errors="replace")


def _plus(text: str) -> str:
    return quote_plus(text, errors="replace")


def _raw(text: str) -> str:
    return quote(text, safe="~", errors="replace")


def _form_text(value: Any, encode: Any) -> str:
    made: str = encode("" if value is None else _plain(value))
    return made
