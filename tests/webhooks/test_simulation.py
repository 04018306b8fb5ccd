"""Misbehaviour on purpose: exactly what was asked for, and a plain sentence for anything else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from webhooks import simulation
from webhooks.signing import sign

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"badSignature": True},
        {"badSignature": False, "unknownEvent": True},
        {"copies": 1},
        {"copies": 100},
        {"timestampSkewSeconds": -600},
        {"timestampSkewSeconds": simulation.MAX_SKEW_SECONDS},
        {"badSignature": True, "timestampSkewSeconds": 0, "copies": 3, "unknownEvent": True},
    ],
)
def test_what_may_be_asked_for_is_kept_as_it_is(asked: dict[str, Any]) -> None:
    assert simulation.check(asked) == asked


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        (None, "object"),
        ([], "object"),
        ("copies", "object"),
        (3, "object"),
        ({"copies": 0}, "copies"),
        ({"copies": 101}, "copies"),
        ({"copies": -1}, "copies"),
        ({"copies": 2.0}, "copies"),
        ({"copies": True}, "copies"),
        ({"copies": "3"}, "copies"),
        ({"copies": None}, "copies"),
        ({"badSignature": 1}, "badSignature"),
        ({"badSignature": "true"}, "badSignature"),
        ({"unknownEvent": None}, "unknownEvent"),
        ({"timestampSkewSeconds": 1.5}, "timestampSkewSeconds"),
        ({"timestampSkewSeconds": True}, "timestampSkewSeconds"),
        ({"timestampSkewSeconds": 10**12}, "timestampSkewSeconds"),
        ({"timestampSkewSeconds": -(10**30)}, "timestampSkewSeconds"),
        ({"badsignature": True}, "badsignature"),
        ({"": 1}, "It knows"),
    ],
)
def test_anything_else_is_refused_with_a_sentence(asked: object, word: str) -> None:
    with pytest.raises(ValidationError) as refused:
        simulation.check(asked)
    assert word in refused.value.messages[0]
    assert refused.value.messages[0].endswith(".")


def test_every_mistake_has_its_sentence() -> None:
    with pytest.raises(ValidationError) as refused:
        simulation.check({"copies": 0, "badSignature": "no", "what": 1})
    assert len(refused.value.messages) == 3


@given(json_values | st.dictionaries(st.sampled_from(["copies", "badSignature"]), json_values))
def test_any_json_is_kept_or_refused(asked: object) -> None:
    try:
        kept = simulation.check(asked)
    except ValidationError:
        return
    assert kept == asked


@pytest.mark.parametrize(
    ("asked", "does"),
    [
        (None, None),
        ({}, None),
        ({"badSignature": False, "copies": 1, "timestampSkewSeconds": 0}, None),
        ({"copies": 2, "unknownEvent": False}, {"copies": 2}),
        ({"timestampSkewSeconds": 1}, {"timestampSkewSeconds": 1}),
    ],
)
def test_what_misbehaves_in_nothing_is_an_ordinary_delivery(
    asked: dict[str, Any] | None, does: dict[str, Any] | None
) -> None:
    assert simulation.of(asked) == does


@given(st.binary())
def test_a_bad_signature_looks_right_and_never_is(body: bytes) -> None:
    honest = sign("secret", body)
    bad = simulation.signature({"badSignature": True}, honest)
    assert len(bad) == 64
    assert set(bad) <= set("0123456789abcdef")
    assert all(wrong != right for wrong, right in zip(bad, honest, strict=True))


@pytest.mark.parametrize("simulate", [None, {}, {"badSignature": False}, {"copies": 2}])
def test_without_it_signature_and_timestamp_are_honest(simulate: dict[str, Any] | None) -> None:
    now = datetime.now(UTC)
    assert simulation.signature(simulate, "ab12") == "ab12"
    assert simulation.timestamp(simulate, now) == now


@pytest.mark.parametrize(
    "seconds", [-600, 600, simulation.MAX_SKEW_SECONDS, -simulation.MAX_SKEW_SECONDS]
)
def test_a_skewed_timestamp_is_off_by_so_many_seconds(seconds: int) -> None:
    now = datetime.now(UTC)
    skewed = simulation.timestamp({"timestampSkewSeconds": seconds}, now)
    assert skewed - now == timedelta(seconds=seconds)
