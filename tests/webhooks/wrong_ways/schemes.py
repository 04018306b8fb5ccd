"""Other schemes than HMAC-SHA256 of the body with the secret."""

from __future__ import annotations

import base64

from tests.webhooks.wrong_ways.way import (
    MESSAGE_ID,
    STAMP,
    STAMP_SECONDS,
    URL,
    Request,
    WrongWay,
    signing,
)

_MILLISECONDS = f"{STAMP_SECONDS}250"


def _hashed(name: str, named: str, how: str) -> WrongWay:
    return WrongWay(name, (named,), lambda r: r.hmac(how=how).hex())


def _plain(r: Request, before: str = "", after: str = "", how: str = "sha256") -> str:
    return r.hash(before.encode() + r.body + after.encode(), how)


WAYS: tuple[WrongWay, ...] = (
    signing("the body's MD5 signed", "MD5 hex digest", lambda r: r.hash(r.body, "md5")),
    signing("the body's SHA-1 signed", "SHA-1 hex digest", lambda r: r.hash(r.body, "sha1")),
    WrongWay("sha256(secret|body)", ("a bar",), lambda r: _plain(r, r.secret + "|")),
    WrongWay("sha256(secret + time + body)", ("the timestamp and the body",),
             lambda r: _plain(r, r.secret + STAMP)),
    WrongWay("SHA-512 cut off", ("SHA-512",), lambda r: r.hmac(how="sha512").hex()[:64]),
    WrongWay("the timestamp as the key", ("as the key",), lambda r: r.hmac(key=STAMP).hex()),
    WrongWay("a key made of the timestamp", ("as the key",),
             lambda r: r.hmac(key=r.hmac(STAMP)).hex()),
    signing("webhook-id and body", "webhook-id", lambda r: f"{MESSAGE_ID}.{r.text}"),
    signing("by lines with POST", "path",
            lambda r: f"POST\n/wonderchat\n{STAMP}\n{r.text}"),
    signing("the path without its query", "without its query", lambda r: f"/wonderchat{r.text}"),
    signing("time, event and body", "the event and the body",
            lambda r: f"{STAMP}.{r.value['event']}.{r.text}"),
    _hashed("SHA-1", "SHA-1", "sha1"),
    _hashed("SHA-512", "SHA-512", "sha512"),
    _hashed("SHA-384", "SHA-384", "sha384"),
    _hashed("MD5", "MD5", "md5"),
    _hashed("SHA3-256", "SHA3-256", "sha3_256"),
    WrongWay("SHA-1 in base64", ("SHA-1",), lambda r: _base64(r.hmac(how="sha1"))),
    WrongWay("sha1= of GitHub", ("SHA-1",), lambda r: "sha1=" + r.hmac(how="sha1").hex()),
    WrongWay(
        "key and message swapped", ("wrong way round",), lambda r: r.hmac(r.secret, r.body).hex()
    ),
    WrongWay("sha256(secret + body)", ("secret followed by",), lambda r: _plain(r, r.secret)),
    WrongWay("sha256(body + secret)", ("body followed by",), lambda r: _plain(r, "", r.secret)),
    WrongWay("sha256(secret.body)", ("a dot",), lambda r: _plain(r, r.secret + ".")),
    WrongWay("sha256(body)", ("body alone",), _plain),
    WrongWay("md5(body + secret)", ("MD5",), lambda r: _plain(r, "", r.secret, "md5")),
    WrongWay("sha1(secret + body)", ("SHA-1",), lambda r: _plain(r, r.secret, "", "sha1")),
    WrongWay("sha512(secret + body)", ("SHA-512",), lambda r: _plain(r, r.secret, "", "sha512")),
    WrongWay("sha256 of the HMAC", ("once more",), lambda r: r.hash(r.hmac().hex())),
    signing("the body's hash signed", "SHA-256 hex digest of the body", lambda r: r.hash(r.body)),
    signing("the timestamp, a dot, the body", "a dot and the body", lambda r: f"{STAMP}.{r.text}"),
    signing("the timestamp and the body", "timestamp and the body", lambda r: STAMP + r.text),
    signing("the body and the timestamp", "body and the timestamp", lambda r: r.text + STAMP),
    signing("by lines", "line break", lambda r: f"{STAMP}\n{r.text}"),
    signing("with a colon", "colon", lambda r: f"{STAMP}:{r.text}"),
    signing("Stripe's", "Stripe", lambda r: f"{STAMP_SECONDS}.{r.text}"),
    signing("in milliseconds", "milliseconds", lambda r: f"{_MILLISECONDS}.{r.text}"),
    signing("Zendesk's", "Zendesk", lambda r: f"{STAMP_SECONDS}{r.text}"),
    signing("Slack's", "Slack", lambda r: f"v0:{STAMP_SECONDS}:{r.text}"),
    signing("Slack's, ISO", "Slack", lambda r: f"v0:{STAMP}:{r.text}"),
    signing("the payload's", "in the payload", lambda r: f"{r.value['timestamp']}.{r.text}"),
    signing("the timestamp alone", "timestamp alone", lambda r: STAMP),
    signing(
        "Svix's with the key as text",
        "Standard Webhooks",
        lambda r: f"{MESSAGE_ID}.{STAMP_SECONDS}.{r.text}",
    ),
    WrongWay(
        "Svix's",
        ("Standard Webhooks",),
        lambda r: "v1," + _base64(
            r.hmac(f"{MESSAGE_ID}.{STAMP_SECONDS}.{r.text}", base64.b64decode(r.secret[6:]))
        ),
    ),
    signing("Square's", "URL", lambda r: URL + r.text),
    signing("Trello's", "URL", lambda r: r.text + URL),
    signing("the event's name in front", "event's name", lambda r: f"{r.value['event']}.{r.text}"),
    signing("the secret in the message too", "in front of the body", lambda r: r.secret + r.text),
    signing("update called twice", "twice", lambda r: r.text * 2),
    # Two mistakes at once.
    WrongWay(
        "Stripe's with a line break in the secret",
        ("Stripe", "line break"),
        lambda r: r.hmac(f"{STAMP_SECONDS}.{r.text}", r.secret + "\n").hex(),
    ),
    WrongWay(
        "SHA-1 in base64 with whsec_ left out",
        ("SHA-1", "whsec_"),
        lambda r: _base64(r.hmac(key=r.secret[6:], how="sha1")),
    ),
)  # fmt: skip


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
