"""What each mark of the phrase tables means."""

from __future__ import annotations

import pytest

from chatbots import phrase_notation
from chatbots.misspelling import readings, slips

TABLE = """
    who: human real_person
    whom: @who agent*
    nice: a the nice
    ask: talk/speak to? @nice* @whom
    ask: ^ help me .. now $
    not: never
    alone: @who
    polite: please
"""


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("talk to human ", True),
        ("please speak human ", True),
        ("talk to the nice nice real person today ", True),
        ("talk to agents ", True),
        ("talk to real ", False),
        ("stalk human ", False),
        ("talk to humans ", False),
        ("help me now ", True),
        ("help me one two three four five now ", True),
        ("help me one two three four five six now ", False),
        ("do help me now ", False),
        ("help me now then ", False),
    ],
)
def test_a_phrase_matches_what_its_marks_say(text: str, asks: bool) -> None:
    phrases = phrase_notation.phrases(TABLE, phrase_notation.SPACED)
    assert bool(phrases.ask.search(text)) is asks


def test_alone_is_the_whole_sentence_with_courtesy_round_it() -> None:
    alone = phrase_notation.phrases(TABLE, phrase_notation.SPACED).alone
    assert alone.fullmatch("please real person please ")
    assert not alone.fullmatch("please agent ")


def test_a_script_without_spaces_has_gaps_of_six_characters() -> None:
    ask = phrase_notation.phrases("who: 人間\nask: @who .. 話", phrase_notation.UNSPACED).ask
    assert ask.search("あの人間と一二三四五話す")
    assert not ask.search("人間一二三四五六七話")


def test_a_slip_is_one_letter_and_leaves_the_first_in_place() -> None:
    assert {"hmuan", "humna", "humn", "hhuman", "humann"} <= slips("human")
    assert slips("human").isdisjoint({"human!", "uman", "humen", "womna"})
    assert "opperator" in slips("operator")
    assert "operater" in slips("operator")
    assert slips("want") == {"wnat", "watn", "waant", "wannt", "wantt", "wwant"}


def test_a_word_of_its_own_is_no_slip() -> None:
    assert "persona" in readings(["person"], set())
    assert "persona" not in readings(["person"], {"persona"})
