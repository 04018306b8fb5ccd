"""What is made of a text without a pattern is what the pattern makes of it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.diagnosis import retyped

ECHOED = dict(zip("abfnrtv\\", "\a\b\f\n\r\t\v\\", strict=True))
PATTERNS: dict[Callable[[str], str], Callable[[str], str]] = {
    retyped.without_tags: lambda text: re.sub(r"<[^>]*>", "", text),
    retyped.with_slashes: lambda text: re.sub(r"(['\"\\])", r"\\\1", text),
    retyped.without_slashes: lambda text: re.sub(r"\\(.)", r"\1", text),
    retyped.echoed: lambda text: re.sub(r"\\([abfnrtv\\])", lambda found: ECHOED[found[1]], text),
    retyped.printed: lambda text: re.sub(
        r"\\([abfnrtv\\\"])", lambda found: ECHOED.get(found[1], found[1]), text
    ),
    retyped.without_spaces: lambda text: re.sub(r"\s", "", text),
    retyped.single_spaces: lambda text: re.sub(r"\s+", " ", text),
}
TEXTS = st.text(st.sampled_from("\\\\\\abfnrtvx'\"<>& \n\t\u00a0\u2028\x1c;#")) | st.text()


@pytest.mark.parametrize("made", PATTERNS, ids=lambda made: made.__name__)
@given(text=TEXTS)
def test_it_is_what_the_pattern_makes(made: Callable[[str], str], text: str) -> None:
    assert made(text) == PATTERNS[made](text)


@given(text=st.text(st.sampled_from("&&&amp;lt#x41 \n")))
def test_slices_cut_no_entity(text: str) -> None:
    long = text + "&amp" * retyped.SLICE + text
    looks: list[None] = []
    assert retyped.unescaped(long, lambda: looks.append(None)) == html.unescape(long)
    assert len(looks) > 1
