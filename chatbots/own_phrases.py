"""The phrases of a chatbot's owner, written one a line."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from chatbots.folding import folded, words_of

MOST = 50
LONGEST = 100
SHORTEST = 2


def lines(text: str) -> list[str]:
    """The phrases in `text`, without empty lines."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def validate(text: str) -> None:
    """Raises ValidationError with a sentence for each line that cannot be a phrase."""
    phrases = lines(text)
    wrong = []
    if len(phrases) > MOST:
        wrong.append(f"At most {MOST} phrases; there are {len(phrases)}.")
    for phrase in phrases:
        if len(phrase) > LONGEST:
            wrong.append(f"“{phrase[:30]}…” is longer than {LONGEST} characters.")
        elif len("".join(words_of(folded(phrase)))) < SHORTEST:
            wrong.append(f"“{phrase}” has fewer than {SHORTEST} letters. Write a word or more.")
    if wrong:
        raise ValidationError(wrong[:5])
