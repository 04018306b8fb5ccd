"""Every way to fail has its class and a sentence that says what to do."""

from __future__ import annotations

from http import HTTPStatus

import pycurl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks import outcome
from webhooks.models import ErrorKind
from webhooks.outcome import Outcome, of_curl, of_status

PHASES = ["connect", "tls", "sending", "sent", "answer"]


@pytest.mark.parametrize("code", [200, 201, 202, 204, 206, 226, 299])
def test_every_2xx_is_a_success(code: int) -> None:
    assert of_status(code) == ("", "")


@pytest.mark.parametrize("code", sorted(outcome.REDIRECTS))
def test_a_redirect_names_where_it_leads_and_what_to_do(code: int) -> None:
    kind, sentence = of_status(code, "https://example.com/new")
    assert kind == "redirect"
    assert str(code) in sentence
    assert "https://example.com/new" in sentence
    assert "set the webhook's URL" in sentence
    assert of_status(code)[0] == "redirect"


def test_an_endless_location_is_cut() -> None:
    assert len(of_status(301, "https://example.com/" + "x" * 10_000)[1]) < 600


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (304, "304 Not Modified"),
        (400, "could not make sense"),
        (401, "secret"),
        (403, "firewall"),
        (404, "path"),
        (405, "POST"),
        (410, "gone for good"),
        (413, "limit"),
        (415, "application/json"),
        (418, "418"),
        (429, "sent less"),
        (500, "500 Internal Server Error"),
        (502, "502 Bad Gateway"),
        (503, "log"),
        (599, "599"),
        (999, "999"),
    ],
)
def test_any_other_status_says_itself_and_a_hint(code: int, words: str) -> None:
    kind, sentence = of_status(code)
    assert kind == "http_status"
    assert str(code) in sentence
    assert words in sentence


@given(st.integers(0, 999), st.text())
def test_every_status_is_a_success_or_a_known_kind_with_a_sentence(
    code: int, location: str
) -> None:
    kind, sentence = of_status(code, location)
    if 200 <= code < 300:
        assert (kind, sentence) == ("", "")
    else:
        assert kind in ErrorKind.values
        assert sentence.endswith(".")
        assert str(code) in sentence


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        ("connect", "No connection to hooks.example.com"),
        ("tls", "TLS handshake"),
        ("sending", "could not be sent whole"),
        ("sent", "was sent to your endpoint"),
        ("answer", "answer of your endpoint began"),
    ],
)
def test_a_timeout_says_how_far_it_came(phase: str, words: str) -> None:
    kind, sentence = of_curl(pycurl.E_OPERATION_TIMEDOUT, "", phase=phase, host="hooks.example.com")
    assert kind == "timeout"
    assert words in sentence
    assert "10 s" in sentence


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (pycurl.E_COULDNT_CONNECT, "connect"),
        (pycurl.E_PEER_FAILED_VERIFICATION, "tls"),
        (pycurl.E_SSL_CONNECT_ERROR, "tls"),
        (pycurl.E_UNSUPPORTED_PROTOCOL, "protocol"),
        (outcome.TOO_LARGE, "too_large"),
        (pycurl.E_SEND_ERROR, "closed"),
        (pycurl.E_RECV_ERROR, "closed"),
        (pycurl.E_GOT_NOTHING, "closed"),
        (pycurl.E_PARTIAL_FILE, "closed"),
        (pycurl.E_OUT_OF_MEMORY, "internal"),
    ],
)
def test_libcurls_errors_have_their_kind(code: int, kind: str, phase: str) -> None:
    found, sentence = of_curl(code, "what libcurl says", phase=phase, host="hooks.example.com")
    assert found == kind
    assert sentence.endswith(".")


@given(st.integers(1, 120), st.text(), st.sampled_from(PHASES))
def test_every_error_of_libcurl_is_a_known_kind_with_a_sentence(
    code: int, message: str, phase: str
) -> None:
    kind, sentence = of_curl(code, message, phase=phase, host="hooks.example.com")
    assert kind in ErrorKind.values
    assert len(sentence) > 20
    assert sentence[-1] == "."


def test_the_kinds_of_dns_and_refused_addresses_are_the_models() -> None:
    assert {"dns", "refused_address", "interrupted"} <= set(ErrorKind.values)


def test_an_outcome_without_an_error_kind_is_a_success() -> None:
    assert Outcome(duration_ms=1, status_code=204).succeeded
    assert not Outcome(duration_ms=1, error_kind="dns").succeeded
    assert not Outcome(duration_ms=1, status_code=HTTPStatus.OK, error_kind="closed").succeeded


@pytest.mark.parametrize(
    "message",
    [
        "TLS connect error: error:0A00010B:SSL routines::wrong version number",
        "TLS connect error: error:0A0000C6:SSL routines::packet length too long",
        "error:1408F09C:SSL routines:ssl3_get_record:http request",
    ],
)
def test_a_plain_http_server_behind_https_is_named_as_one(message: str) -> None:
    kind, sentence = of_curl(pycurl.E_SSL_CONNECT_ERROR, message, phase="tls", host="a.example")
    assert kind == "tls"
    assert sentence == (
        "a.example does not speak TLS on this port; it is probably an http:// server. "
        "Use http:// in the sandbox, or the port where it serves HTTPS."
    )
    assert "certificate" not in sentence
