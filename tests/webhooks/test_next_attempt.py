"""What a delivery waits for, in a word and a sentence, and when it is tried next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.next_attempt import Facts, WaitingFor, next_attempt

NOW = datetime(2026, 3, 1, 23, 50, 0, tzinfo=UTC)
moments = st.integers(-200_000, 200_000).map(lambda ms: NOW + timedelta(milliseconds=ms))
facts = st.builds(
    Facts,
    now=st.just(NOW),
    due_at=moments,
    attempts=st.integers(0, 9),
    failures=st.integers(0, 9),
    is_in_flight=st.booleans(),
    is_test=st.booleans(),
    webhook_is_active=st.booleans(),
    plan_has_webhooks=st.booleans(),
    in_front=st.none() | st.integers(1, 9),
    worker_runs=st.booleans(),
    worker_seen_at=st.none() | moments,
    starts_worker=st.just("make up"),
    asked_to_wait_until=st.none() | moments,
    held_reason=st.sampled_from(["", "Held back until 23:55:00 UTC."]),
    held_until=st.none() | moments,
    rate_limit=st.none() | st.integers(1, 9),
)


def ahead(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@given(facts)
def test_the_next_moment_is_never_past_and_never_without_a_reason(given_facts: Facts) -> None:
    waits = next_attempt(given_facts)
    assert waits.next_at is None or waits.next_at > NOW
    assert waits.sentence.endswith(".")
    assert "None" not in waits.sentence


@given(facts)
def test_nothing_is_promised_that_somebody_else_has_to_bring_about(given_facts: Facts) -> None:
    waits = next_attempt(given_facts)
    if waits.next_at is not None:
        assert given_facts.worker_runs
        assert given_facts.is_test or given_facts.webhook_is_active
        assert given_facts.in_front is None
        asked = given_facts.asked_to_wait_until
        assert asked is None or waits.next_at >= asked


@pytest.mark.parametrize(
    ("known", "word", "seconds", "said"),
    [
        ({"is_in_flight": True, "attempts": 3}, "answer", None, "Attempt 3 is on its way."),
        ({}, "turn", None, "It is due"),
        ({"due_at": ahead(20), "failures": 2}, "retry", 20, "due at 23:50:20 UTC."),
        ({"due_at": ahead(1200), "failures": 2}, "retry", 1200, "due at 2 March, 00:10:00 UTC."),
        ({"asked_to_wait_until": ahead(60)}, "retry_after", 60, "until 23:51:00 UTC"),
        ({"asked_to_wait_until": ahead(60), "due_at": ahead(63)}, "retry_after", 63, "Retry-After"),
        ({"asked_to_wait_until": ahead(-1)}, "turn", None, "It is due"),
        # Of several the one that ends last.
        (
            {
                "asked_to_wait_until": ahead(60),
                "held_reason": "Held back.",
                "held_until": ahead(600),
            },
            "endpoint",
            600,
            "Held",
        ),
        (
            {"asked_to_wait_until": ahead(60), "held_reason": "Held back.", "held_until": ahead(5)},
            "retry_after",
            60,
            "Retry-After",
        ),
        (
            {
                "held_reason": "Held back.",
                "held_until": ahead(5),
                "rate_limit": 1,
                "rate_next_at": ahead(30),
            },
            "endpoint",
            30,
            "Held back.",
        ),
        ({"held_reason": "Held back.", "held_until": ahead(9)}, "endpoint", 9, "Held back."),
        ({"held_reason": "Held back.", "held_until": ahead(-1)}, "endpoint", None, "Held back."),
        (
            {
                "held_reason": "Held back.",
                "held_until": ahead(9),
                "due_at": ahead(99),
                "failures": 1,
            },
            "retry",
            99,
            "The next attempt",
        ),
        ({"rate_limit": 5}, "rate_limit", None, "at most 5 deliveries"),
        ({"in_front": 17, "due_at": ahead(300)}, "conversation", None, "Delivery 17 of the same"),
        ({"webhook_is_active": False}, "webhook", None, "Enable it"),
        ({"webhook_is_active": False, "is_test": True}, "turn", None, "It is due"),
        ({"plan_has_webhooks": False}, "plan", None, "Basic or above"),
        (
            {"worker_runs": False, "starts_worker": "make up", "due_at": ahead(60), "failures": 1},
            "worker",
            None,
            "No worker runs, so nothing is sent. Start one: make up.",
        ),
        (
            {"worker_runs": False, "worker_seen_at": ahead(-60)},
            "worker",
            None,
            "No worker was heard of since 23:49:00 UTC, so nothing is sent.",
        ),
    ],
)
def test_each_thing_that_is_waited_for_has_its_word_and_sentence(
    known: dict[str, Any], word: str, seconds: float | None, said: str
) -> None:
    waits = next_attempt(Facts(**({"now": NOW, "due_at": NOW} | known)))
    assert waits.word == word
    assert waits.next_at == (None if seconds is None else ahead(seconds))
    assert said in waits.sentence


def test_every_word_has_an_example() -> None:
    (examples,) = (
        mark.args[1]
        for mark in test_each_thing_that_is_waited_for_has_its_word_and_sentence.pytestmark
    )
    assert {word for _, word, _, _ in examples} == set(WaitingFor)
