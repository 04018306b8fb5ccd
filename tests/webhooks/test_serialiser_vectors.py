"""Serialisers that cannot run here: their bytes, each with where they are known from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chatbots import events
from chatbots.models import EventType
from webhooks.diagnosis import diagnose
from webhooks.diagnosis.shape import EVENT_KEYS
from webhooks.signing import sign

VECTORS: list[dict[str, str]] = json.loads(
    (Path(__file__).parent / "vectors" / "serialisers.json").read_bytes()
)


@pytest.mark.parametrize(
    "vector", VECTORS, ids=lambda vector: f"{vector['library']}, {vector['source']}"
)
def test_the_serialiser_is_named(vector: dict[str, Any]) -> None:
    body, signed = vector["body"].encode(), vector["signed"].encode()
    found = diagnose("s3cret", body, sign("s3cret", signed))
    assert not found.matches
    libraries = "; ".join(one.library + one.language for one in found.candidates)
    assert vector["library"] in libraries, found.diagnosis


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["source"])
def test_what_it_writes_is_the_same_json(vector: dict[str, Any]) -> None:
    """A vector with a slip of the pen would teach the wrong thing."""

    def flat(value: Any) -> set[str]:
        if isinstance(value, dict):
            return {key for key, inner in value.items() if inner is not None} | {
                name for inner in value.values() for name in flat(inner)
            }
        return set()

    assert flat(json.loads(vector["body"])) == flat(json.loads(vector["signed"]))


def test_the_keys_of_an_event_are_those_of_its_payload() -> None:
    assert dict(EVENT_KEYS) == {event: events.fields_of(event) for event in EventType.values}
