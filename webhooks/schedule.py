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
# The longest that a receiver's Retry-After is obeyed.
MOST_ASKED_SECONDS = 24.0 * HOUR


def next_delay(
    schedule: str,
    failures: int,
    asked: float | None = None,
    jitter: float | None = None,
) -> float | None:
    """Seconds until the next attempt after the `failures`-th failure; None when there is none left.

    `asked` is how long the receiver asked to be left alone, in seconds; up to a day of it is
    obeyed. The longer of it and the schedule's wait counts: what a receiver answers never shortens
    the time until a delivery is given up. `jitter` from 0 to 1 is drawn when it is not given; it
    only lengthens.
    """
    delays = SCHEDULES[schedule]
    if failures > len(delays):
        return None
    drawn = random.random() if jitter is None else jitter  # noqa: S311 - spreads load, hides nothing
    stretch = 1 + JITTER * drawn
    return max(delays[failures - 1] * stretch, pause((asked or 0.0) * stretch))


def pause(asked: float) -> float:
    """For how many seconds a receiver that asks for `asked` is left alone: a day at most."""
    return min(asked, MOST_ASKED_SECONDS)


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
