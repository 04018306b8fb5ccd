"""What strangers write cannot steer a terminal, forge a log line or bury one."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbots import printable

BIDI_CONTROLS = {
    chr(code) for code in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
}
# Text in which what steers is frequent, lone surrogates among it.
ODD = st.text(
    st.one_of(
        st.sampled_from(
            "\x00\x07\b\t\n\v\r\x1b\x7f\x85\x9b\u2028\u2029ab [/red]" + "".join(BIDI_CONTROLS)
        ),
        st.characters(),
        st.characters(categories=["Cs"]),
    )
)


def steers(text: str, but: str = "") -> set[str]:
    """The characters of `text` that a terminal or a log acts on."""
    return {
        c
        for c in text
        if c not in but
        and (unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} or c in BIDI_CONTROLS)
    }


@given(ODD, st.integers(1, 50))
def test_a_line_is_one_bounded_line_that_steers_nothing(text: str, most: int) -> None:
    shown = printable.line(text, most)
    assert not steers(shown)
    assert len(shown) <= most
    shown.encode()
    assert printable.line(shown, most) == shown


@given(ODD)
def test_lines_keep_their_breaks_and_steer_nothing_else(text: str) -> None:
    shown = printable.lines(text)
    assert not steers(shown, but="\n")
    shown.encode()


@given(st.dictionaries(ODD, st.one_of(ODD, st.floats(allow_nan=False), st.none(), st.lists(ODD))))
def test_json_steers_nothing_and_reads_back_the_same(value: dict[str, object]) -> None:
    shown = printable.json_line(value)
    assert not steers(shown)
    shown.encode()
    assert json.loads(shown) == json.loads(json.dumps(value))


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Cf", "Zl", "Zp", "Zs"])))
def test_plain_words_stay_as_they_are(text: str) -> None:
    assert printable.line(text, len(text) + 1) == text
    assert printable.lines(text) == text


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("\x1b]0;owned\x07/new", "\N{REPLACEMENT CHARACTER}]0;owned\N{REPLACEMENT CHARACTER}/new"),
        ("fine\r\nERROR root: forged", "fine ERROR root: forged"),
        ("a" * 50_000, "a" * 299 + "…"),
        ("👨‍👩‍👧 می‌خواهم", "👨‍👩‍👧 می‌خواهم"),
        ("\ud800", "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_a_line_of_a_stranger(said: str, shown: str) -> None:
    assert printable.line(said) == shown
