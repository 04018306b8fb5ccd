"""From a secret, a body and a signature to sentences: what is wrong, and what to do about it."""

from __future__ import annotations

import contextlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

from webhooks.diagnosis import appended, explain, form, no_digest, recipes, views
from webhooks.diagnosis.budget import Budget, Spent
from webhooks.diagnosis.explain import Candidate
from webhooks.diagnosis.json_tree import TooMuch, parsed
from webhooks.diagnosis.search import Request, Search
from webhooks.diagnosis.style_words import joined
from webhooks.diagnosis.way import Known, Sent
from webhooks.diagnosis.writer import Unwritable, Writer
from webhooks.signing import sign

_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2})+")
_SIZES: Final = {32: "MD5", 40: "SHA-1", 56: "SHA-224", 96: "SHA-384", 128: "SHA-512"}


@dataclass(frozen=True)
class Diagnosis:
    """What was found. `diagnosis` is a sentence or two; `recipe` says what to do, with code.

    `webhook_id` is the webhook whose secret was used, where it is not the one asked about.
    `not_tried` is a sentence about what there was no time for, or "".
    """

    matches: bool
    expected: str
    diagnosis: str
    recipe: str
    candidates: Sequence[Candidate] = field(default=())
    webhook_id: str = ""
    not_tried: str = ""


def diagnose(
    secret: str,
    body: bytes,
    signature: str,
    *,
    timestamp: str = "",
    message_id: str = "",
    url: str = "",
    previous_secret: str = "",
    known: Iterable[Known] = (),
    sent: Iterable[Sent] = (),
    budget: Budget | None = None,
) -> Diagnosis:
    """Compare `signature` with the right one for `body`, and with those of common mistakes.

    `timestamp` is the X-Wonderchat-Timestamp (or webhook-timestamp) of the request, `message_id`
    its webhook-id, `url` where it went, `previous_secret` the one before a rotation: each opens
    more ways to recognise. `known` are other secrets that may have been used, read one by one;
    `sent` are bodies that were sent and may be the one that is meant. `matches` only where `body`
    is what was signed, or another form of it.
    """
    budget = budget or Budget()
    secret = secret.encode("utf-8", "replace").decode()
    expected = sign(secret, body)
    given = form.header_value(signature)
    if _same(given, expected):
        return Diagnosis(True, expected, "The signature is right.", recipes.COMPARE)
    value, writer = _read(body, budget)
    shown: dict[bytes, str] = {}
    with contextlib.suppress(Spent):
        for exact, what in views.sent(body, writer, budget):
            budget.check()
            if exact == body or exact in shown:
                continue
            if _same(given, made := sign(secret, exact)):
                return _right_but_a_view(made, what)
            shown[exact] = what
        for one in sent:
            if one.body != body and _same(given, made := sign(secret, one.body)):
                try:
                    if views.shows(body, one.body, budget):
                        return _right_but_a_view(made, f"another form of {one.name}")
                    return _of_another(one, expected)
                except TooMuch:
                    budget.skip(f"the body beside {one.name} (it has very many values)")
            budget.check()
    if previous_secret:
        before = Known(previous_secret, "uses the secret from before the rotation", recipe="key")
        known = chain((before,), known)
    request = Request(timestamp.strip(), message_id.strip(), url)
    readings = [
        *form.readings(signature),
        *appended.readings(signature, body, secret.encode()),
    ]
    search = Search(secret, body, known, readings, request, value, writer, budget, shown)
    found = search.found() if readings else []
    if found:
        said = explain.all_of(found, body, value, writer, budget)
        return Diagnosis(
            False,
            expected,
            said.text,
            recipes.recipe(
                said.recipes,
                [*recipes.named_in(said.text), *(one.language for one in said.candidates)],
            ),
            said.candidates,
            said.webhook_id,
            _not_tried(budget),
        )
    return _unknown(secret, body, signature, expected, message_id, budget)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def _read(body: bytes, budget: Budget) -> tuple[Any, Writer | None]:
    """The body's JSON and what writes it anew; None and None for what is none, or too large."""
    try:
        value = parsed(body.decode("utf-8").removeprefix("\ufeff"))
        return value, Writer(value, budget)
    except TooMuch:
        budget.skip("the JSON written again (it has more values than are written again)")
    except Unwritable:
        budget.skip("the JSON written again (it holds characters that are no text)")
    except ValueError:
        pass
    return None, None


def _right_but_a_view(made: str, shown: str) -> Diagnosis:
    said = f"The signature is right, for the exact bytes. {explain.not_the_bytes(shown)}"
    return Diagnosis(True, made, said, recipes.EXACT_BYTES)


def _of_another(one: Sent, expected: str) -> Diagnosis:
    said = (
        f"This is the signature of {one.name}, and not of this body, which says something else. "
        "A receiver must refuse this body with it."
    )
    return Diagnosis(False, expected, said, recipes.ANOTHER_EVENT)


def _not_tried(budget: Budget) -> str:
    if not budget.not_tried:
        return ""
    return f"Not tried, to keep it short: {joined(budget.not_tried)}."


def _unknown(
    secret: str, body: bytes, signature: str, expected: str, message_id: str, budget: Budget
) -> Diagnosis:
    text = body.decode("utf-8", "replace")
    said = no_digest.sentence(signature, secret, text, message_id)
    recipe = recipes.HEADER
    if not said and appended.starts_with_body(signature, body):
        said = (
            "The signature starts with the body itself, as Go's mac.Sum(body) writes it. It is the "
            "digest alone that is the signature: mac.Write(body), then mac.Sum(nil)."
        )
        recipe = recipes.UNKNOWN
    if not said:
        given = signature.strip().strip("\"'").strip()
        said, recipe = _of_no_mistake(given, all_tried=not budget.not_tried), recipes.UNKNOWN
    not_tried = _not_tried(budget)
    return Diagnosis(
        False, expected, " ".join(filter(None, (said, not_tried))), recipe, (), "", not_tried
    )


def _of_no_mistake(given: str, *, all_tried: bool) -> str:
    if _HEX.fullmatch(given) and len(given) in _SIZES:
        return (
            f"It has the length of a {_SIZES[len(given)]} digest; the signature is SHA-256, "
            "64 hex characters."
        )
    tried = "no usual mistake" if all_tried else "no mistake that was tried"
    if not (_HEX.fullmatch(given) and len(given) == 64):
        return f"It is not 64 hex characters, and {tried} gives it."
    if not all_tried:
        return f"It has the right form, but {tried} gives it."
    return (
        f"It has the right form, but {tried} gives it: the secret or the body that it was made "
        "from is another one than given here."
    )
