"""What was found, in sentences, with everything else that comes to the same bytes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from webhooks.diagnosis import serialisers
from webhooks.diagnosis.budget import Budget, Spent
from webhooks.diagnosis.search import Found, same_bytes, style_of
from webhooks.diagnosis.style_words import joined
from webhooks.diagnosis.writer import Writer

# Serialisers that are told in one sentence with all of their options.
_MAX_WITH_OPTIONS: Final = 6
_MAX_SENTENCES: Final = 6
_MAX_CANDIDATES: Final = 60
# Beside the budget of the search.
_SECONDS: Final = 0.04


@dataclass(frozen=True)
class Candidate:
    """One explanation that fits: `said` continues "Your code …". `library` is the serialiser that
    writes so, with its options, where one does."""

    said: str
    library: str = ""
    language: str = ""


@dataclass(frozen=True)
class Explanation:
    """All that fits; `recipes` are names in recipes.py, `webhook_id` is whose secret it was."""

    text: str
    candidates: Sequence[Candidate]
    recipes: Sequence[str]
    webhook_id: str


def not_the_bytes(shown: str) -> str:
    """That the body given is a view; `shown` as in views.sent."""
    return f"The body given here is not the bytes that were signed: it is {shown}."


def all_of(
    found: list[Found], body: bytes, value: Any, writer: Writer | None, budget: Budget
) -> Explanation:
    """The simplest of what was found, in words."""
    budget.extend(_SECONDS)
    fewest = min(one.changes for one in found)
    simplest = [one for one in found if one.changes == fewest]
    candidates: dict[str, list[Candidate]] = {}
    named: dict[str, list[serialisers.Named]] = {}
    for one in [*simplest, *_others(simplest[0], body, value, budget)]:
        said = _said(one, writer)
        if said not in candidates and len(candidates) < _MAX_SENTENCES:
            named[said] = _libraries(one, writer, budget)
            candidates[said] = [
                Candidate(said, each.library, each.language) for each in named[said]
            ] or [Candidate(said)]
    sentences = [
        _sentence(said, named[said], alternative=bool(at)) for at, said in enumerate(candidates)
    ]
    if all(one.body.view for one in simplest):
        sentences.append(not_the_bytes(simplest[0].body.view))
    return Explanation(
        " ".join(sentences),
        [each for same in candidates.values() for each in same][:_MAX_CANDIDATES],
        [name for one in simplest for name in _recipes(one)],
        next((one.key.webhook_id for one in simplest if one.key.webhook_id), ""),
    )


def _others(found: Found, body: bytes, value: Any, budget: Budget) -> Iterator[Found]:
    if (found.body.said or found.body.style) and found.body.value:
        for way in same_bytes(found.body.value, body, value, budget):
            yield replace(found, body=way)


def _recipes(one: Found) -> Iterator[str]:
    if one.key.said:
        yield one.key.recipe
    if one.body.said or one.body.style:
        yield one.body.recipe
    if one.scheme:
        yield one.recipe
    if one.form:
        yield "hex"


def _said(one: Found, writer: Writer | None) -> str:
    """What the code does, in one phrase: "signs … and uses …"."""
    body = one.body.said
    if one.body.style is not None and writer is not None:
        body = "signs the JSON parsed and written again in another way"
        with contextlib.suppress(Spent):
            body = f"signs {writer.said(one.body.style)}"
    if not one.body.value and "in front of the digest" in one.form:
        body = "signs nothing"  # It was read, and given to another call.
    return joined([part for part in (one.key.said, body, one.scheme, one.form) if part])


def _sentence(said: str, named: list[serialisers.Named], *, alternative: bool) -> str:
    start = f"{'Or it' if alternative else 'Your code'} {said}."
    if not named:
        return start
    if len(named) <= _MAX_WITH_OPTIONS:
        return f"{start} {_writes([each.library for each in named])}."
    plain = [f"{each.name} ({each.language})" for each in named if not each.options]
    others = [f"{each.name} ({each.language})" for each in named if each.options]
    if not plain or not others:
        return f"{start} {_writes(plain or others)}{', with options' if others else ''}."
    return f"{start} {_writes(plain)}, and with options {joined(others)}."


def _writes(names: list[str]) -> str:
    return f"That is how {joined(names)} {'writes' if len(names) == 1 else 'write'} it"


def _libraries(one: Found, writer: Writer | None, budget: Budget) -> list[serialisers.Named]:
    """The serialisers that write what was signed, if any does."""
    style = one.body.style
    with contextlib.suppress(Spent):
        if writer is not None and style is None and one.body.said:
            style = style_of(one.body.value, writer, budget)
        if writer is not None and style is not None:
            return serialisers.named(writer, writer.plain(style), budget)
    return []
