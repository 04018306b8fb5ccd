"""The bytes of real serialisers, in Python and in programs of other languages: each is named."""

from __future__ import annotations

import base64
import json
import pprint
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import flask
import msgspec
import orjson
import pydantic
import pytest
import rapidjson
import simplejson
import ujson
from django.core.serializers.json import DjangoJSONEncoder
from django.http import JsonResponse
from rest_framework.renderers import JSONRenderer

from tests.webhooks.wrong_ways.samples import SAMPLES
from tests.webhooks.wrong_ways.way import SECRET, compact
from webhooks.diagnosis import Diagnosis, diagnose
from webhooks.signing import sign

# The tables of wrong ways go the same paths; coverage makes a search take three times as long.
pytestmark = pytest.mark.no_cover

LANGUAGES: Final = Path(__file__).parent / "wrong_ways" / "languages"
BODIES: Final = list(SAMPLES.values())
# Each thing in which libraries differ is in one of these.
SOME: Final = [BODIES[at] for at in (1, 4, 5, 6, 8)]

Made = bytes | str
Form = tuple[str, Callable[[Any], Made]]


def check(body: bytes, made: Made, named: str) -> bool:
    """Whether `made` is wrong, and then named as it should be."""
    signed = made.encode() if isinstance(made, str) else made
    if signed == body:
        return False
    found = diagnose(SECRET, body, sign(SECRET, signed))
    assert not found.matches
    assert named in words_of(found), f"{signed!r}: {found.diagnosis}"
    return True


def words_of(found: Diagnosis) -> str:
    named = (f"{one.library} {one.language}" for one in found.candidates)
    return f"{found.diagnosis} {'; '.join(named)}"


def _jsonify(debug: bool) -> Callable[[Any], Made]:
    app = flask.Flask("receiver")
    app.debug = debug

    def made(value: Any) -> Made:
        with app.app_context():
            return flask.jsonify(value).get_data()

    return made


class _Data(pydantic.BaseModel):
    chatlogId: str
    userMessage: str
    email: str | None = None
    name: str | None = None
    phoneNumber: str | None = None
    chatbotId: str
    chatbotName: str


class _LiveChat(pydantic.BaseModel):
    event: str
    timestamp: datetime
    data: _Data


class _AsText(pydantic.BaseModel):
    event: str
    timestamp: str
    data: _Data


class _Struct(msgspec.Struct):
    event: str
    timestamp: datetime
    data: dict[str, Any]


def _dated(value: Any) -> Any:
    return {**value, "timestamp": datetime.fromisoformat(value["timestamp"])}


def _struct(value: Any) -> _Struct:
    return msgspec.convert(value, _Struct)


FORMS: Final[tuple[Form, ...]] = (
    ("json.dumps", json.dumps),
    ("json.dumps", lambda v: json.dumps(v, ensure_ascii=False)),
    ("json.dumps", lambda v: json.dumps(v, separators=(",", ":"))),
    ("json.dumps", lambda v: json.dumps(v, sort_keys=True)),
    ("json.dumps", lambda v: json.dumps(v, sort_keys=True, separators=(",", ":"))),
    ("json.dumps", lambda v: json.dumps(v, sort_keys=True, ensure_ascii=False)),
    (
        "json.dumps",
        lambda v: json.dumps(v, sort_keys=True, separators=(",", ":"), ensure_ascii=False),
    ),
    ("json.dumps", lambda v: json.dumps(v, indent=2)),
    ("json.dumps", lambda v: json.dumps(v, indent=4)),
    ("json.dumps", lambda v: json.dumps(v, indent=4, sort_keys=True)),
    ("json.dumps", lambda v: json.dumps(v, indent=2, ensure_ascii=False)),
    ("json.dumps", lambda v: json.dumps(v, separators=(",", ": "))),
    ("json.dumps", lambda v: json.dumps(v, separators=(", ", ":"))),
    ("json.dumps", lambda v: json.dumps(v, indent=0)),
    ("json.dumps", lambda v: json.dumps(v, indent=1)),
    ("json.dumps", lambda v: json.dumps(v, indent=3)),
    ("json.dumps", lambda v: json.dumps(v, indent="\t")),
    ("json.dumps", lambda v: json.dumps(v, indent=2, separators=(",", ":"))),
    ("json.dumps", lambda v: json.dumps(v, indent=4, separators=(",", ":"))),
    ("json.dumps", lambda v: json.dumps(v, indent=1, sort_keys=True)),
    ("JSON of JSON", lambda v: json.dumps(json.dumps(v))),
    ("JSON of JSON", lambda v: json.dumps(json.dumps(v, separators=(",", ":")))),
    ("JSON of JSON", lambda v: json.dumps(json.dumps(v, ensure_ascii=False), ensure_ascii=False)),
    ("JSON of JSON", lambda v: json.dumps(json.dumps(v, indent=2))),
    ("JSON of JSON", lambda v: orjson.dumps(json.dumps(v))),
    ("pprint.pformat", pprint.pformat),
    ("pprint.pp", lambda v: f"{pprint.pformat(v, sort_dicts=False)}\n"),
    ("ascii()", ascii),
    ("json.dumps", lambda v: json.dumps(v["data"])),
    ("json.dumps", lambda v: json.dumps(v["data"], sort_keys=True)),
    ("json.dumps", lambda v: json.dumps(v["data"], separators=(",", ":"))),
    ("json.dumps", lambda v: json.dumps({**v, "timestamp": _dated(v)["timestamp"].isoformat()})),
    ("json.dumps", lambda v: json.dumps(_dated(v), default=str)),
    ("JSON of JSON", lambda v: json.dumps(compact(v))),
    ("str()", str),
    ("json.tool", lambda v: json.dumps(v, indent=4) + "\n"),
    ("Python", lambda v: JsonResponse(v).content),
    ("spaces after", lambda v: json.dumps(v, cls=DjangoJSONEncoder)),
    ("Python", lambda v: JSONRenderer().render(v)),
    ("Flask", _jsonify(debug=False)),
    ("Flask", _jsonify(debug=True)),
    ("orjson", lambda v: orjson.dumps(v, option=orjson.OPT_SORT_KEYS)),
    ("orjson", lambda v: orjson.dumps(v, option=orjson.OPT_INDENT_2)),
    ("orjson", lambda v: orjson.dumps(v, option=orjson.OPT_APPEND_NEWLINE)),
    ("orjson", lambda v: orjson.dumps(v, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)),
    ("orjson", lambda v: orjson.dumps(v["data"])),
    ("orjson", lambda v: orjson.dumps(_dated(v))),
    ("orjson", lambda v: orjson.dumps(_dated(v), option=orjson.OPT_UTC_Z)),
    ("simplejson", simplejson.dumps),
    ("simplejson", lambda v: simplejson.dumps(v, ensure_ascii=False)),
    ("simplejson", lambda v: simplejson.dumps(v, indent="  ")),
    ("simplejson", lambda v: simplejson.dumps(v, cls=simplejson.JSONEncoderForHTML)),
    ("ujson", ujson.dumps),
    ("ujson", lambda v: ujson.dumps(v, ensure_ascii=False)),
    ("ujson", lambda v: ujson.dumps(v, escape_forward_slashes=False)),
    ("ujson", lambda v: ujson.dumps(v, encode_html_chars=True)),
    ("ujson", lambda v: ujson.dumps(v, sort_keys=True)),
    ("ujson", lambda v: ujson.dumps(v, indent=1)),
    ("ujson", lambda v: ujson.dumps(v, indent=3)),
    ("ujson", lambda v: ujson.dumps(v, indent=4)),
    ("ujson", lambda v: ujson.dumps(v, encode_html_chars=True, ensure_ascii=False)),
    ("ujson", lambda v: ujson.dumps(v["data"])),
    ("rapidjson", rapidjson.dumps),
    ("rapidjson", lambda v: rapidjson.dumps(v, ensure_ascii=False)),
    ("rapidjson", lambda v: rapidjson.dumps(v, sort_keys=True)),
    ("rapidjson", lambda v: rapidjson.dumps(v, indent=2)),
    ("rapidjson", lambda v: rapidjson.dumps(v, write_mode=rapidjson.WM_PRETTY)),
    (
        "rapidjson",
        lambda v: rapidjson.dumps(_dated(v), datetime_mode=rapidjson.DM_ISO8601),
    ),
    ("msgspec", lambda v: msgspec.json.encode(_struct(v))),
    ("msgspec", lambda v: msgspec.json.encode(v, order="sorted")),
    ("msgspec", lambda v: msgspec.json.format(msgspec.json.encode(v))),
)  # fmt: skip
LIVE_CHATS: Final[tuple[Form, ...]] = (
    ("pydantic", lambda v: _LiveChat.model_validate(v).model_dump_json()),
    ("pydantic", lambda v: _LiveChat.model_validate(v).model_dump_json(exclude_none=True)),
    ("pydantic", lambda v: _LiveChat.model_validate(v).model_dump_json(indent=2)),
    ("pydantic", lambda v: _AsText.model_validate(v).model_dump_json()),
    ("pydantic", lambda v: _AsText.model_validate(v).model_dump_json(exclude_none=True)),
    ("json.dumps", lambda v: json.dumps(_AsText.model_validate(v).model_dump())),
    ("json.dumps", lambda v: json.dumps(_LiveChat.model_validate(v).model_dump(mode="json"))),
    ("orjson", lambda v: orjson.dumps(_LiveChat.model_validate(v).model_dump())),
)


@pytest.mark.parametrize("at", range(len(FORMS)), ids=lambda at: f"{FORMS[at][0]} {at}")
def test_what_a_library_of_python_writes_is_named(at: int) -> None:
    named, form = FORMS[at]
    wrong = [check(body, form(json.loads(body)), named) for body in SOME]
    assert any(wrong)


@pytest.mark.parametrize("at", range(len(LIVE_CHATS)), ids=lambda at: f"{LIVE_CHATS[at][0]} {at}")
def test_what_a_model_in_python_writes_is_named(at: int) -> None:
    named, form = LIVE_CHATS[at]
    live_chats = [body for body in BODIES if b"LIVE_CHAT_INITIATED" in body]
    wrong = [check(body, form(json.loads(body)), named) for body in live_chats]
    assert any(wrong)


# ---------------------------------------------------------------- other languages


def _lines() -> bytes:
    return b"".join(base64.b64encode(body) + b"\n" for body in BODIES)


def _run(*command: str) -> Iterator[tuple[bytes, str, bytes]]:
    """What a program makes of the bodies: the body, what is to be named, and the bytes."""
    done = subprocess.run(command, input=_lines(), capture_output=True, check=True, timeout=100)
    for line in done.stdout.decode("ascii").splitlines():
        at, named, made = line.split("\t")
        yield BODIES[int(at)], named, base64.b64decode(made)


def _check_all(*command: str) -> None:
    wrong = [check(body, made, named) for body, named, made in _run(*command)]
    assert len(wrong) >= len(BODIES)
    assert any(wrong)


@pytest.mark.node
def test_what_node_writes_is_named() -> None:
    _check_all("node", str(LANGUAGES / "serialise.js"))


@pytest.mark.languages("ruby")
def test_what_ruby_writes_is_named() -> None:
    _check_all("ruby", str(LANGUAGES / "serialise.rb"))


@pytest.mark.languages("php")
def test_what_php_writes_is_named() -> None:
    _check_all("php", str(LANGUAGES / "serialise.php"))


@pytest.mark.languages("perl")
def test_what_perl_writes_is_named() -> None:
    _check_all("perl", str(LANGUAGES / "serialise.pl"))


@pytest.mark.languages("go")
def test_what_go_writes_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOCACHE", str(tmp_path))
    monkeypatch.setenv("GO111MODULE", "off")
    _check_all("go", "run", str(LANGUAGES / "serialise.go"))


@pytest.mark.languages("jq")
@pytest.mark.parametrize(
    "options",
    [".", "-c .", "-S .", "-cS .", "-a .", "-ca .", "--tab .", "--indent 4 .", "-j .", "-jc .",
     "-jcS .", "-c .data", ".data", "-jc .data", "-S --indent 4 .", "--indent 1 .", "--indent 7 .",
     "--indent 3 .", "-S --indent 1 ."],
)  # fmt: skip
def test_what_jq_writes_is_named(options: str) -> None:
    for body in BODIES:
        done = subprocess.run(
            ["jq", *options.split()], input=body, capture_output=True, check=True, timeout=30
        )
        check(body, done.stdout, "jq")
