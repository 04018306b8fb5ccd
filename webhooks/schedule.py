"""When a failed delivery is tried again. Pure: knows no Django."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MINUTE = 60
HOUR = 60 * MINUTE

# Seconds after the first, second, … failure.
SCHEDULES: dict[str, tuple[int, ...]] = {
    "standard": (
        5,
        5 * MINUTE,
        30 * MINUTE,
        2 * HOUR,
        5 * HOUR,
        10 * HOUR,
        14 * HOUR,
        20 * HOUR,
        24 * HOUR,
    ),
    "quick": (1, 5, 15, 60),
    "none": (),
}
# A delay is stretched by up to this share, so that what failed together does not return together.
JITTER = 0.1
RETRY_AFTER_BOUNDS_SECONDS = (1.0, 24.0 * HOUR)


def next_delay(
    schedule: str,
    failures: int,
    retry_after_seconds: float | None = None,
    jitter: float | None = None,
) -> float | None:
    """Seconds until the next attempt after the `failures`-th failure; None when there is none left.

    `retry_after_seconds` is what the endpoint asked for; it is kept within one second and a day,
    and uses up its place in the schedule like any other wait. `jitter` from 0 to 1 is drawn when
    it is not given; a delay is never shorter than the schedule says.
    """
    delays = SCHEDULES[schedule]
    if failures > len(delays):
        return None
    if retry_after_seconds is None:
        delay = float(delays[failures - 1])
    else:
        shortest, longest = RETRY_AFTER_BOUNDS_SECONDS
        delay = min(max(retry_after_seconds, shortest), longest)
    drawn = random.random() if jitter is None else jitter  # noqa: S311 - spreads load, hides nothing
    return delay * (1 + JITTER * drawn)


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for: a number of them or an HTTP date (RFC 9110).

    None when it is neither.
    """
    value = value.strip()
    if re.fullmatch(r"[0-9]+", value):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # The second: a year or an offset of ten digits and more.
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
