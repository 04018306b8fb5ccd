"""The body, wrong, in any language."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from tests.webhooks.wrong_ways.way import Request, WrongWay, compact, signing


def without(value: Any, unwanted: Any = None) -> Any:
    return {
        k: without(v, unwanted) if isinstance(v, dict) else v
        for k, v in value.items()
        if v != unwanted
    }


def nulls_as(value: Any, instead: Any) -> Any:
    return {
        k: nulls_as(v, instead) if isinstance(v, dict) else instead if v is None else v
        for k, v in value.items()
    }


_KEYS = {
    "LIVE_CHAT_INITIATED": "chatlogId userMessage email name phoneNumber chatbotId chatbotName",
    "USER_MESSAGE_SENT": "chatbotId chatbotName userMessage chatbotResponse chatlogId email "
    "phoneNumber name",
    "HUMAN_HANDOVER": "chatlogId chatbotId chatbotName userMessage email name phoneNumber "
    "supportEmail escalationType priority",
}


def typed(r: Request, absent: Any) -> dict[str, Any]:
    """As a class with all of the page's fields writes it."""
    names = _KEYS[r.value["event"]].split()
    return {**r.value, "data": {name: r.data.get(name, absent) for name in names}}


def _dated(r: Request, change: Any) -> str:
    return compact({**r.value, "timestamp": change(r.value["timestamp"])})


def trimmed(stamp: str) -> str:
    return stamp.rstrip("Z").rstrip("0").rstrip(".") + "Z"


def cleaned(value: Any, change: Callable[[str], str | None]) -> Any:
    """As a framework hands it over that goes through all texts."""
    if isinstance(value, dict):
        return {name: cleaned(item, change) for name, item in value.items()}
    return change(value) if isinstance(value, str) else value


def validator_escape(text: str) -> str:
    """https://github.com/validatorjs/validator.js, escape."""
    entities = {'"': "&quot;", "'": "&#x27;", "/": "&#x2F;", "\\": "&#x5C;", "`": "&#96;"}
    made = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(entities.get(character, character) for character in made)


def angles_escaped(text: str) -> str:
    return text.replace("<", "&lt;").replace(">", "&gt;")


def php(value: Any) -> str:
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/")


WAYS: tuple[WrongWay, ...] = (
    signing(
        "TrimStrings and ConvertEmptyStringsToNull",
        "spaces at the ends",
        lambda r: compact(cleaned(r.value, lambda t: t.strip() or None)),
    ),
    signing(
        "escape of express-validator",
        "escaped for HTML",
        lambda r: compact(cleaned(r.value, validator_escape)),
    ),
    signing("xss-clean", "escaped for HTML", lambda r: compact(cleaned(r.value, angles_escaped))),
    signing(
        "html.escape of each text",
        "escaped for HTML",
        lambda r: compact(cleaned(r.value, html.escape)),
    ),
    signing(
        "esc_html of each text, and json_encode",
        "written again",
        lambda r: php(cleaned(r.value, lambda t: html.escape(t).replace("&#x27;", "&#039;"))),
    ),
    signing(
        "strip_tags of each text",
        "tags",
        lambda r: compact(cleaned(r.value, lambda t: re.sub("<[^>]*>", "", t))),
    ),
    signing(
        "addslashes of each text",
        "backslashes before the quotes",
        lambda r: compact(cleaned(r.value, lambda t: re.sub(r"([\"'\\])", r"\\\1", t))),
    ),
    signing("JSON of [object Object]", "[object Object]", lambda r: '"[object Object]"'),
    signing("express.urlencoded", "express.urlencoded", lambda r: compact({r.text: ""})),
    signing("cut off by a column", "cut off after 100 bytes", lambda r: r.body[:100]),
    signing("its spaces replaced", "spaces taken out", lambda r: r.text.replace(" ", "")),
    signing("its quotes taken out", "double quotes", lambda r: r.text.replace('"', "")),
    signing(
        "Lambda's event",
        "API gateways",
        lambda r: compact({"body": r.text, "isBase64Encoded": False}),
    ),
    signing(
        "data beside the rest",
        "beside the outer ones",
        lambda r: compact({"event": r.value["event"], "timestamp": r.value["timestamp"], **r.data}),
    ),
    signing(
        "data as a text", "as a text in it", lambda r: compact({**r.value, "data": compact(r.data)})
    ),
    signing(
        "Zapier's names",
        "data__",
        lambda r: compact(
            {
                "event": r.value["event"],
                "timestamp": r.value["timestamp"],
                **{f"data__{k}": v for k, v in r.data.items()},
            }
        ),
    ),
    signing(
        "keys in PascalCase",
        "PascalCase",
        lambda r: compact(_spelt(r.value, lambda k: k[0].upper() + k[1:])),
    ),
    signing(
        "keys in snake_case",
        "snake_case",
        lambda r: compact(
            _spelt(r.value, lambda k: "".join(f"_{c.lower()}" if c.isupper() else c for c in k))
        ),
    ),
    signing(
        "a struct of Go's without tags",
        "outer keys in PascalCase",
        lambda r: compact({k.capitalize(): v for k, v in r.value.items()}),
    ),
    signing(
        "Rails' parameters",
        "Rails",
        lambda r: (
            compact({**r.value, "controller": "webhooks", "action": "create"})
            .replace("&", "\\u0026")
            .replace("<", "\\u003c")
            .replace(">", "\\u003e")
            .replace("\u2028", "\\u2028")
            .replace("\u2029", "\\u2029")
        ),
    ),
    signing("a line break after it", "line break at its end", lambda r: r.text + "\n"),
    signing("CR LF after it", "CR LF", lambda r: r.text + "\r\n"),
    signing("a byte order mark", "byte order mark", lambda r: "\ufeff" + r.text),
    signing("UTF-16", "UTF-16", lambda r: r.text.encode("utf-16-le")),
    signing("UTF-16 of Java", "Java", lambda r: b"\xfe\xff" + r.text.encode("utf-16-be")),
    signing("UTF-32, big-endian", "UTF-32", lambda r: r.text.encode("utf-32-be")),
    signing("UTF-32 of Python", "UTF-32", lambda r: r.text.encode("utf-32")),
    signing("serialize of PHP", "serialize()", lambda r: f's:{len(r.body)}:"{r.text}";'),
    signing("read as Latin-1", "Latin-1", lambda r: r.body.decode("latin-1")),
    signing("read as Windows-1252", "", lambda r: r.body.decode("cp1252", "replace")),
    signing("written as Latin-1", "Latin-1", lambda r: r.text.encode("latin-1", "replace")),
    signing("written as Windows-1252", "", lambda r: r.text.encode("cp1252", "replace")),
    signing("written as ASCII", "beyond ASCII", lambda r: r.text.encode("ascii", "replace")),
    signing("ASCII in .NET", "beyond ASCII", lambda r: _units(r.text, 0x80)),
    signing("latin1 in Node", "Latin-1", lambda r: r.text.encode("utf-16-le")[::2]),
    signing("base64 of it", "base64 of the body", lambda r: base64.b64encode(r.body)),
    signing("hex of it", "hex of the body", lambda r: r.body.hex()),
    signing("JSON of a string", "JSON of JSON", lambda r: json.dumps(r.text, ensure_ascii=False)),
    signing("[object Object]", "[object Object]", lambda r: "[object Object]"),
    signing("nothing", "nothing", lambda r: ""),
    signing("{}", "{}", lambda r: "{}"),
    signing("undefined", "undefined", lambda r: "undefined"),
    signing("JSON of a Buffer", "Buffer", lambda r: compact({"type": "Buffer", "data": [*r.body]})),
    signing("String() of a Uint8Array", "bytes", lambda r: ",".join(map(str, r.body))),
    signing("str() of bytes", "b'…'", lambda r: str(r.body)),
    signing("str() of a dict", "str()", lambda r: str(r.value)),
    signing('str() of a dict with "', "str()", lambda r: str(r.value).replace("'", '"')),
    signing("as a form", "form", lambda r: urlencode(r.value)),
    signing("as a form's field", "form", lambda r: urlencode({"payload": r.text})),
    signing("encodeURIComponent", "URL", lambda r: quote(r.text, safe="!~*'()")),
    signing("escaped for HTML", "HTML", lambda r: html.escape(r.text)),
    signing("without white space", "spaces", lambda r: re.sub(r"\s", "", r.text)),
    signing("in lower case", "lower case", lambda r: r.text.lower()),
    signing("the data part", "data part", lambda r: compact(r.data)),
    signing("the data part in Python", "data part", lambda r: json.dumps(r.data)),
    signing("event and data", "event and data", lambda r: compact(_only(r.value, "event", "data"))),
    signing(
        "another order outside",
        "order",
        lambda r: compact(_only(r.value, "timestamp", "event", "data")),
    ),
    signing("the event alone", "event alone", lambda r: r.value["event"]),
    signing("the message alone", "userMessage", lambda r: r.data["userMessage"]),
    signing(
        "the values joined",
        "values",
        lambda r: "".join([r.value["event"], r.value["timestamp"], "[object Object]"]),
    ),
    signing("sorted keys", "keys sorted", lambda r: compact(r.value, sort_keys=True)),
    signing(
        "inner keys sorted",
        "inner keys sorted",
        lambda r: compact({**r.value, "data": dict(sorted(r.data.items()))}),
    ),
    signing("outer keys sorted", "keys", lambda r: compact(dict(sorted(r.value.items())))),
    signing(
        "stringify with a list of keys",
        "outer keys",
        lambda r: compact(
            {"data": {}, "event": r.value["event"], "timestamp": r.value["timestamp"]}
        ),
    ),
    signing("without nulls", "null", lambda r: compact(without(r.value))),
    signing("null as empty", "null", lambda r: compact(nulls_as(r.value, ""))),
    signing("absent keys as null", "absent", lambda r: compact(typed(r, None))),
    signing("absent keys as empty", "absent", lambda r: compact(nulls_as(typed(r, ""), ""))),
    signing("absent keys as null, in Python", "Python", lambda r: json.dumps(typed(r, None))),
    signing("zeros trimmed from the date", "date as", lambda r: _dated(r, trimmed)),
    signing("no milliseconds", "date as", lambda r: _dated(r, lambda s: s[:19] + "Z")),
    signing("+00:00 for Z", "date as", lambda r: _dated(r, lambda s: s[:-1] + "+00:00")),
    signing("six digits", "date as", lambda r: _dated(r, lambda s: s[:-1] + "000Z")),
    signing("no zone", "date as", lambda r: _dated(r, lambda s: s[:-1])),
    signing("a local date", "date as", lambda r: _dated(r, _in_paris)),
    signing("the date as a number", "date as", lambda r: _dated(r, _milliseconds)),
    signing(
        "indented by two", "two spaces", lambda r: json.dumps(r.value, indent=2, ensure_ascii=False)
    ),
    signing(
        "indented by four",
        "four spaces",
        lambda r: json.dumps(r.value, indent=4, ensure_ascii=False),
    ),
    signing(
        "indented by tabs", "tabs", lambda r: json.dumps(r.value, indent="\t", ensure_ascii=False)
    ),
    signing(
        "indented with CR LF",
        "CR LF",
        lambda r: json.dumps(r.value, indent=2, ensure_ascii=False).replace("\n", "\r\n"),
    ),
    signing(
        "indented, and a line break",
        "line break",
        lambda r: json.dumps(r.value, indent=2, ensure_ascii=False) + "\n",
    ),
    signing("an object around it", "object around", lambda r: compact({"body": r.value})),
)


def _only(value: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value[name] for name in names}


def _units(text: str, limit: int) -> bytes:
    raw = text.encode("utf-16-le")
    units = [raw[at] | raw[at + 1] << 8 for at in range(0, len(raw), 2)]
    return bytes(unit if unit < limit else ord("?") for unit in units)


def _in_paris(stamp: str) -> str:
    """DateTimeZoneHandling.Local of Newtonsoft's, in summer; no sample is of after ten at night."""
    return f"{stamp[:11]}{int(stamp[11:13]) + 2:02d}{trimmed(stamp)[13:-1]}+02:00"


def _milliseconds(stamp: str) -> int:
    from datetime import datetime

    return round(datetime.fromisoformat(stamp).timestamp() * 1000)


def _spelt(value: Any, spell: Callable[[str], str]) -> Any:
    if not isinstance(value, dict):
        return value
    return {spell(key): _spelt(item, spell) for key, item in value.items()}
