"""What is expected of a receiver, and the verdict on what it did."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.expectation import Expected, answered, expected, is_refusal, judge, meets

ACCEPTED, REFUSED, EITHER = Expected.ACCEPTED, Expected.REFUSED, Expected.EITHER
SIMULATIONS = st.fixed_dictionaries(
    {},
    optional={
        "badSignature": st.just(True),
        "unknownEvent": st.just(True),
        "copies": st.integers(2, 100),
        "timestampSkewSeconds": st.integers(-(10**6), 10**6).filter(bool),
    },
)


@pytest.mark.parametrize(
    ("simulate", "signs_timestamp", "wanted"),
    [
        (None, False, ACCEPTED),
        ({}, True, ACCEPTED),
        ({"copies": 3}, False, ACCEPTED),
        ({"unknownEvent": True}, False, ACCEPTED),
        ({"badSignature": True}, False, REFUSED),
        ({"badSignature": True, "copies": 2, "unknownEvent": True}, True, REFUSED),
        # Wonderchat's page asks nobody to check the timestamp, and it is not signed.
        ({"timestampSkewSeconds": -600}, False, EITHER),
        ({"timestampSkewSeconds": 600}, False, EITHER),
        ({"timestampSkewSeconds": -600}, True, REFUSED),
        ({"timestampSkewSeconds": 600}, True, REFUSED),
        # Within what the libraries of Standard Webhooks take.
        ({"timestampSkewSeconds": -60}, True, ACCEPTED),
        ({"timestampSkewSeconds": -300}, True, EITHER),
        ({"timestampSkewSeconds": 60}, False, ACCEPTED),
        ({"timestampSkewSeconds": -600, "badSignature": True}, False, REFUSED),
    ],
)
def test_what_is_expected(
    simulate: dict[str, Any] | None, signs_timestamp: bool, wanted: Expected
) -> None:
    assert expected(simulate, signs_timestamp=signs_timestamp) == wanted


@pytest.mark.parametrize("status", [400, 401, 403, 406, 409, 418, 422, 498])
def test_a_4xx_about_the_request_itself_refuses_it(status: int) -> None:
    assert is_refusal(status)


@pytest.mark.parametrize(
    "status", [None, 200, 204, 302, 404, 405, 408, 410, 413, 415, 429, 431, 500, 503]
)
def test_an_answer_that_never_came_to_the_signature_is_no_refusal(status: int | None) -> None:
    assert not is_refusal(status)


FORGED = {"badSignature": True}
OLD = {"timestampSkewSeconds": -600}


@pytest.mark.parametrize(
    ("wanted", "simulate", "status", "kind", "is_good", "words"),
    [
        (REFUSED, FORGED, 401, "http_status", True, "refused, as it should be"),
        (REFUSED, FORGED, 200, "", False, "accepted a forged request"),
        (REFUSED, FORGED, 500, "http_status", False, "not refused: it answered 500"),
        (REFUSED, FORGED, 404, "http_status", False, "not refused: it answered 404"),
        (REFUSED, FORGED, 302, "redirect", False, "not refused: it answered 302"),
        (REFUSED, FORGED, None, "timeout", False, "not refused: no whole answer came"),
        # The status came, and the rest of the answer did not.
        (REFUSED, FORGED, 401, "timeout", False, "not refused: no whole answer came"),
        (REFUSED, FORGED, None, "closed", False, "not refused: no whole answer came"),
        (REFUSED, OLD, 200, "", False, "accepted a request from the past"),
        (
            REFUSED,
            {"timestampSkewSeconds": 600},
            200,
            "",
            False,
            "accepted a request from the future",
        ),
        (EITHER, OLD, 200, "", True, "accepted, as it may be"),
        (EITHER, OLD, 400, "http_status", True, "refused, as it may be"),
        (EITHER, OLD, 500, "http_status", False, "not accepted or refused: it answered 500"),
        (ACCEPTED, None, 200, "", True, "accepted, as it should be"),
        (ACCEPTED, {"copies": 2}, 204, "", True, "accepted, as it should be"),
        (ACCEPTED, {"copies": 2}, 409, "http_status", False, "refused a request in order"),
        (
            ACCEPTED,
            {"unknownEvent": True},
            400,
            "http_status",
            False,
            "refused an event it does not know",
        ),
        (ACCEPTED, None, None, "dns", False, "not accepted: no whole answer came"),
        (
            ACCEPTED,
            None,
            None,
            "refused_address",
            False,
            "not accepted: its address must not be reached",
        ),
    ],
)
def test_the_verdict(
    wanted: Expected,
    simulate: dict[str, Any] | None,
    status: int | None,
    kind: str,
    is_good: bool,
    words: str,
) -> None:
    found = judge(wanted, simulate, status, kind)
    assert (found.is_good, found.words) == (is_good, words)


@given(SIMULATIONS, st.booleans(), st.integers(200, 599))
def test_every_answer_has_its_verdict_and_the_words_agree_with_it(
    simulate: dict[str, Any], signs_timestamp: bool, status: int
) -> None:
    kind = "" if status < 300 else "redirect" if status < 400 else "http_status"
    wanted = expected(simulate, signs_timestamp=signs_timestamp)
    found = judge(wanted, simulate, status, kind)
    assert found.is_good == meets(wanted, answered(status, kind))
    assert found.is_good == found.words.endswith(("as it should be", "as it may be"))
