from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from webhooks import signing
from webhooks.diagnosis import Budget, Sent, diagnose
from webhooks.diagnosis.shape import EVENT_KEYS

SECRET = "s3cret-ü"
PAYLOAD = {
    "event": "USER_MESSAGE_SENT",
    "timestamp": "2023-10-15T14:35:00.000Z",
    "data": {"chatbotId": "clm0", "userMessage": "Zoë <b> 1/2", "name": None, "n": 1.5},
}
BODY = json.dumps(PAYLOAD, ensure_ascii=False, separators=(",", ":")).encode()
DATA = json.dumps(PAYLOAD["data"], ensure_ascii=False, separators=(",", ":"))
STAMP = "2023-10-15T14:36:00.000Z"
RAW = SECRET.encode()


def mac(body: bytes | str = BODY, key: bytes | str = RAW, how: str = "sha256") -> bytes:
    key = key.encode() if isinstance(key, str) else key
    return hmac.digest(key, body.encode() if isinstance(body, str) else body, how)


def dumps(**how: Any) -> str:
    return json.dumps(PAYLOAD, **how)


WAYS: list[tuple[str, str]] = [
    # The writing of the digest.
    (mac().hex().upper(), "upper case"),
    (mac().hex() + "\n", "line break around"),
    (f'"{mac().hex()}"', "quotes"),
    ("sha256=" + mac().hex(), "sha256= in front"),
    (base64.b64encode(mac()).decode(), "base64 instead of hex"),
    (base64.urlsafe_b64encode(mac()).decode().rstrip("="), "base64 instead of hex"),
    (base64.b64encode(mac().hex().encode()).decode(), "base64 of the hex"),
    (mac().hex()[:32], "cut off"),
    # The scheme.
    (mac(how="sha1").hex(), "SHA-1 "),
    (mac(how="sha512").hex(), "SHA-512"),
    (mac(how="md5").hex(), "MD5"),
    (mac(how="sha3_256").hex(), "SHA3-256"),
    (mac(SECRET, BODY).hex(), "wrong way round"),
    (hashlib.sha256(RAW + BODY).hexdigest(), "secret followed by the body"),
    (hashlib.sha256(BODY + RAW).hexdigest(), "body followed by the secret"),
    (hashlib.sha256(BODY).hexdigest(), "body alone"),
    (mac(STAMP.encode() + b"." + BODY).hex(), "timestamp, a dot and the body"),
    (mac(PAYLOAD["timestamp"].encode() + BODY).hex(), "the timestamp and the body"),  # type: ignore[attr-defined]  # A str.
    (mac(b"v0:" + STAMP.encode() + b":" + BODY).hex(), "Slack"),
    (
        signing.standard_signature([SECRET], "msg_1", 1700000000, BODY).removeprefix("v1,"),
        "Standard Webhooks",
    ),
    # The secret.
    (mac(key=SECRET + "\n").hex(), "line break at its end"),
    (mac(key=SECRET + " ").hex(), "space at its end"),
    (mac(key=f'"{SECRET}"').hex(), "quotes around"),
    (mac(key="").hex(), "no secret"),
    (mac(key="undefined").hex(), "undefined"),
    (mac(key=SECRET.encode("latin-1")).hex(), "Latin-1"),
    (mac(key=base64.b64encode(RAW)).hex(), "secret in base64"),
    (mac(key=hashlib.sha256(RAW).hexdigest()).hex(), "hashes the secret"),
    (mac(key="the old one").hex(), "before the rotation"),
    # The body.
    (mac(dumps()).hex(), "spaces after commas"),
    (mac(dumps(ensure_ascii=False)).hex(), "spaces after commas"),
    (mac(dumps(separators=(",", ":"))).hex(), "\\u escapes"),
    (mac(dumps(sort_keys=True, separators=(",", ":"), ensure_ascii=False)).hex(), "keys sorted"),
    (mac(dumps(indent=2, ensure_ascii=False)).hex(), "several lines"),
    (mac(dumps(separators=(",", ":")).replace("/", "\\/")).hex(), "PHP"),
    (
        mac(
            dumps(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            .replace("<", "\\u003c")
            .replace(">", "\\u003e")
        ).hex(),
        "Go",
    ),
    (
        mac(json.dumps(PAYLOAD["data"], ensure_ascii=False, separators=(",", ":"))).hex(),
        "data part",
    ),
    (mac(str(PAYLOAD)).hex(), "str()"),
    (mac("[object Object]").hex(), "[object Object]"),
    (mac("{}").hex(), "not read"),
    (mac("").hex(), "not read"),
    (mac(BODY + b"\n").hex(), "line break at its end"),
    (mac(b"\xef\xbb\xbf" + BODY).hex(), "byte order mark"),
    (mac(BODY.decode("latin-1")).hex(), "Latin-1"),
    (mac(base64.b64encode(BODY)).hex(), "base64 of the body"),
    (mac(json.dumps(BODY.decode(), ensure_ascii=False)).hex(), "JSON of JSON"),
    # Two at once.
    (mac(dumps(), SECRET + "\n").hex(), "spaces after commas"),
    (base64.b64encode(mac(dumps())).decode(), "base64 instead of hex"),
    (mac(dumps(), how="sha1").hex(), "SHA-1"),
    (base64.b64encode(mac(how="sha512", key=SECRET + "\n")).decode(), "SHA-512"),
]


@pytest.mark.parametrize(("signature", "words"), WAYS)
def test_each_mistake_is_named(signature: str, words: str) -> None:
    stamp = "1700000000" if words == "Standard Webhooks" else STAMP
    found = diagnose(
        SECRET,
        BODY,
        signature,
        timestamp=stamp,
        message_id="msg_1",
        previous_secret="the old one",
    )
    assert not found.matches
    assert found.expected == signing.sign(SECRET, BODY)
    assert words in found.diagnosis
    assert found.diagnosis.endswith(".")
    assert found.recipe


def test_two_mistakes_are_both_named() -> None:
    found = diagnose(SECRET, BODY, base64.b64encode(mac(dumps(), SECRET + "\n")).decode())
    for words in ("line break at its end", "spaces after commas", "base64 instead of hex"):
        assert words in found.diagnosis


def test_the_right_one_matches() -> None:
    found = diagnose(SECRET, BODY, mac().hex())
    assert found.matches
    assert found.diagnosis == "The signature is right."


@pytest.mark.parametrize(
    ("secret", "change", "words"),
    [
        ("whsec_c2VjcmV0IHNlY3JldA==", lambda s: s.removeprefix("whsec_").encode(), "leaves out"),
        ("whsec_c2VjcmV0IHNlY3JldA==", lambda s: b"secret secret", "decodes the secret's base64"),
        ("deadbeefdeadbeef", bytes.fromhex, "as hex"),
        ("c2VjcmV0IHNlY3JldA==", base64.b64decode, "as base64"),
        (" padded ", lambda s: s.strip().encode(), "without the spaces"),
    ],
)
def test_mistakes_of_special_secrets_are_named(
    secret: str, change: Callable[[str], bytes], words: str
) -> None:
    found = diagnose(secret, BODY, mac(key=change(secret)).hex())
    assert words in found.diagnosis


@pytest.mark.parametrize(
    ("body", "signed", "words"),
    [
        (b'{"a":1}\r\n', b'{"a":1}\n', "CR LF to LF"),
        (b'{\n"a":1}', b'{\r\n"a":1}', "LF to CR LF"),
    ],
)
def test_mistakes_of_special_bodies_are_named(body: bytes, signed: bytes, words: str) -> None:
    assert words in diagnose(SECRET, body, mac(signed).hex()).diagnosis


@pytest.mark.parametrize(
    "view",
    [
        json.dumps(PAYLOAD, indent=2, ensure_ascii=False),
        json.dumps(PAYLOAD, indent=4).replace("/", "\\/"),
        json.dumps(PAYLOAD, indent="\t").replace("\n", "\r\n"),
        json.dumps(PAYLOAD),
        BODY.decode() + "\n",
        BODY.decode() + "\r\n",
        "\ufeff" + BODY.decode(),
        json.dumps(BODY.decode()),
        json.dumps(BODY.decode())[1:-1],
        json.dumps(dumps(indent=2)),
    ],
)
def test_a_view_of_the_body_makes_no_right_signature_wrong(view: str) -> None:
    found = diagnose(SECRET, view.encode(), mac().hex())
    assert found.matches
    assert found.expected == mac().hex()
    assert "The signature is right, for the exact bytes." in found.diagnosis
    assert "Exact bytes" in found.recipe


@pytest.mark.parametrize("sent", [[], [Sent(BODY, "the event 7")]])
def test_the_indented_view_is_called_so(sent: list[Sent]) -> None:
    found = diagnose(SECRET, dumps(indent=2).encode(), mac().hex(), sent=sent)
    assert "the bytes that were signed: it is their indented view." in found.diagnosis


ANOTHER = Sent(b'{"another":1}', "the event 6")


def test_a_body_that_was_sent_is_known_whatever_order_its_view_has() -> None:
    view = dumps(sort_keys=True, indent=2).encode()
    found = diagnose(SECRET, view, mac().hex(), sent=[ANOTHER, Sent(BODY, "the event 7")])
    assert found.matches
    assert found.diagnosis.endswith("it is another form of the event 7.")
    assert not diagnose(SECRET, view, mac().hex(), sent=[ANOTHER]).matches


@pytest.mark.parametrize(
    "forged",
    [
        BODY.replace(b"Zo", b"PAY ME"),
        dumps(indent=2).replace("null", '""').encode(),
        BODY.replace(b"null", b"false"),
        BODY.replace(b"1.5", b"1.50000000000000000001"),
        BODY.replace(b"1.5", b'"1.5"'),
        BODY.replace(b'"data":{', b'"data":{"n":9,'),
        BODY.replace(b'"event"', b'"event":"HUMAN_HANDOVER","event"'),
        BODY.replace("ë".encode(), b"\xff"),
        BODY[:-1],
        BODY * 2,
        b"[" + BODY + b"]",
        json.dumps(BODY.decode().replace("Zo", "PAY ME")).encode(),
        b'{"data":{"chatbotId":"clm0"}}',
        b"{}",
        b"",
        b"[" * 50_000,
    ],
)
def test_a_changed_body_with_the_signature_of_an_event_is_wrong(forged: bytes) -> None:
    found = diagnose(SECRET, forged, mac().hex(), sent=[ANOTHER, Sent(BODY, "the event 7")])
    assert not found.matches
    assert "This is the signature of the event 7, and not of this body" in found.diagnosis
    assert "A receiver must refuse" in found.diagnosis
    assert found.expected == signing.sign(SECRET, forged)
    assert not diagnose(SECRET, forged, mac().hex()).matches


def test_a_number_that_is_written_otherwise_says_the_same() -> None:
    view = BODY.replace(b"1.5", b"15.0e-1")
    assert diagnose(SECRET, view, mac().hex(), sent=[Sent(BODY, "the event 7")]).matches


def _compact(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=8,
)
VIEWS: dict[str, Callable[[Any], bytes]] = {
    "compact": _compact,
    "indented": lambda v: json.dumps(v, indent=2).encode(),
    "sorted": lambda v: json.dumps(v, sort_keys=True, indent="\t").encode() + b"\r\n",
    "with a byte order mark": lambda v: b"\xef\xbb\xbf" + _compact(v),
    "a string in JSON": lambda v: json.dumps(json.dumps(v)).encode(),
    "with its quotes escaped": lambda v: json.dumps(_compact(v).decode())[1:-1].encode(),
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
@given(sent=st.dictionaries(st.text(st.characters(codec="utf-8")), VALUES), other=VALUES)
@hypothesis_settings(max_examples=25, deadline=None)
def test_it_matches_for_the_same_value_and_no_other(
    view: Callable[[Any], bytes], sent: dict[str, Any], other: Any
) -> None:
    body = _compact(sent)
    known = [ANOTHER, Sent(body, "the event 7")]
    right = mac(body).hex()
    assert diagnose(SECRET, view(sent), right, sent=known, budget=Budget(0.01)).matches
    in_one_field = [{**sent, name: other} for name in [*list(sent)[:2], "more"]]
    for changed in (other, [sent], *in_one_field):
        # Not ==, which takes 1 for True.
        if json.dumps(changed, sort_keys=True) != json.dumps(sent, sort_keys=True):
            for known_too in (known, []):
                given = diagnose(SECRET, view(changed), right, sent=known_too, budget=Budget(0.001))
                assert not given.matches


@pytest.mark.parametrize(
    ("key", "form", "words"),
    [
        ("the old one", bytes.hex, "before the rotation"),
        (SECRET + "\n", bytes.hex, "a line break at its end"),
        (hashlib.sha256(RAW).hexdigest(), bytes.hex, "hashes the secret"),
        (SECRET, lambda made: base64.b64encode(made).decode(), "base64 instead of hex"),
    ],
)
@pytest.mark.parametrize("indent", [2, None])
def test_over_a_view_the_code_is_blamed_for_its_own_mistake_alone(
    key: str, form: Callable[[bytes], str], words: str, indent: int | None
) -> None:
    view = dumps(indent=indent).encode()
    found = diagnose(SECRET, view, form(mac(key=key)), previous_secret="the old one")
    assert not found.matches
    assert words in found.diagnosis
    assert "parsed and written again" not in found.diagnosis
    assert "The body given here is not the bytes that were signed" in found.diagnosis


@pytest.mark.parametrize("around", ["{} ", " {}", "\t{} \t"])
def test_white_space_around_a_headers_value_is_none_of_it(around: str) -> None:
    given = around.format(mac().hex())
    assert diagnose(SECRET, BODY, given).diagnosis == "The signature is right."
    assert diagnose(SECRET, dumps(indent=2).encode(), given).matches
    wrong = diagnose(SECRET, BODY, around.format(mac(key=SECRET + "\n").hex()))
    assert "spaces" not in wrong.diagnosis


@pytest.mark.parametrize("around", ["{}\n", "{}\r\n", '"{}"', "{}\0", "\ufeff{}", "{}\u00a0"])
def test_anything_else_around_it_is(around: str) -> None:
    assert not diagnose(SECRET, BODY, around.format(mac().hex())).matches


@pytest.mark.parametrize(
    ("signature", "words"),
    [
        ("", "empty"),
        ("  ", "empty"),
        (SECRET, "secret itself"),
        ("0" * 64, "right form"),
        ("0" * 40, "SHA-1"),
        ("undefined", "No header was read"),
        ("\ud800", "not 64 hex"),
    ],
)
def test_what_no_mistake_explains_is_said_so(signature: str, words: str) -> None:
    found = diagnose(SECRET, BODY, signature)
    assert not found.matches
    assert words in found.diagnosis


@given(
    secret=st.text(), body=st.binary(max_size=200) | st.text().map(str.encode), signature=st.text()
)
@hypothesis_settings(max_examples=60, deadline=None)
def test_nothing_makes_it_fail(secret: str, body: bytes, signature: str) -> None:
    assert diagnose(secret, body, signature, timestamp=signature, message_id="x").diagnosis


def test_the_keys_that_a_type_leaves_out_are_named() -> None:
    data = dict.fromkeys(EVENT_KEYS["USER_MESSAGE_SENT"], "x")
    payload = {"event": "USER_MESSAGE_SENT", "data": {**data, "plan": "x", "tags": "y"}}
    body = json.dumps(payload, separators=(",", ":")).encode()
    kept = json.dumps({**payload, "data": data}, separators=(",", ":"))
    found = diagnose(SECRET, body, mac(kept).hex())
    assert "without the keys plan and tags" in found.diagnosis
    assert "absent" not in found.diagnosis


@pytest.mark.parametrize(
    ("signature", "line", "other"),
    [
        (mac().hex("-").upper(), "Convert.ToHexString", "hexdigest"),
        ((BODY + mac(b"")).hex(), "hex.EncodeToString", "ToHexString"),
        (base64.b64encode(mac()).decode(), "HexFormat", "with the timestamp"),
    ],
)
def test_the_hex_is_told_in_the_language_of_the_mistake(
    signature: str, line: str, other: str
) -> None:
    recipe = diagnose(SECRET, BODY, signature).recipe
    assert line in recipe
    assert other not in recipe


def test_php_writes_a_parsed_body_with_its_lengths_in_bytes() -> None:
    made = 'a:2:{s:2:"ü";s:2:"ab";i:7;a:2:{i:0;d:1.5;i:1;N;}}'
    body = '{"ü":"ab","7":[1.5,null]}'.encode()
    assert "serialize() of the parsed JSON" in diagnose(SECRET, body, mac(made).hex()).diagnosis
