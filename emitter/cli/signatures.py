"""`emitter sign`, `verify` and `diagnose`: the signature of a body, byte for byte."""

from __future__ import annotations

import hmac
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from chatbots.counting import counted
from emitter.cli import access, screen, terminal
from emitter.cli.ending import CannotReach, TheAnswerIsNo, WrongUse
from emitter.cli.rest import Rest
from webhooks import diagnosis
from webhooks.signing import sign as signature_of

Body = Annotated[
    str, typer.Argument(help="A file with the exact bytes of the body; - is the standard input.")
]
Secret = Annotated[
    str,
    typer.Option(
        envvar="EMITTER_SECRET", help="The webhook's secret.", show_default=False, prompt=False
    ),
]
Signature = Annotated[str, typer.Option(help="The X-Wonderchat-Signature, or what your code made.")]


def sign(body: Body = "-", secret: Secret = "", as_json: access.AsJson = False) -> None:
    """Print the X-Wonderchat-Signature of a body."""
    made = signature_of(_needed(secret), read(body))
    if as_json:
        screen.as_json({"signature": made})
    else:
        sys.stdout.write(made + "\n")


def verify(
    signature: Signature,
    body: Body = "-",
    secret: Secret = "",
    as_json: access.AsJson = False,
) -> None:
    """Say whether a signature is right: exit code 0 if it is, 1 if not."""
    content = read(body)
    expected = signature_of(_needed(secret), content)
    right = hmac.compare_digest(
        expected.encode(), diagnosis.header_value(signature).encode("utf-8", "surrogatepass")
    )
    if as_json:
        screen.as_json({"matches": right, "expected": expected})
    elif right:
        sys.stdout.write("The signature is right.\n")
    if not right:
        raise TheAnswerIsNo(
            f"This is not the signature of the body ({counted(len(content), 'byte')}) with this "
            "secret. `emitter diagnose` finds out why."
        )


def diagnose(
    signature: Annotated[
        str, typer.Option(help="What your code made, or the header as it came.", show_default=False)
    ] = "",
    body: Body = "-",
    secret: Secret = "",
    webhook: Annotated[str, typer.Option(help="Take the secret of this webhook's id.")] = "",
    timestamp: Annotated[
        str, typer.Option(help="The request's X-Wonderchat-Timestamp, where your code uses it.")
    ] = "",
    header: Annotated[
        list[str] | None,
        typer.Option(
            "--header",
            "-H",
            help="A header of the request, as NAME: VALUE; may be given several times.",
            show_default=False,
        ),
    ] = None,
    url: access.Url = "",
    key: access.Key = "",
    as_json: access.AsJson = False,
) -> None:
    """Find out which wrong way of computing it gives a signature: exit code 0 if it is right."""
    headers = _headers(header or [])
    signature = signature or headers.get("x-wonderchat-signature", "")
    if not signature and "x-wonderchat-signature" not in headers:
        raise WrongUse("The signature is missing. Give --signature.")
    signature = terminal.needed_text(signature, "The signature")
    if not webhook:
        secret = _needed(secret)
    content = read(body)
    stamp = timestamp or headers.get("x-wonderchat-timestamp") or headers.get("webhook-timestamp")
    asked = _Asked(secret, webhook, signature, stamp or "", headers.get("webhook-id", ""))
    answer = _diagnosed(asked, content, url, key)
    if as_json:
        screen.as_json(answer)
    else:
        _show(answer)
    if not answer["matches"]:
        raise TheAnswerIsNo("The signature is wrong.")


@dataclass(frozen=True)
class _Asked:
    secret: str
    webhook: str
    signature: str
    timestamp: str
    message_id: str


def _headers(lines: Iterable[str]) -> dict[str, str]:
    """By name in lower case. Raises WrongUse."""
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise WrongUse(f"{line!r} is no header. Write it as NAME: VALUE.")
        headers[name.strip().lower()] = value.strip()
    return headers


def _diagnosed(asked: _Asked, content: bytes, url: str, key: str) -> dict[str, Any]:
    """The emitter's answer, which knows the account's other secrets; without one, our own."""
    try:
        known = access.find(url, key)
    except WrongUse:
        if asked.webhook or url or key:
            raise
        return _alone(asked, content, "no emitter is known here")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        if asked.webhook:
            raise WrongUse("The body is not UTF-8, so it is none of the emitter's.") from None
        return _alone(asked, content, "the body is not UTF-8")
    try:
        with Rest(known) as rest:
            answer: dict[str, Any] = rest.post(
                "/signatures/diagnose",
                {
                    "secret": None if asked.webhook else asked.secret,
                    "webhookId": asked.webhook or None,
                    "body": text,
                    "signature": asked.signature,
                    "timestamp": asked.timestamp or None,
                    "webhookMessageId": asked.message_id or None,
                },
            )
    except CannotReach:
        if asked.webhook or url:
            raise
        return _alone(asked, content, f"nothing answers at {known.url}")
    return answer


def _alone(asked: _Asked, content: bytes, why: str) -> dict[str, Any]:
    """What can be told without an emitter, in the form of its answer."""
    found = diagnosis.diagnose(
        asked.secret,
        content,
        asked.signature,
        timestamp=asked.timestamp,
        message_id=asked.message_id,
    )
    untried = f"The secrets of other webhooks were not tried: {why}."
    return {
        "matches": found.matches,
        "expected": found.expected,
        "diagnosis": found.diagnosis,
        "recipe": found.recipe,
        "candidates": [
            {
                "diagnosis": one.said,
                "library": one.library or None,
                "language": one.language or None,
            }
            for one in found.candidates
        ],
        "webhookId": None,
        "notTried": None if found.matches else " ".join(filter(None, (found.not_tried, untried))),
    }


def _show(answer: dict[str, Any]) -> None:
    shown = screen.console()
    shown.print(Text(screen.plain(answer["diagnosis"]), style="bold"))
    if answer["matches"] and answer["diagnosis"] == "The signature is right.":
        return
    not_tried = answer.get("notTried")
    if not_tried and not_tried not in answer["diagnosis"]:
        shown.print(Text(screen.plain(not_tried)))
    if answer["expected"] and not answer["matches"]:
        shown.print(Text(f"\nexpected  {answer['expected']}"))
    shown.print(Text(f"\n{screen.plain(answer['recipe'])}"))


def read(body: str) -> bytes:
    """The bytes of a file, or of the standard input. Raises WrongUse."""
    if body == "-":
        return terminal.content()
    if not body:
        raise WrongUse("The name of the body's file is empty; - is the standard input.")
    try:
        return Path(terminal.file_name(body)).read_bytes()
    except OSError as error:
        raise WrongUse(f"{body} cannot be read: {error.strerror}.") from None


def _needed(secret: str) -> str:
    if not secret:
        raise WrongUse("The secret is missing. Give --secret, or EMITTER_SECRET.")
    return terminal.needed_text(secret, "The secret")
