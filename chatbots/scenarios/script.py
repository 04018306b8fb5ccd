"""What a scenario's file says, and how it is read: every mistake with its file, line and step.

A scenario is a TOML file (docs/scenarios.md): a title, who the visitors are, and what happens step
by step. The ones that come with the emitter lie beside this module.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

OWN = Path(__file__).parent
MAX_FILE_BYTES = 256 * 1024
MAX_STEPS = 200
MAX_VISITORS = 1000
MAX_SECONDS = 3600.0
MAX_TEXT_LENGTH = 4000
CHANNELS = ("web", "whatsapp")
WAYS = ("email", "leave_email", "form")
NUMBER = "{number}"
DEFAULT_AFTER_SECONDS = 2.0


class Act(StrEnum):
    """What a step does."""

    ASK = "ask"  # The visitor says something to the chatbot.
    PERSON = "person"  # The visitor asks for a person, or says the next thing to them.
    HANDOVER = "handover"  # The visitor's words go to the support e-mail.
    AGENT = "agent"  # An agent replies.
    HAND_BACK = "hand_back"
    CLOSE = "close"


SILENT = frozenset({Act.HAND_BACK, Act.CLOSE})


class Mistake(ValueError):
    """A scenario that cannot be read. Its text is a sentence with file, line and step."""


@dataclass(frozen=True)
class Step:
    """One thing that happens, `after_seconds` after the visitor's step before it."""

    act: Act
    text: str = ""
    after_seconds: float = DEFAULT_AFTER_SECONDS
    via: str = "email"
    fields: Mapping[str, str] = field(default_factory=dict)
    agent_name: str = ""


@dataclass(frozen=True)
class Visitors:
    """Who plays it: `count` visitors who come `within_seconds` of each other."""

    count: int = 1
    within_seconds: float = 0.0
    name: str = ""
    email: str = ""
    phone_number: str = ""


@dataclass(frozen=True)
class Scenario:
    """A conversation to play."""

    name: str
    title: str
    about: str
    channel: str
    visitors: Visitors
    steps: tuple[Step, ...]

    @property
    def steps_all(self) -> int:
        """How many steps are played in all, over every visitor."""
        return len(self.steps) * self.visitors.count


def names() -> list[str]:
    """The scenarios that come with the emitter."""
    return sorted(path.stem for path in OWN.glob("*.toml"))


def load(name_or_path: str) -> Scenario:
    """One of the emitter's own by its name, or any file by its path. Raises Mistake."""
    if name_or_path in names():
        return read_file(OWN / f"{name_or_path}.toml")
    path = Path(name_or_path)
    if path.suffix != ".toml" and not _is_file(path):
        raise Mistake(
            f"There is no scenario {name_or_path[:60]!r}. There are {', '.join(names())}; or name "
            "a .toml file."
        )
    return read_file(path)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # The name is too long for one, say.
        return False


def read_file(path: Path) -> Scenario:
    """The scenario in a file. Raises Mistake."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise Mistake(f"{path} cannot be read: {error.strerror}.") from None
    if len(content) > MAX_FILE_BYTES:
        raise Mistake(f"{path} is larger than {MAX_FILE_BYTES // 1024} KiB.")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Mistake(f"{path.name}, line {line}: this is not UTF-8.") from None
    return read(text, path.name)


def read(text: str, file_name: str) -> Scenario:
    """The scenario that a TOML text tells. Raises Mistake with `file_name`."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"line (\d+)", str(error))
        line = int(where[1]) if where else text.count("\n") + 1
        what = re.sub(r" ?\((?:at [^)]*)\)", "", str(error))
        raise Mistake(f"{file_name}, line {line}: {what}.") from None
    except RecursionError:
        raise Mistake(f"{file_name}: it is nested too deeply.") from None
    except ValueError:  # Python's own bound on the digits of an int.
        raise Mistake(f"{file_name}: a whole number in it has too many digits.") from None
    return _Reader(text, file_name).scenario(table)


class _Reader:
    """Reads one file; knows where in it each table begins."""

    def __init__(self, text: str, file_name: str) -> None:
        self._lines = text.splitlines()
        self._file = file_name

    def scenario(self, table: dict[str, Any]) -> Scenario:
        self._only(table, {"title", "about", "channel", "visitors", "step"}, 1, "")
        title = self._text(table, "title", 1, "")
        if not title:
            raise self._wrong(1, "", "`title` is missing.")
        channel = self._one_of(table, "channel", CHANNELS, 1, "")
        steps = table.get("step", [])
        if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
            raise self._wrong(1, "", "steps are written as [[step]], each with what happens.")
        if not 1 <= len(steps) <= MAX_STEPS:
            raise self._wrong(
                1, "", f"a scenario has 1 to {MAX_STEPS} [[step]]; {len(steps)} here."
            )
        return Scenario(
            name=self._file.removesuffix(".toml"),
            title=title,
            about=self._text(table, "about", 1, ""),
            channel=channel,
            visitors=self._visitors(table.get("visitors", {})),
            steps=tuple(self._step(step, number) for number, step in enumerate(steps, start=1)),
        )

    def _visitors(self, table: object) -> Visitors:
        line = self._line_of(r"\[\s*visitors\s*\]", 1)
        where = "visitors"
        if not isinstance(table, dict):
            raise self._wrong(1, "", "`visitors` is a table: [visitors].")
        keys = {"count", "within_seconds", "name", "email", "phone_number"}
        self._only(table, keys, line, where)
        count = table.get("count", 1)
        if type(count) is not int or not 1 <= count <= MAX_VISITORS:
            raise self._wrong(line, where, f"`count` is a whole number, 1 to {MAX_VISITORS}.")
        return Visitors(
            count=count,
            within_seconds=self._seconds(table, "within_seconds", 0.0, line, where),
            name=self._text(table, "name", line, where, 200),
            email=self._text(table, "email", line, where, 254),
            phone_number=self._text(table, "phone_number", line, where, 40),
        )

    def _step(self, table: dict[str, Any], number: int) -> Step:
        line = self._line_of(r"\[\[\s*step\s*\]\]", number)
        where = f"step {number}"
        acts = [act for act in Act if act in table]
        if len(acts) != 1:
            had = f"has {' and '.join(acts)}" if acts else "has none of them"
            raise self._wrong(line, where, f"a step does one of {', '.join(Act)}; this one {had}.")
        act = acts[0]
        allowed = {
            Act.HANDOVER: {"via", "fields"},
            Act.AGENT: {"name"},
        }.get(act, set())
        self._only(table, {act.value, "after_seconds", *allowed}, line, where)
        if act in SILENT:
            if table[act] is not True:
                raise self._wrong(line, where, f"write `{act} = true`.")
            text = ""
        else:
            text = self._text(table, act.value, line, where, MAX_TEXT_LENGTH)
            if not text.strip():
                raise self._wrong(line, where, f"`{act}` says nothing.")
        return Step(
            act=act,
            text=text,
            after_seconds=self._seconds(table, "after_seconds", DEFAULT_AFTER_SECONDS, line, where),
            via=self._one_of(table, "via", WAYS, line, where),
            fields=self._fields(table.get("fields", {}), line, where),
            agent_name=self._text(table, "name", line, where, 150),
        )

    def _fields(self, fields: object, line: int, where: str) -> dict[str, str]:
        if not isinstance(fields, dict) or not all(
            isinstance(value, str) for value in fields.values()
        ):
            raise self._wrong(line, where, '`fields` are the form\'s: { "Order" = "4711" }.')
        return fields

    def _text(self, table: dict[str, Any], key: str, line: int, where: str, most: int = 500) -> str:
        value = table.get(key, "")
        if not isinstance(value, str):
            raise self._wrong(line, where, f'`{key}` is a text: {key} = "…".')
        if len(value) > most:
            raise self._wrong(
                line, where, f"`{key}` has {len(value)} characters; {most} is the most."
            )
        if "\0" in value:
            raise self._wrong(line, where, f"`{key}` has a NUL character.")
        return value

    def _seconds(
        self, table: dict[str, Any], key: str, default: float, line: int, where: str
    ) -> float:
        value = table.get(key, default)
        # A bool is an int to Python; inf and nan are floats to TOML.
        if type(value) not in (int, float) or not 0 <= value <= MAX_SECONDS:
            raise self._wrong(
                line, where, f"`{key}` is a number of seconds, 0 to {MAX_SECONDS:.0f}."
            )
        return float(value)

    def _one_of(
        self, table: dict[str, Any], key: str, choices: tuple[str, ...], line: int, where: str
    ) -> str:
        value = table.get(key, choices[0])
        if value not in choices:
            raise self._wrong(line, where, f"`{key}` is one of {', '.join(choices)}.")
        return str(value)

    def _only(self, table: dict[str, Any], keys: set[str], line: int, where: str) -> None:
        for key in table:
            if key not in keys:
                raise self._wrong(
                    line,
                    where,
                    f"`{key}` has no meaning here; there are {', '.join(sorted(keys))}.",
                )

    def _line_of(self, header: str, number: int) -> int:
        """The line of the `number`th such header; 1 where it is written otherwise."""
        pattern = re.compile(rf"\s*{header}")
        found = [at for at, line in enumerate(self._lines, start=1) if pattern.match(line)]
        return found[number - 1] if number <= len(found) else 1

    def _wrong(self, line: int, where: str, sentence: str) -> Mistake:
        return Mistake(f"{self._file}, line {line}{f' ({where})' if where else ''}: {sentence}")
