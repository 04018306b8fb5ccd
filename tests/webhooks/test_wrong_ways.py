"""The wrong ways of the tables, over every sample: each is named, and no right one is."""

from __future__ import annotations

from typing import Final

import pytest

from tests.webhooks.wrong_ways import bodies, compiled, forms, schemes, secrets
from tests.webhooks.wrong_ways.samples import SAMPLES
from tests.webhooks.wrong_ways.way import MESSAGE_ID, SECRET, STAMP, URL, Request, WrongWay
from webhooks.diagnosis import Diagnosis, diagnose
from webhooks.signing import sign

WAYS: Final = (*secrets.WAYS, *forms.WAYS, *schemes.WAYS, *bodies.WAYS, *compiled.WAYS)
assert len(WAYS) >= 120


def diagnosed(body: bytes, signature: str) -> Diagnosis:
    return diagnose(SECRET, body, signature, timestamp=STAMP, message_id=MESSAGE_ID, url=URL)


def is_named(found: Diagnosis, words: tuple[str, ...]) -> bool:
    libraries = "; ".join(one.library for one in found.candidates)
    return all(word in f"{found.diagnosis} {libraries}" for word in words)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_a_wrong_way_is_named_over_every_body(way: WrongWay) -> None:
    wrong = 0
    for name, body in SAMPLES.items():
        signature = way.made(Request(body))
        found = diagnosed(body, signature)
        if signature == sign(SECRET, body):
            continue  # Nothing in this body shows the difference.
        wrong += 1
        assert not found.matches, name
        assert is_named(found, way.named), f"{name}: {found.diagnosis}"
        assert "no usual mistake" not in found.diagnosis
        assert found.recipe
    assert wrong


@pytest.mark.parametrize("name", SAMPLES)
def test_the_right_signature_of_every_body_is_right(name: str) -> None:
    body = SAMPLES[name]
    assert diagnosed(body, sign(SECRET, body)).matches
