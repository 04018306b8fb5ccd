"""Bytes that JavaScript gives back unchanged; the real node says whether they are."""

from __future__ import annotations

import json
import struct
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbots import jsonbytes
from chatbots.jsonbytes import NotExact
from tests.chatbots import node
from tests.chatbots.examples import collect

needs_node = pytest.mark.skipif(node.NODE is None, reason="node is not installed")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["\0", "\u2028\u2029", "\x7f\x80\x9f", "\b\f\n\r\t\x0b\x1f", '"\\/', "</script>", "🎉", "مرحبا"]
)
integer_like = st.integers(min_value=0, max_value=2**33).map(str)
keys = (
    texts
    | integer_like
    | st.sampled_from(["__proto__", "constructor", "toString", "-1", "01", "1.5", "4294967295"])
)
doubles = st.floats(allow_nan=False, allow_infinity=False) | st.binary(min_size=8, max_size=8).map(
    lambda raw: struct.unpack("d", raw)[0]
).filter(lambda d: d == d and abs(d) != float("inf"))
exact_integers = st.integers(min_value=-(2**53), max_value=2**53) | st.integers(
    min_value=0, max_value=2**53
).map(lambda n: n * 2**40)
values = st.recursive(
    st.none() | st.booleans() | doubles | exact_integers | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(keys, inner, max_size=6),
    max_leaves=25,
)


def same(one: Any, other: Any) -> bool:
    """Whether JavaScript could not tell `one` from `other`: its numbers are doubles."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, int | float) and not isinstance(one, bool):
        return float(one) == float(other)
    return bool(one == other)


@pytest.mark.node
@needs_node
def test_node_gives_every_encoded_value_back_byte_for_byte() -> None:
    bodies = [jsonbytes.encode(value) for value in collect(values, 600)]
    again = node.stringify_parse(bodies)
    assert len(again) == len(bodies)
    for mine, theirs in zip(bodies, again, strict=True):
        assert mine == theirs


@pytest.mark.node
@needs_node
def test_node_prints_every_double_as_we_do() -> None:
    edges = [0.1, 1e21, 1e20, 123456789012345680000.0, 1e-6, 1e-7, 1.5e-6, 5e-324, 1e16, -0.0]
    edges += [1.7976931348623157e308, 2.0**53, 2.0**64, 0.00001234, 100.0, 1e22, 999999999999999.9]
    body = jsonbytes.encode(edges + collect(doubles, 1500))
    assert node.stringify_parse([body]) == [body]


@pytest.mark.node
@needs_node
def test_whatever_text_decodes_and_encodes_is_a_fixed_point_in_node() -> None:
    posted = [
        b'{"b":1,"a":{"10":1,"9":2,"x":3,"01":4,"-1":5}}',
        b'{"__proto__":{"x":1},"constructor":1,"toString":null}',
        b'{"n":[1.0,1e2,-0,-0.0,1E-7,123456789012345680000,0.1e1,1e-400]}',
        '{"t":"\\u2028\\u2029 \u2028 \\ud83c\\udf89 \\/ \\u0000 \\u001F \u007f"}'.encode(),
        b' [ 1 , "two" , { } , [ ] ] ',
        b'"just text"',
    ]
    bodies = [jsonbytes.encode(jsonbytes.decode(body)) for body in posted]
    assert node.stringify_parse(bodies) == bodies


@settings(deadline=None)
@given(values)
def test_encoding_changes_no_value_and_is_compact_utf8(value: Any) -> None:
    body = jsonbytes.encode(value)
    again = jsonbytes.decode(body)
    assert jsonbytes.encode(again) == body
    assert same(again, value)


@settings(deadline=None)
@given(st.text(max_size=40) | st.binary(max_size=40).map(lambda raw: raw.decode("latin1")))
def test_any_text_is_parsed_or_refused_with_a_sentence(text: str) -> None:
    raw = text.encode("utf-8", "surrogatepass")
    refused = None
    value = None
    try:
        value = jsonbytes.decode(raw)
    except NotExact as error:
        refused = error
    if refused is None:
        assert value == json.loads(raw)
    else:
        assert refused.sentence.endswith(".")


@pytest.mark.parametrize(
    ("value", "path", "words"),
    [
        ({"a": [1, {"b": "\ud800"}]}, "a[1].b", "half of a surrogate pair"),
        ({"a": {"x\udfff": 1}}, "a", "half of a surrogate pair"),
        ({"n": 2**53 + 1}, "n", "cannot hold exactly"),
        ({"n": -(10**400)}, "n", "cannot hold exactly"),
        ([float("nan")], "[0]", "cannot hold"),
        ({"a b": [float("inf")]}, "['a b'][0]", "cannot hold"),
        ({"a": {1: 2}}, "a", "not a string"),
        ({"a": b"bytes"}, "a", "bytes"),
    ],
)
def test_what_javascript_could_not_hold_is_refused_by_path(
    value: object, path: str, words: str
) -> None:
    with pytest.raises(NotExact, match=words) as refused:
        jsonbytes.encode(value)
    assert refused.value.path == path
    with pytest.raises(NotExact) as refused:
        jsonbytes.encode(value, path="data")
    assert refused.value.path.startswith("data")


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ('{"a":{"b":1,"c":2,"b":3}}', "a", "'b' twice"),
        ('{"a":1,"\\u0061":2}', "", "'a' twice"),
        ('[{"x":[1e400]}]', "[0].x[0]", "past what a double can hold"),
        ('{"x":-1e999}', "x", "past what a double can hold"),
        ('{"x":' + "9" * 5000 + "}", "x", "past what a double can hold"),
        ('{"x":NaN}', "x", "NaN, which is not JSON"),
        ('{"x":[-Infinity]}', "x[0]", "-Infinity, which is not JSON"),
        ("{'x':1}", "", "not JSON: .* at line 1, column 2"),
        ("", "", "not JSON"),
        ("\ufeff{}", "", "not JSON"),
        ("[" * 100_000, "", "nested more than"),
    ],
)
def test_a_text_that_says_what_no_receiver_could_see_is_refused(
    text: str, path: str, words: str
) -> None:
    with pytest.raises(NotExact, match=words) as refused:
        jsonbytes.decode(text.encode())
    assert refused.value.path == path


def test_bytes_that_are_not_utf8_are_refused() -> None:
    with pytest.raises(NotExact, match="not UTF-8"):
        jsonbytes.decode(b'{"x":"\xff"}')


def test_half_a_surrogate_in_escapes_is_refused_when_encoded() -> None:
    with pytest.raises(NotExact, match="half of a surrogate pair"):
        jsonbytes.encode(jsonbytes.decode(b'{"x":"\\ud83d"}'))


def test_depth_is_bounded_and_the_bound_is_inclusive() -> None:
    def nested(depth: int) -> Any:
        value: Any = 1
        for _ in range(depth):
            value = [value]
        return value

    jsonbytes.encode(nested(jsonbytes.MAX_DEPTH))
    with pytest.raises(NotExact, match="nested more than 64 levels"):
        jsonbytes.encode(nested(jsonbytes.MAX_DEPTH + 1))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (-0.0, "0"),
        (-0, "0"),
        (2**60, "1152921504606847000"),
        (2**53, "9007199254740992"),
        (65716127824971290, "65716127824971290"),
        (1e21, "1e+21"),
        (1e-7, "1e-7"),
        (0.000001, "0.000001"),
        (True, "true"),
    ],
)
def test_numbers_have_javascripts_form(value: float, text: str) -> None:
    assert jsonbytes.encode(value).decode() == text


def test_keys_like_array_indices_come_first_in_rising_order() -> None:
    assert jsonbytes.encode({"b": 0, "10": 1, "9": 2, "01": 3, "4294967295": 4}) == (
        b'{"9":2,"10":1,"b":0,"01":3,"4294967295":4}'
    )


def test_many_integer_keys_and_long_keys_cost_no_more_than_their_length() -> None:
    def seconds(size: int) -> float:
        """The least of three: what the machine does besides only ever adds."""
        many = {str(n): 0 for n in range(6 * size, 0, -1)} | {"k" * (20 * size): [0] * (3 * size)}
        found = []
        for _ in range(3):
            before = time.thread_time()
            jsonbytes.encode(many)
            found.append(time.thread_time() - before)
        return min(found)

    # Ten times the size; work that grows with its square takes a hundred times.
    assert seconds(10_000) < 40 * seconds(1000)


@pytest.mark.parametrize("value", ["1", "[]", "{}", '""', '"\\\\"', '"\\""', "null", '{"a":1}'])
def test_a_large_body_has_no_more_values_than_the_largest_small_one(value: str) -> None:
    fits = f"[{','.join([value] * (jsonbytes.MAX_VALUES // 3))}]".encode()
    assert len(jsonbytes.decode(fits)) == jsonbytes.MAX_VALUES // 3
    many = f"[{','.join([value] * (2 * jsonbytes.MAX_VALUES))}]".encode()
    assert len(many) > 2 * jsonbytes.MAX_VALUES
    with pytest.raises(NotExact, match="more than 131072 values"):
        jsonbytes.decode(many)


def test_a_large_text_with_many_commas_is_one_value() -> None:
    text = "Well, [yes], {no}, " * 100_000
    assert jsonbytes.decode(jsonbytes.encode({"a": text, 'b"\\': [text, '\\"']})) == {
        "a": text,
        'b"\\': [text, '\\"'],
    }
