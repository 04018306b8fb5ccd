"""Whatever a receiver answers, a delivery is not given up sooner than its schedule says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.webhooks.due import made_up
from webhooks import schedule, verdict
from webhooks.outcome import Outcome
from webhooks.queue import Finished
from webhooks.signed_request import Sent

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
RETRY_AFTER = st.sampled_from(
    ["", "0", "1", "7", "86400", "9" * 30, "soon", "-1", "Thu, 01 Jan 1970 00:00:00 GMT"]
)
FAILURES = st.builds(
    lambda status, retry_after: Outcome(
        3, status, "http_status", f"It answered {status}.", retry_after=retry_after
    ),
    st.sampled_from([301, 400, 404, 410, 429, 500, 503, 599]),
    RETRY_AFTER,
) | st.builds(
    lambda kind: Outcome(3, None, kind, "It failed."), st.sampled_from(["timeout", "dns", "closed"])
)


def answered(name: str, failures: int, outcome: Outcome, **fields: object) -> Finished:
    claimed = made_up(retry_schedule=name, failures=failures, **fields)
    return verdict.finished(Sent(claimed, NOW), "", b"", outcome)


@given(st.sampled_from(sorted(schedule.SCHEDULES)), st.lists(FAILURES, min_size=1, max_size=40))
def test_no_sequence_of_answers_shortens_the_time_to_giving_up(
    name: str, outcomes: list[Outcome]
) -> None:
    """After a 410 somebody enables the webhook at once."""
    seconds, failures = 0.0, 0
    for outcome in outcomes:
        over = answered(name, failures, outcome)
        if over.status == "failed":
            assert seconds >= sum(schedule.SCHEDULES[name])
            return
        seconds += over.delay_seconds
        failures = over.failures
    assert failures <= len(schedule.SCHEDULES[name])


@pytest.mark.parametrize("status", [429, 503])
def test_a_receiver_that_asks_for_time_asks_it_for_its_webhook(status: int) -> None:
    asks = Outcome(3, status, "http_status", "Later.", retry_after="3600")
    assert answered("standard", 0, asks).asked_seconds == 3600
    # Also where nothing is tried again.
    assert answered("none", 0, asks).asked_seconds == 3600
    assert answered("standard", 0, replace(asks, retry_after="9" * 30)).asked_seconds == 86400
    assert answered("standard", 0, replace(asks, retry_after="soon")).asked_seconds == 0
    assert answered("standard", 0, replace(asks, status_code=500)).asked_seconds == 0


@pytest.mark.parametrize("experiment", [{"is_test": True}, {"simulate": {"badSignature": True}}])
def test_an_answer_to_an_experiment_asks_for_nothing(experiment: dict[str, object]) -> None:
    asks = Outcome(3, 429, "http_status", "Later.", retry_after="3600")
    assert answered("standard", 0, asks, **experiment).asked_seconds == 0
