"""When a failed delivery is tried again: exact waits, jitter, and what Retry-After may ask for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks import schedule
from webhooks.models import RetrySchedule
from webhooks.schedule import next_delay, retry_after

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
# With numbers of any length.
HTTP_DATE_LIKE = r"\A(Sun|\w{3}), \d{1,14} (Mar|\w{3}) \d{1,14} \d+:\d+:\d+ (GMT|[+-]?\w{1,25})\Z"
DAY = 24 * 3600

STANDARD = [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
QUICK = [1, 5, 15, 60]


@pytest.mark.parametrize(
    ("name", "delays"), [("standard", STANDARD), ("quick", QUICK), ("none", [])]
)
def test_each_schedule_waits_as_documented_and_then_ends(name: str, delays: list[int]) -> None:
    waits = [next_delay(name, failures, jitter=0) for failures in range(1, len(delays) + 1)]
    assert waits == delays
    assert next_delay(name, len(delays) + 1, jitter=0) is None
    assert next_delay(name, len(delays) + 100, jitter=0) is None


def test_every_schedule_that_can_be_chosen_exists() -> None:
    assert set(schedule.SCHEDULES) == set(RetrySchedule.values)


@given(
    st.sampled_from(["standard", "quick"]),
    st.integers(1, 9),
    st.none() | st.floats(0, 1),
)
def test_jitter_only_stretches_and_by_a_tenth_at_most(
    name: str, failures: int, jitter: float | None
) -> None:
    exact = next_delay(name, failures, jitter=0)
    stretched = next_delay(name, failures, jitter=jitter)
    if exact is None:
        assert stretched is None
    else:
        assert stretched is not None
        assert exact <= stretched <= exact * 1.1 + 1e-6


def test_jitter_differs_from_one_delivery_to_the_next() -> None:
    assert len({next_delay("standard", 1) for _ in range(50)}) > 40


@pytest.mark.parametrize(
    ("asked", "wait"),
    [(0, 5), (0.2, 5), (5, 5), (7, 7), (3600, 3600), (DAY, DAY), (DAY + 1, DAY), (1e12, DAY)],
)
def test_retry_after_lengthens_a_wait_to_a_day_at_most(asked: float, wait: float) -> None:
    assert next_delay("standard", 1, asked, jitter=0) == wait
    assert (
        wait <= (next_delay("standard", 1, asked, jitter=1) or 0) <= max(5.5, min(wait * 1.1, DAY))
    )


@given(
    st.sampled_from(["standard", "quick", "none"]),
    st.integers(1, 10),
    st.none() | st.floats(0, 1e12),
    st.floats(0, 1),
)
def test_what_a_receiver_asks_for_never_shortens_a_wait(
    name: str, failures: int, asked: float | None, jitter: float
) -> None:
    as_planned = next_delay(name, failures, jitter=jitter)
    wait = next_delay(name, failures, asked, jitter)
    if as_planned is None:
        assert wait is None
    else:
        assert wait is not None
        assert wait >= max(as_planned, min(asked or 0, DAY))


def test_retry_after_does_not_prolong_a_schedule() -> None:
    assert next_delay("standard", 10, 5, jitter=0) is None
    assert next_delay("none", 1, 5, jitter=0) is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("7", 7),
        (" 120 ", 120),
        ("86400", 86400),
        ("9999999999", 9999999999),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30),
        ("Sunday, 01-Mar-26 12:00:30 GMT", 30),  # RFC 850
        ("Sun Mar  1 12:00:30 2026", 30),  # asctime
        ("Sun, 01 Mar 2026 14:00:30 +0200", 30),
        ("Sun, 01 Mar 2026 11:59:00 GMT", 0),  # gone by
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
    ],
)
def test_retry_after_is_a_number_or_a_date(value: str, seconds: float) -> None:
    assert retry_after(value, NOW) == seconds


def test_retry_after_does_not_care_for_our_time_zone() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-7)))
    assert retry_after("Sun, 01 Mar 2026 12:00:30 GMT", elsewhere) == 30


@pytest.mark.parametrize("digits", [11, 20, 400, 10_000])
def test_an_absurdly_long_wait_is_a_day(digits: int) -> None:
    asked = retry_after("9" * digits, NOW)
    assert asked is not None
    assert next_delay("standard", 1, asked, jitter=0) == DAY


@pytest.mark.parametrize(
    "value",
    [
        "",
        "soon",
        "-5",
        "+5",
        "1.5",
        "1e3",
        "0x10",
        "٧",
        "7 seconds",
        "Sun, 41 Mar 2026 12:00:30 GMT",
        "Sun, 01 Mar 2026 99:00:30 GMT",
        "Sun, 01 Mar 99999 12:00:30 GMT",
        "Sun, 01 Mar 9999999999 12:00:30 GMT",
        "Sun, 9999999999 Mar 2026 12:00:30 GMT",
        "Sun, 01 Mar 2026 12:9999999999:30 GMT",
        "Sun, 01 Mar 2026 12:00:30 +9999999999",
        "Sun, 01 Mar 2026 12:00:30 +9999999999999",
        "Sun, 01 Mar 2026 12:00:30 -99999999999999999999999",
        f"Sun, 01 Mar {'9' * 5000} 12:00:30 GMT",
    ],
)
def test_garbage_in_retry_after_is_passed_over(value: str) -> None:
    assert retry_after(value, NOW) is None


@given(st.text() | st.from_regex(HTTP_DATE_LIKE, alphabet=st.characters(codec="ascii")))
def test_no_retry_after_header_breaks_the_reading(value: str) -> None:
    asked = retry_after(value, NOW)
    assert asked is None or asked >= 0
