"""What libraries of .NET, Java and Go sign, written by hand after their rules."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from tests.webhooks.wrong_ways.bodies import nulls_as, trimmed, typed, without
from tests.webhooks.wrong_ways.way import STAMP_SECONDS, Request, WrongWay, compact, signing

Escape = Callable[[str], str]
_SHORT = {c: json.dumps(c)[1:-1] for c in "\\\b\f\n\r\t"}
_ODD_SPACES = "\x7f\x85\u00a0\u2028\u2029"


def _upper(character: str) -> str:
    code = ord(character)
    if code < 0x10000:
        return f"\\u{code:04X}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04X}\\u{0xDC00 + (code & 0x3FF):04X}"


def _net(text: str) -> str:
    def escaped(c: str) -> str:
        if c in _SHORT:
            return _SHORT[c]
        return _upper(c) if c in "\"&'+<>`" or not " " <= c <= "~" else c

    return '"' + "".join(map(escaped, text)) + '"'


def _relaxed(text: str) -> str:
    def escaped(c: str) -> str:
        if c in _SHORT or c == '"':
            return json.dumps(c)[1:-1]
        return _upper(c) if c < " " or c in _ODD_SPACES or c > "\uffff" else c

    return '"' + "".join(map(escaped, text)) + '"'


def _also(characters: str) -> Escape:
    """JSON.stringify's escapes, and these in lower case."""
    return lambda text: re.sub(
        f"[{characters}]",
        lambda found: f"\\u{ord(found[0]):04x}",
        json.dumps(text, ensure_ascii=False),
    )


_GSON, _NEWTONSOFT = _also("<>&='\u2028\u2029"), _also("\x85\u2028\u2029")
_GO = _also("<>&\u2028\u2029")


def _jackson(text: str) -> str:
    found = json.dumps(text, ensure_ascii=False)
    return re.sub(r"\\u([0-9a-f]{4})", lambda match: "\\u" + match[1].upper(), found)


def _write(value: Any, escape: Escape, colon: str = ":", indent: str = "", line: str = "") -> str:
    """`indent` and `line`, the line break with the indent so far, for several lines."""
    if isinstance(value, str):
        return escape(value)
    if not isinstance(value, dict):
        return json.dumps(value)
    inner = line + indent
    items = [
        f"{escape(k)}{colon}{_write(v, escape, colon, indent, inner)}" for k, v in value.items()
    ]
    return "{" + inner + ("," + inner).join(items) + line + "}"


def _lines(value: Any, escape: Escape, colon: str = ": ", line: str = "\n") -> str:
    return _write(value, escape, colon, "  ", line)


def _dated(value: Any) -> Any:
    return {**value, "timestamp": trimmed(value["timestamp"])}


def _map_inside(r: Request) -> Any:
    return {**r.value, "data": dict(sorted(r.data.items()))}


_NET, _RELAXED = "System.Text.Json", "UnsafeRelaxedJsonEscaping"
_WINDOWS = "\r\n"

WAYS: tuple[WrongWay, ...] = (
    signing(".NET", _NET, lambda r: _write(r.value, _net)),
    signing(".NET, indented", _NET, lambda r: _lines(r.value, _net)),
    signing(".NET, indented on Windows", _NET, lambda r: _lines(r.value, _net, line=_WINDOWS)),
    signing(".NET, a class", _NET, lambda r: _write(typed(r, None), _net)),
    signing(".NET, a class, DateTime", _NET, lambda r: _write(_dated(typed(r, None)), _net)),
    signing(".NET, no nulls", _NET, lambda r: _write(without(r.value), _net)),
    signing(".NET, no nulls, DateTime", _NET, lambda r: _write(_dated(without(r.value)), _net)),
    signing(".NET, the data", _NET, lambda r: _write(r.data, _net)),
    signing(".NET, relaxed", "", lambda r: _write(r.value, _relaxed)),
    signing(".NET, relaxed, lines", _NET, lambda r: _lines(r.value, _relaxed)),
    signing(".NET, relaxed, a class", _NET, lambda r: _write(_dated(typed(r, None)), _relaxed)),
    signing("Gson", "Gson", lambda r: _write(without(r.value), _GSON)),
    signing("Gson, nulls", "Gson", lambda r: _write(r.value, _GSON)),
    signing("Gson, pretty", "Gson", lambda r: _lines(without(r.value), _GSON)),
    signing("Gson, pretty, nulls", "Gson", lambda r: _lines(r.value, _GSON)),
    signing("Gson, the data", "Gson", lambda r: _write(without(r.data), _GSON)),
    signing("Newtonsoft", "Newtonsoft", lambda r: _write(_dated(r.value), _NEWTONSOFT)),
    signing("Newtonsoft, ToString", "Newtonsoft", lambda r: _lines(_dated(r.value), _NEWTONSOFT)),
    signing(
        "Newtonsoft, ToString on Windows",
        "Newtonsoft",
        lambda r: _lines(_dated(r.value), _NEWTONSOFT, line=_WINDOWS),
    ),
    signing("Newtonsoft, a class", "Newtonsoft", lambda r: _write(typed(r, None), _NEWTONSOFT)),
    signing(
        "Newtonsoft, no nulls",
        "Newtonsoft",
        lambda r: _write(_dated(without(r.value)), _NEWTONSOFT),
    ),
    signing("Jackson", "Jackson", lambda r: _write(r.value, _jackson)),
    signing("Jackson, pretty", "Jackson", lambda r: _lines(r.value, _jackson, " : ")),
    signing(
        "Jackson, pretty on Windows",
        "Jackson",
        lambda r: _lines(r.value, _jackson, " : ", _WINDOWS),
    ),
    signing(
        "Jackson, no nulls, pretty",
        "Jackson",
        lambda r: _lines(without(r.value), _jackson, " : "),
    ),
    signing("Jackson, a class", "Jackson", lambda r: _write(typed(r, None), _jackson)),
    signing("Go, a struct around a map", "Go", lambda r: _write(_map_inside(r), _GO)),
    signing("Go, with time.Time", "Go", lambda r: _write(_dated(_map_inside(r)), _GO)),
    signing("Go, strings", "Go", lambda r: _write(nulls_as(typed(r, ""), ""), _GO)),
    signing(
        "Go, strings, time.Time, an Encoder",
        "Go",
        lambda r: _write(_dated(nulls_as(typed(r, ""), "")), _GO) + "\n",
    ),
    # Several at once.
    signing(
        "Python with +00:00",
        "json.dumps",
        lambda r: json.dumps({**r.value, "timestamp": r.value["timestamp"][:-1] + "+00:00"}),
    ),
    signing("Python with '' for None", "Python", lambda r: json.dumps(nulls_as(r.value, ""))),
    signing("sorted, without nulls", "keys", lambda r: compact(without(r.value), sort_keys=True)),
    signing(
        "Stripe's over sorted keys",
        "Stripe",
        lambda r: f"{STAMP_SECONDS}.{compact(r.value, sort_keys=True)}",
    ),
)
