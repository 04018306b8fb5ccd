"""From a sentence to the words that carry its meaning: stems and concepts, in any language.

English gets a little more: words that say nothing are left out, endings are cut, and words that
support questions use for one thing ("parcel", "package", "delivery") become one concept. Scripts
written without spaces are read by pairs of characters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from chatbots import vocabulary
from chatbots.folding import UNSPACED, folded_message, words_of

STOP_WORDS = frozenset(vocabulary.STOP_WORDS.split())

# A word may stand for several concepts: "store" is a place and what is done with data.
_concepts_of: dict[str, tuple[str, ...]] = {}
for _concept, _words in vocabulary.lines(vocabulary.CONCEPTS):
    for _word in dict.fromkeys([_concept, *_words.split()]):
        if _concept not in (_known := _concepts_of.get(_word, ())):
            _concepts_of[_word] = (*_known, _concept)

_phrases = tuple(
    (re.compile(rf"\b(?:{pattern})\b"), concept)
    for concept, pattern in vocabulary.lines(vocabulary.PHRASES)
)
# Any of them, to pass over a text that has none: most have none.
_any_phrase = re.compile(
    rf"\b(?:{'|'.join(pattern for _, pattern in vocabulary.lines(vocabulary.PHRASES))})\b"
)
_endings = ("ings", "ing", "edly", "ied", "ies", "ed", "es", "ly", "s")

# Of a text, once it is folded.
READ_AT_MOST = 2000


def plain(text: str) -> str:
    """Lower case without accents, apostrophes and punctuation; one space between words."""
    return " ".join(words_of(folded_message(text)[:READ_AT_MOST].replace("'", "")))


def stem(word: str) -> str:
    """An English word without its ending; other words as they are, mostly."""
    for ending in _endings if word.endswith(_endings) else ():
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)] + ("y" if ending in ("ied", "ies") else "")
    return word[:-1] if word.endswith("e") and len(word) > 4 else word


@lru_cache(maxsize=20_000)
def concepts_of(word: str) -> tuple[str, ...]:
    """What a word stands for, or its stem where it stands for itself."""
    known = _concepts_of.get(word)
    return tuple(f"#{concept}" for concept in known) if known else (stem(word),)


@lru_cache(maxsize=4096)
def meaning(text: str) -> Mapping[str, frozenset[str]]:
    """The words of `text` that say something, each with what it stands for.

    A text of nothing but small words keeps them: "who are you?" is a question too. Kept for a
    while, since one changed answer has all the others read again.
    """
    said = plain(text)
    found: dict[str, frozenset[str]] = {}
    for pattern, concept in _phrases if _any_phrase.search(said) else ():
        if pattern.search(said):
            found[f"#{concept}"] = frozenset({f"#{concept}"})
            said = pattern.sub(" ", said)
    words: list[str] = []
    for word in said.split():
        if not word.isascii() and UNSPACED.search(word):
            for run in UNSPACED.findall(word):
                words += [run[i : i + 2] for i in range(max(1, len(run) - 1))]
        else:
            words.append(word)
    telling = [word for word in words if word not in STOP_WORDS]
    for word in telling or (words if not found else []):
        found[word] = frozenset(concepts_of(word))
    return found


def known_words() -> frozenset[str]:
    """The English words of support that are understood in any chatbot."""
    return frozenset(_concepts_of)
