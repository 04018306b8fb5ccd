"""Signatures are what node's code on Wonderchat's page and the Standard Webhooks library expect."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from chatbots.timestamp import iso
from tests.chatbots import node
from webhooks.signing import sign, standard_key, standard_signature

secrets = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@pytest.mark.parametrize(
    ("secret", "body", "expected"),
    [
        # RFC 4231, test cases 1, 2 and 6, whose keys are text.
        (
            "\x0b" * 20,
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            "Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        # https://en.wikipedia.org/wiki/HMAC#Examples
        (
            "key",
            b"The quick brown fox jumps over the lazy dog",
            "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8",
        ),
    ],
)
def test_known_signatures(secret: str, body: bytes, expected: str) -> None:
    assert sign(secret, body) == expected


@pytest.mark.node
def test_the_code_on_wonderchats_page_verifies() -> None:
    body = '{"event":"X","data":{"name":"Zoë 🎉 \\"q\\" </script> مرحبا \u2028"}}'.encode()
    cases = [(body, sign(secret, body), secret) for secret in ("s", "sécret", "🔑 " * 40, "\0")]
    assert node.verify(cases) == [True] * len(cases)
    assert node.verify([(body, sign("s", body), "t")]) == [False]


@given(secrets, st.binary())
def test_a_signature_is_64_lower_case_hex_digits(secret: str, body: bytes) -> None:
    signature = sign(secret, body)
    assert len(signature) == 64
    assert signature == signature.lower()
    assert int(signature, 16) >= 0


@given(secrets, st.binary(), st.binary(min_size=1))
def test_another_body_has_another_signature(secret: str, body: bytes, more: bytes) -> None:
    assert sign(secret, body) != sign(secret, body + more)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2023, 10, 15, 14, 30, tzinfo=UTC), "2023-10-15T14:30:00.000Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 999_999, tzinfo=UTC), "2026-01-02T03:04:05.999Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 6_000, tzinfo=UTC), "2026-01-02T03:04:05.006Z"),
        (
            datetime(2026, 1, 1, 1, 0, tzinfo=timezone(timedelta(hours=5, minutes=30))),
            "2025-12-31T19:30:00.000Z",
        ),
    ],
)
def test_timestamps_are_as_javascript_writes_them(moment: datetime, text: str) -> None:
    assert iso(moment) == text


def verify(
    secret_for_library: str, header: str, message_id: str, seconds: int, body: bytes
) -> None:
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": header,
    }
    Webhook(secret_for_library).verify(body, headers)


def present_seconds() -> int:
    """The library refuses what is older than five minutes."""
    return int(datetime.now(UTC).timestamp())


MADE = "whsec_" + base64.b64encode(bytes(range(24))).decode()
BODY = '{"a":"Zoë 🎉"}'.encode()


def test_the_standard_library_verifies_a_made_secret() -> None:
    seconds = present_seconds()
    verify(MADE, standard_signature([MADE], "evt_1", seconds, BODY), "evt_1", seconds, BODY)


@pytest.mark.parametrize("secret", ["plain", "sécret", "whsec_not base64!", "whsec_", "whsec_abc"])
def test_the_standard_library_verifies_any_other_secret_as_base64_of_its_bytes(secret: str) -> None:
    seconds = present_seconds()
    given_to_library = "whsec_" + base64.b64encode(secret.encode()).decode()
    header = standard_signature([secret], "evt_1", seconds, BODY)
    verify(given_to_library, header, "evt_1", seconds, BODY)


def test_both_secrets_verify_after_a_rotation() -> None:
    seconds = present_seconds()
    new = "whsec_" + base64.b64encode(b"n" * 32).decode()
    header = standard_signature([new, MADE], "evt_1", seconds, BODY)
    assert header.count("v1,") == 2
    verify(new, header, "evt_1", seconds, BODY)
    verify(MADE, header, "evt_1", seconds, BODY)


@pytest.mark.parametrize(
    ("message_id", "seconds_off", "body"),
    [("evt_2", 0, BODY), ("evt_1", 1, BODY), ("evt_1", 0, BODY + b" ")],
)
def test_the_standard_signature_covers_id_time_and_body(
    message_id: str, seconds_off: int, body: bytes
) -> None:
    seconds = present_seconds()
    header = standard_signature([MADE], "evt_1", seconds, BODY)
    with pytest.raises(WebhookVerificationError):
        verify(MADE, header, message_id, seconds + seconds_off, body)


def test_no_secret_signs_with_an_empty_key() -> None:
    # Whoever reads the page could forge such a signature.
    assert standard_key("whsec_") != b""
