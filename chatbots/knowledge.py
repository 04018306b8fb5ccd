"""Finding the answer to a question that was asked in other words.

A question is compared with every question and answer of the chatbot by the words they share, rare
ones counting more (inverse document frequency over the chatbot's own texts), misspelt ones being
read as the nearest known word, and by how alike the two sentences look (rapidfuzz). Below
`THRESHOLD` the honest reply is that the chatbot does not know.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process

from chatbots import words
from chatbots.models import Chatbot

THRESHOLD = 0.43
# Below this it has nothing to do with the question.
RELATED = 0.15
# How much a word counts that only the answer has, against one of the question.
IN_ANSWER = 0.55
# How much a word counts that the chatbot never heard of, against its rarest one.
UNKNOWN = 0.7
# Words of at least this length are taken for a misspelling of a known word this much alike.
MISSPELT_LENGTH = 4
MISSPELT_RATIO = 80

Row = tuple[str, str, str, str]


@dataclass(frozen=True)
class Source:
    """Where an answer comes from."""

    url: str
    title: str


@dataclass(frozen=True)
class Found:
    answer: str
    question: str
    sources: tuple[Source, ...]
    score: float

    @property
    def fits(self) -> bool:
        """Whether it is good enough to be said as the answer."""
        return self.score >= THRESHOLD


@dataclass(frozen=True)
class _Entry:
    row: Row
    plain: str
    question: frozenset[str]
    answer: frozenset[str]
    weight: float


def _all(meaning: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*meaning.values())


class Index:
    """A chatbot's questions and answers, ready to be searched."""

    def __init__(self, rows: tuple[Row, ...]) -> None:
        questions = [_all(words.meaning(row[0])) for row in rows]
        answers = [_all(words.meaning(row[1])) for row in rows]
        frequency = Counter(
            token
            for question, answer in zip(questions, answers, strict=True)
            for token in question | answer
        )
        count = len(rows)
        self.weights = {t: math.log(1 + count / n) for t, n in frequency.items()}
        # A word the chatbot never heard of speaks against every answer, though less than its own
        # rarest words speak for theirs.
        self.unknown = UNKNOWN * math.log(1 + max(count, 1))
        self.entries = [
            _Entry(row, words.plain(row[0]), question, answer, sum(map(self.weight, question)))
            for row, question, answer in zip(rows, questions, answers, strict=True)
        ]
        self.vocabulary = [
            word
            for row in rows
            for text in row[:2]
            for word in words.meaning(text)
            if word[0] != "#"
        ]
        self.vocabulary = sorted(
            {word for word in self.vocabulary if len(word) >= MISSPELT_LENGTH}
            | {word for word in words.known_words() if len(word) >= MISSPELT_LENGTH}
        )
        self._known = frozenset(self.vocabulary)

    def weight(self, token: str) -> float:
        return self.weights.get(token, self.unknown)

    def _tokens(self, text: str) -> list[frozenset[str]]:
        """What each word of `text` stands for; a misspelt one, what its nearest known one does."""
        tokens = []
        for word, stands_for in words.meaning(text).items():
            if (
                not any(token in self.weights for token in stands_for)
                and word not in self._known
                and len(word) >= MISSPELT_LENGTH
                and (
                    near := process.extractOne(
                        word, self.vocabulary, scorer=fuzz.ratio, score_cutoff=MISSPELT_RATIO
                    )
                )
            ):
                stands_for = frozenset(words.concepts_of(near[0]))  # noqa: PLW2901
            tokens.append(stands_for)
        return tokens

    def search(self, text: str) -> Found | None:
        """The best answer to `text`, or None where none is good enough."""
        best = self.ranked(text, most=1)
        return best[0] if best and best[0].fits else None

    def ranked(self, text: str, most: int) -> list[Found]:
        """At most `most` answers that have to do with `text`, the best first."""
        said = words.plain(text)
        tokens = self._tokens(text)
        if not said or not self.entries:
            return []
        asked = sum(max(map(self.weight, token)) for token in tokens)
        scored = [(self._score(said, tokens, asked, entry), entry) for entry in self.entries]
        # Of equals the first, as the owner has them in order.
        best = heapq.nlargest(most, scored, key=lambda pair: pair[0])
        return [_found(entry, score) for score, entry in best if score >= RELATED]

    def _score(self, said: str, tokens: list[frozenset[str]], asked: float, entry: _Entry) -> float:
        if said == entry.plain:
            return 1.0
        shared = 0.0
        covered: set[str] = set()
        for token in tokens:
            if inside := token & entry.question:
                shared += max(map(self.weight, inside))
                covered |= inside
            elif inside := token & entry.answer:
                shared += IN_ANSWER * max(map(self.weight, inside))
        understood = shared / asked if asked else 0.0
        recalled = sum(map(self.weight, covered)) / entry.weight if entry.weight else 0.0
        alike = max(0.0, fuzz.token_sort_ratio(said, entry.plain) / 100 - 0.4) / 0.6
        return 0.65 * understood + 0.2 * recalled + 0.15 * alike


def _found(entry: _Entry, score: float) -> Found:
    question, answer, title, url = entry.row
    sources = (Source(url=url, title=title or question),) if url else ()
    return Found(answer=answer, question=question, sources=sources, score=score)


@lru_cache(maxsize=64)
def _index(rows: tuple[Row, ...]) -> Index:
    # Keyed by the texts themselves: a changed answer is a new index, whoever changed it.
    return Index(rows)


def find(chatbot: Chatbot, text: str) -> Found | None:
    """The chatbot's answer to `text`, with its source, or None where it does not know."""
    return _index_of(chatbot).search(text)


def fitting(chatbot: Chatbot, text: str, most: int) -> list[Found]:
    """At most `most` of the chatbot's answers that have to do with `text`, the best first."""
    return _index_of(chatbot).ranked(text, most)


def _index_of(chatbot: Chatbot) -> Index:
    rows = tuple(
        chatbot.answers.order_by("id").values_list(
            "question", "answer", "source_title", "source_url"
        )
    )
    return _index(rows)
