"""Scenarios: what a file may say, and how it is played."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbots.scenarios import script
from chatbots.scenarios.player import Outcome, Visitor, play

HEAD = 'title = "x"\n'


@pytest.mark.parametrize("name", script.names())
def test_the_emitters_own_can_be_read(name: str) -> None:
    read = script.load(name)
    assert read.name == name
    assert read.about
    assert read.steps


def test_there_are_the_four_that_the_docs_promise() -> None:
    promised = {"annoyed-shopper", "whatsapp-after-hours", "form-handover", "hundred-visitors"}
    assert promised <= set(script.names())
    assert script.load("hundred-visitors").visitors.count == 100


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("title = ", "f.toml, line 1: Invalid value."),
        ('a = 1\na = 2\n[[step]]\nask = "q"', "f.toml, line 2: Cannot overwrite a value."),
        ('[[step]]\nask = "q"', "f.toml, line 1: `title` is missing."),
        (HEAD, "f.toml, line 1: a scenario has 1 to 200 [[step]]; 0 here."),
        (HEAD + "step = 3", "f.toml, line 1: steps are written as [[step]]"),
        (HEAD + 'mood = 1\n[[step]]\nask = "q"', "line 1: `mood` has no meaning here; there are"),
        (HEAD + 'channel = "fax"\n[[step]]\nask = "q"', "`channel` is one of web, whatsapp."),
        (HEAD + 'visitors = 3\n[[step]]\nask = "q"', "`visitors` is a table: [visitors]."),
        (
            HEAD + '\n[visitors]\ncount = true\n[[step]]\nask = "q"',
            "f.toml, line 3 (visitors): `count` is a whole number, 1 to 1000.",
        ),
        (
            HEAD + '[[step]]\nask = "q"\n\n[[step]]\nask = "a"\nagent = "b"',
            "f.toml, line 5 (step 2): a step does one of ask, person, handover, agent, hand_back, ",
        ),
        (HEAD + '[[step]]\nask = "a"\nagent = "b"', "close; this one has ask and agent."),
        (HEAD + '[[step]]\nasks = "q"', "line 2 (step 1): a step does one of"),
        (HEAD + '[[step]]\nask = "q"\nname = "Ann"', "line 2 (step 1): `name` has no meaning"),
        (HEAD + '[[step]]\nask = "q"\nvia = "form"', "`via` has no meaning here"),
        (HEAD + "[[step]]\nask = 7", "(step 1): `ask` is a text"),
        (HEAD + '[[step]]\nask = " "', "(step 1): `ask` says nothing."),
        (HEAD + '[[step]]\nask = "a\\u0000b"', "`ask` has a NUL character."),
        (HEAD + f'[[step]]\nask = "{"a" * 4001}"', "`ask` has 4001 characters; 4000 is the most."),
        (HEAD + "[[step]]\nclose = false", "write `close = true`."),
        (HEAD + '[[step]]\nask = "q"\nafter_seconds = -1', "`after_seconds` is a number of"),
        (HEAD + '[[step]]\nask = "q"\nafter_seconds = nan', "`after_seconds` is a number of"),
        (HEAD + '[[step]]\nask = "q"\nafter_seconds = true', "`after_seconds` is a number of"),
        (HEAD + '[[step]]\nhandover = "q"\nvia = "fax"', "one of email, leave_email, form."),
        (HEAD + '[[step]]\nhandover = "q"\nfields = {a = 1}', "`fields` are the form's"),
    ],
)
def test_a_mistake_is_said_with_its_line_and_step(text: str, sentence: str) -> None:
    with pytest.raises(script.Mistake) as mistake:
        script.read(text, "f.toml")
    assert sentence in str(mistake.value)


@pytest.mark.parametrize(
    "text",
    [
        *("a=" + "[" * 3000, "a=" + "{b=" * 2000 + "1" + "}" * 2000, "a=" + "[{b=" * 2000),
        *(f"[visitors]\ncount={'9' * 5000}", f"a = [0, {{b = -{'1_' * 5000}1}}]"),
        *(
            f"{HEAD}[[step]]\nafter_seconds = {'1' * 4299}",
            f"{HEAD}[visitors]\ncount=0x{'f' * 5000}",
        ),
        *(f"{HEAD}a{'.b' * 900} = 1", f"[{'a.' * 900}b]", "a=1e" + "9" * 5000),
    ],
)
def test_what_is_deep_or_long_is_a_mistake_in_one_line(text: str) -> None:
    with pytest.raises(script.Mistake, match=r"^f\.toml.*\.$"):
        script.read(text, "f.toml")


PIECES = [*"[]{}=.,-+_\"'\\#:TZ0189ex \n\0\ud800", "a", "step", "[[step]]\n", "\nask='a'", HEAD]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_whatever_stands_in_a_file_is_played_or_a_mistake(text: str) -> None:
    with contextlib.suppress(script.Mistake):
        script.read(text, "f.toml")


def test_a_file_that_is_no_text_or_not_there_is_said_so(tmp_path: Path) -> None:
    odd = tmp_path / "odd.toml"
    odd.write_bytes(b'title = "x"\nabout = "\xff"')
    with pytest.raises(script.Mistake, match=r"odd.toml, line 2: this is not UTF-8"):
        script.load(str(odd))
    with pytest.raises(script.Mistake, match=r"gone.toml cannot be read: No such file"):
        script.load(str(tmp_path / "gone.toml"))
    with pytest.raises(script.Mistake, match=r"There is no scenario 'nonsense'. There are anno"):
        script.load("nonsense")


class Told:
    """A stage that writes down when each thing was done."""

    def __init__(self) -> None:
        self.at = 0.0
        self.done: list[tuple[float, int, str]] = []

    def wait(self, seconds: float) -> bool:
        self.at += seconds
        return True

    def _note(self, visitor: Visitor, what: str) -> Outcome:
        visitor.chatlog_id = f"c{visitor.number}"
        self.done.append((round(self.at, 3), visitor.number, what))
        return Outcome()

    def ask(self, visitor: Visitor, text: str) -> Outcome:
        return self._note(visitor, text)

    def person(self, visitor: Visitor, text: str) -> Outcome:
        return self._note(visitor, text)

    def handover(self, visitor: Visitor, text: str, via: str, fields: Mapping[str, str]) -> Outcome:
        return self._note(visitor, f"{text} {via} {dict(fields)}")

    def agent(self, visitor: Visitor, text: str, name: str) -> Outcome:
        return self._note(visitor, f"{name}: {text}")

    def hand_back(self, visitor: Visitor) -> Outcome:
        return self._note(visitor, "hand back")

    def close(self, visitor: Visitor) -> Outcome:
        return self._note(visitor, "close")


MANY = """
title = "x"
[visitors]
count = 2
within_seconds = 6
name = "V{number}"
[[step]]
after_seconds = 0
ask = "I am {number}"
[[step]]
after_seconds = 4
person = "p"
[[step]]
after_seconds = 10
close = true
"""


def test_every_visitor_plays_all_steps_in_order_and_in_time() -> None:
    told = Told()
    read = script.read(MANY, "f.toml")
    played = list(play(read, told, wait=told.wait, now=lambda: told.at))
    assert told.done == [
        (0, 1, "I am 1"),
        (3, 2, "I am 2"),
        (4, 1, "p"),
        (7, 2, "p"),
        (14, 1, "close"),
        (17, 2, "close"),
    ]
    assert [step.visitor.name for step in played[:2]] == ["V1", "V2"]
    assert len(played) == read.steps_all == 6


def test_speed_makes_it_that_many_times_as_fast() -> None:
    told = Told()
    list(play(script.read(MANY, "f.toml"), told, speed=10, wait=told.wait, now=lambda: told.at))
    assert [at for at, _, _ in told.done] == [0, 0.3, 0.4, 0.7, 1.4, 1.7]


def test_it_ends_at_once_when_it_is_told_to() -> None:
    told = Told()
    read = script.read(MANY, "f.toml")
    stop = play(read, told, wait=lambda _: len(told.done) < 3, now=lambda: told.at)
    assert len(list(stop)) == 3


def test_an_agent_says_nothing_to_a_visitor_who_has_not_come() -> None:
    told = Told()
    read = script.read(HEAD + '[[step]]\nagent = "Hi"\nname = "Ann"', "f.toml")
    played = list(play(read, told, wait=told.wait, now=lambda: told.at))
    assert told.done == []
    assert played[0].outcome.reason == "The visitor has not said anything yet."
