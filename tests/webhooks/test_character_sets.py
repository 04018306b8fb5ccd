"""Names of character sets mean what they mean on the web."""

from __future__ import annotations

import codecs

import pytest

from webhooks import character_sets
from webhooks.character_sets import LABELS
from webhooks.readable import read

EACH = [(label, name) for name, labels in LABELS.items() for label in labels.split()]


def test_each_label_stands_once_and_for_a_codec() -> None:
    assert len({label for label, _ in EACH}) == len(EACH) > 220
    for label, name in EACH:
        assert codecs.lookup(name).name
        assert label == label.lower().strip()


@pytest.mark.parametrize(("label", "name"), EACH)
def test_each_label_is_known_however_it_is_typed(label: str, name: str) -> None:
    for typed in (label, label.upper(), f" {label} ", f'"{label}"'):
        assert character_sets.codec(typed) == name


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        ("shift_jis", b"\x87\x40\x87\x8a\xfb\xfc", "①㈱髙"),
        ("x-sjis", b"\x91\xe5\x82\xab\x82\xb3\\", "大きさ\\"),
        ("windows-31j", b"\x87\x54\xb1", "Ⅰｱ"),
        ("euc-kr", b"\x8c\x63", "똠"),
        ("ks_c_5601-1987", b"\xc5\xa9\xb1\xe2", "크기"),
        ("big5", b"\xf9\xd8\xa4\x6a", "裏大"),
        ("gb2312", b"\xb4\xf3\x95\x8d", "大晬"),
        ("gbk", b"\x81\x30\x81\x30", "\x80"),
        ("euc-jp", b"\xc2\xe7\xa4\xad\x8e\xb1", "大きｱ"),
        ("iso-2022-jp", b"\x1b$BBg$-\x1b(B!", "大き!"),
        ("iso-2022-jp", b"\x1b(I1\x1b(B!", "ｱ!"),
        ("windows-874", b"\xa1\x80", "ก€"),
        ("tis-620", b"\xa1\x85", "ก…"),
        ("iso-8859-11", b"\xa1", "ก"),
        ("iso-8859-8-i", b"\xe0", "א"),
        ("iso-8859-8-e", b"\xe0", "א"),
        ("iso-8859-6-e", b"\xc7", "ا"),
        ("x-mac-cyrillic", b"\x80\xff", "А€"),
        ("x-mac-roman", b"\x8a\xdb", "ä€"),
        ("koi8-ru", b"\xc1", "а"),
        ("us-ascii", b"\x93\x80\x94", "“€”"),
        ("latin_1", b"\x80", "€"),
        ("iso-8859-9", b"\x80\xfd", "€ı"),
        ("x-cp1251", b"\xc6", "Ж"),
        ("unicode", b"\xdf\x00", "ß"),
        ("utf-16", b"\xdf\x00", "ß"),
        ("unicodefffe", b"\x00\xdf", "ß"),
        ("unicode-1-1-utf-8", b"\xc3\x9f", "ß"),
        # Beside the table.
        ("cp437", b"\x81", "ü"),
        ("utf-32le", b"\xdf\x00\x00\x00", "ß"),
    ],
)
def test_a_body_is_read_as_browsers_read_it(charset: str, body: bytes, text: str) -> None:
    found = read({"Content-Type": f"text/plain; charset={charset}"}, body)
    assert found.text == text


@pytest.mark.parametrize("name", ["", "x-user-defined", "base64", "idna", "utf-7", "no-such", "\0"])
def test_what_is_no_character_set_is_called_none(name: str) -> None:
    assert character_sets.codec(name) == ""
