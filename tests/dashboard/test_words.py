"""The pure parts: where a delivery stands, coloured JSON."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.coloured_json import MOST_BYTES, coloured, indented
from webhooks.delivery_words import SHOWS_HERE, WAITS, standing
from webhooks.models import Attempt, Delivery, DeliveryStatus, Webhook, WebhookStatus
from webhooks.next_attempt import Waiting, WaitingFor

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LAST = Attempt(number=2, status_code=204, duration_ms=31, error="It timed out.")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("fields", "title", "wait"),
    [
        (
            {"status": DeliveryStatus.SUCCEEDED, "attempts": 1},
            "Succeeded at the first attempt",
            None,
        ),
        ({"status": DeliveryStatus.SUCCEEDED, "attempts": 2}, "Succeeded on attempt 2", None),
        ({"status": DeliveryStatus.FAILED, "attempts": 1}, "Failed after 1 attempt", None),
        ({"status": DeliveryStatus.FAILED, "attempts": 10}, "Failed after 10 attempts", None),
        ({"status": DeliveryStatus.CANCELLED}, "Cancelled", None),
    ],
)
def test_a_delivery_stands_in_words(
    fields: dict[str, object], title: str, wait: int | None
) -> None:
    delivery = Delivery(**({"due_at": NOW} | fields), webhook=Webhook(status=WebhookStatus.ACTIVE))
    found = standing(delivery, LAST, None)
    assert found.title == title
    assert found.seconds_to_wait(NOW) == wait


@pytest.mark.parametrize(
    ("word", "seconds", "failures", "title", "wait"),
    [
        (WaitingFor.WEBHOOK, None, 0, "Waits for its webhook", None),
        (WaitingFor.TURN, None, 0, "About to be sent", 0),
        (WaitingFor.RETRY, 7, 2, "Retrying", 0),
        (WaitingFor.RETRY, 300, 2, "Retrying", 300),
        (WaitingFor.RETRY, 9 * 3600, 2, "Retrying", 3600),
        (WaitingFor.ANSWER, None, 2, "Attempt 3 is on its way", 0),
        (WaitingFor.WORKER, None, 2, "No worker takes it", 0),
    ],
)
def test_one_that_waits_says_for_what(
    word: WaitingFor, seconds: int | None, failures: int, title: str, wait: int | None
) -> None:
    next_at = NOW + timedelta(seconds=seconds) if seconds else None
    delivery = Delivery(attempts=3, failures=failures)
    found = standing(delivery, LAST, Waiting(word, "It waits.", next_at))
    assert found.title == title
    failed = "Attempt 2 failed. It timed out. " if failures else ""
    says = SHOWS_HERE if word == WaitingFor.ANSWER else "It waits."
    assert found.sentence == failed + says
    assert found.seconds_to_wait(NOW) == wait


@pytest.mark.parametrize("word", WaitingFor)
def test_what_the_webhooks_page_has_a_button_for_leads_there(word: WaitingFor) -> None:
    found = standing(Delivery(), None, Waiting(word, "It waits."))
    ends_there = (WaitingFor.RETRY_AFTER, WaitingFor.ENDPOINT, WaitingFor.WEBHOOK)
    assert bool(found.at_webhook) == (word in ends_there)
    assert not (found.at_webhook and found.may_send_now)


def test_everything_that_is_waited_for_has_its_look() -> None:
    assert set(WAITS) == set(WaitingFor)


def shown(data: bytes) -> str:
    """The text of coloured HTML, as a browser shows it."""
    return html.unescape(re.sub(r"</?span[^>]*>", "", coloured(data)))


@given(JSON)
def test_indenting_changes_white_space_and_nothing_else(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    laid_out = indented(text)
    assert json.loads(laid_out) == json.loads(text)
    assert indented(laid_out) == laid_out


def test_numbers_keys_and_escapes_stay_as_they_came() -> None:
    text = '{"n":1.0,"n":1e400,"s":"\\u00e9\\"[{"}'
    assert shown(text.encode()) == '{\n  "n": 1.0,\n  "n": 1e400,\n  "s": "\\u00e9\\"[{"\n}'


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_coloured_text_holds_no_tag_but_its_own(data: bytes) -> None:
    left = re.sub(r'<span class="\w+">|</span>', "", coloured(data))
    assert "<" not in left
    assert ">" not in left


def test_a_large_body_is_text_without_colours() -> None:
    assert "<span" not in coloured(b"[" + b"1," * MOST_BYTES + b"1]")
    assert coloured(b"[" * 100_000).startswith("[[")
