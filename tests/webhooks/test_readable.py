"""An answer is read as people would: unpacked, in its own character set, within bounds."""

from __future__ import annotations

import gzip
import time
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks import readable
from webhooks.readable import Readable, read

GERMAN = "Größe fehlt – “ungültig”"


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(GERMAN.encode(), mtime=0)),
        ("GZip", gzip.compress(GERMAN.encode(), mtime=0)),
        (
            "x-gzip",
            gzip.compress(GERMAN.encode()[:9], mtime=0)
            + gzip.compress(GERMAN.encode()[9:], mtime=0),
        ),
        ("deflate", zlib.compress(GERMAN.encode())),
        ("deflate", raw_deflate(GERMAN.encode())),
        ("deflate, gzip", gzip.compress(zlib.compress(GERMAN.encode()), mtime=0)),
        ("gzip;q=1", gzip.compress(GERMAN.encode(), mtime=0)),
        ("gzip ; q=1.0, identity", gzip.compress(GERMAN.encode(), mtime=0)),
        ("x-deflate", zlib.compress(GERMAN.encode())),
        ("x-deflate", raw_deflate(GERMAN.encode())),
        ("identity", GERMAN.encode()),
        ("identity, gzip", gzip.compress(GERMAN.encode(), mtime=0)),
        ("", GERMAN.encode()),
    ],
)
def test_a_packed_body_is_unpacked(coding: str, packed: bytes) -> None:
    headers = {"content-ENCODING": coding, "Content-Type": "text/plain; charset=utf-8"}
    assert read(headers, packed) == Readable(GERMAN)


def test_what_was_cut_off_is_unpacked_as_far_as_it_goes() -> None:
    text = "".join(f"line {number}\n" for number in range(5000))
    packed = gzip.compress(text.encode(), mtime=0)
    found = read({"Content-Encoding": "gzip"}, packed[: len(packed) // 2])
    assert len(found.text) > 1000
    assert text.startswith(found.text)


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "aes128gcm", "gzip, br"])
def test_a_coding_that_is_not_known_is_named(coding: str) -> None:
    found = read({"Content-Encoding": coding}, b"\x1b\x00\x00\x00")
    last = coding.rpartition(" ")[2]
    assert found == Readable("", f"4 bytes, compressed with {last}, which is not read here.")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_what_only_says_that_it_is_packed_is_shown_as_it_is(coding: str) -> None:
    found = read({"Content-Encoding": coding}, b"plain, after all")
    assert found.text == "plain, after all"
    assert f"compressed with {coding}, but it is not" in found.note


NO_CODINGS = ["utf-8", "UTF8", "none", "identity, utf-8", "text/html", "*", "base64", "gzip2"]


@pytest.mark.parametrize("coding", NO_CODINGS)
def test_what_is_no_coding_hides_nothing(coding: str) -> None:
    name = coding.rpartition(" ")[2].lower()
    note = f'Its Content-Encoding names "{name}", which is no way to compress.'
    assert read({"Content-Encoding": coding}, b"boo") == Readable("boo", note)
    # Nor what is compressed all the same.
    packed = gzip.compress(GERMAN.encode(), mtime=0)
    assert read({"Content-Encoding": coding}, packed) == Readable(GERMAN, note)


def test_a_name_without_end_is_cut() -> None:
    found = read({"Content-Encoding": "\x1b[31m" + "x" * 10_000}, b"boo")
    assert found.text == "boo"
    assert len(found.note) < 120
    assert found.note.isprintable()


@pytest.mark.parametrize("coding", ["br", "zstd", "deflate", "compress"])
def test_gzip_by_another_name_is_unpacked(coding: str) -> None:
    packed = gzip.compress(GERMAN.encode(), mtime=0)
    assert read({"Content-Encoding": coding}, packed) == Readable(GERMAN)


def test_a_bomb_does_no_harm() -> None:
    bomb = bytes(200 * 1024 * 1024)
    packed = gzip.compress(bomb, 9, mtime=0)
    for coding, body in (
        ("gzip", packed),
        ("gzip, gzip", gzip.compress(packed, 9, mtime=0)[:65536]),
    ):
        began = time.process_time()
        found = read({"Content-Encoding": coding, "Content-Type": "text/html"}, body)
        assert time.process_time() - began < 0.3
        assert len(found.text) <= readable.MOST_SHOWN_BYTES


def test_many_codings_cost_no_more() -> None:
    for coding in ("gzip", "br", "none"):
        assert read({"Content-Encoding": ", ".join([coding] * 10_000)}, b"x").text == "x"


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("text/html; charset=ISO-8859-1", "Größe".encode("latin-1"), "Größe"),
        ("text/html; charset=iso-8859-1", "“10 €”".encode("cp1252"), "“10 €”"),
        ('text/html; charset="Shift_JIS"', "大きさ".encode("shift_jis"), "大きさ"),
        ("text/plain;charset='koi8-r'", "размер".encode("koi8-r"), "размер"),
        ("application/json; charset=utf-16", '{"a":"ß"}'.encode("utf-16"), '{"a":"ß"}'),
        ("text/html; charset=utf-8", "Größe".encode(), "Größe"),
        ("text/html; charset=utf-8", b"\xef\xbb\xbfx", "x"),
        ("text/html; charset=iso-8859-1", b"\xef\xbb\xbf\xc3\x9f", "ß"),
        ("text/html; charset=no-such-set", "Größe".encode(), "Größe"),
        ("text/html; charset=base64", b"Zm9v", "Zm9v"),
        ("text/html; charset=idna", b"xn--mnchen-3ya", "xn--mnchen-3ya"),
        ("text/html", b'<meta charset="windows-1251">' + "Ж".encode("cp1251"), None),
        ("text/html", b"<META http-equiv=x content='text/html; charset=cp1251'>\xc6", None),
        ("application/xml", b'<?xml version="1.0" encoding="ISO-8859-1"?>\xdf', None),
        ("text/html", b'<meta charset="utf-16">\xc3\x9f', None),
        ("text/plain", b'\xc6 <meta charset="windows-1251">', None),
        ("", "Größe".encode(), "Größe"),
        ("", "Größe".encode("latin-1"), "Größe"),
        ("text/plain", "Größe".encode("latin-1"), "Größe"),
        ("", "Größe".encode()[:3], "Gr"),
        ("application/octet-stream", b"\xff\xfe\x00", None),
        ("application/json", b'{"a":"\xff"}', '{"a":"\xff"}'),
        ("application/problem+json", "Größe".encode("latin-1"), "Größe"),
        ("application/json; charset=iso-8859-1", "Größe".encode(), "Größe"),
        ("application/json; charset=iso-8859-1", "Größe".encode("latin-1"), "Größe"),
        ("application/json; charset=iso-2022-jp", "大きさ".encode("iso2022_jp"), "大きさ"),
        ("application/json; charset=utf-16le", "{}ß".encode("utf-16-le"), "{}ß"),
        ("application/json", "Größe – gültig".encode() + b"\xff!", "Größe – gültig\ufffd!"),
        ("application/x-www-form-urlencoded", "Größe".encode("latin-1"), "Größe"),
        ("application/octet-stream", b"\xdf\x00", "\ufffd\x00"),
    ],
)
def test_a_body_is_read_in_its_own_character_set(
    content_type: str, body: bytes, text: str | None
) -> None:
    found = read({"Content-Type": content_type} if content_type else {}, body).text
    if text is not None:
        assert found == text
    elif content_type == "text/plain":
        assert found.startswith("Æ")
    elif content_type != "application/octet-stream":
        assert found[-1] in "Жß"


@given(
    st.dictionaries(
        st.sampled_from(["Content-Encoding", "Content-Type", "X"]),
        st.text()
        | st.sampled_from(["gzip", "deflate", "text/html; charset=", "text/x; charset=x"]),
    ),
    st.binary() | st.binary().map(gzip.compress) | st.binary().map(zlib.compress),
)
def test_anything_can_be_read(headers: dict[str, str], body: bytes) -> None:
    found = read(headers, body)
    assert isinstance(found.text, str)
    assert not found.note or found.note.endswith(".")
