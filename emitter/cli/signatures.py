"""`emitter sign`, `verify` and `diagnose`: the signature of a body, byte for byte."""

from __future__ import annotations

import hmac
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from emitter.cli import access, screen
from emitter.cli.ending import TheAnswerIsNo, WrongUse
from emitter.cli.rest import Rest
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
    right = hmac.compare_digest(expected.encode(), signature.strip().encode())
    if as_json:
        screen.as_json({"matches": right, "expected": expected})
    elif right:
        sys.stdout.write("The signature is right.\n")
    if not right:
        raise TheAnswerIsNo(
            f"The signature is not that of these {len(content)} bytes with this secret. "
            "`emitter diagnose` finds out why."
        )


def diagnose(
    signature: Signature,
    body: Body = "-",
    secret: Secret = "",
    webhook: Annotated[str, typer.Option(help="Take the secret of this webhook's id.")] = "",
    url: access.Url = "",
    key: access.Key = "",
    as_json: access.AsJson = False,
) -> None:
    """Find out which wrong way of computing it gives a signature: exit code 0 if it is right."""
    content = read(body)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise WrongUse("The body is not UTF-8, so it is none of the emitter's.") from None
    with Rest(access.find(url, key)) as rest:
        answer = rest.post(
            "/signatures/diagnose",
            {
                "secret": None if webhook else _needed(secret),
                "webhookId": webhook or None,
                "body": text,
                "signature": signature,
            },
        )
    if as_json:
        screen.as_json(answer)
    else:
        shown = screen.console()
        shown.print(Text(screen.plain(answer["diagnosis"]), style="bold"))
        if not answer["matches"]:
            shown.print(Text(f"\nexpected  {answer['expected']}\n"))
            shown.print(Text(screen.plain(answer["recipe"])))
    if not answer["matches"]:
        raise TheAnswerIsNo("The signature is wrong.")


def read(body: str) -> bytes:
    """The bytes of a file, or of the standard input. Raises WrongUse."""
    if body == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(body).read_bytes()
    except OSError as error:
        raise WrongUse(f"{body} cannot be read: {error.strerror}.") from None


def _needed(secret: str) -> str:
    if not secret:
        raise WrongUse("The secret is missing. Give --secret, or EMITTER_SECRET.")
    return secret
