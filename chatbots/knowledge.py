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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

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

# What one question may cost is bounded: of a visitor's message so many telling words are compared,
# so many of them looked up as misspelt, among so many words of the chatbot's own.
MOST_WORDS = 100
MOST_MISSPELT = 40
MOST_KNOWN_WORDS = 20_000
# And of the chatbot's own texts: so many questions, and in all so many characters, of the questions
# first and then of the answers.
MOST_QUESTIONS = 2000
MOST_CHARACTERS = 300_000

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
    # The same words in alphabetical order, as the looks of two sentences are compared.
    in_order: str
    question: frozenset[str]
    answer: frozenset[str]
    weight: float


def _all(meaning: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*meaning.values())


class Index:
    """A chatbot's questions and answers, ready to be searched."""

    def __init__(self, rows: tuple[Row, ...]) -> None:
        rows = rows[:MOST_QUESTIONS]
        asked = [words.meaning(row[0]) for row in rows]
        left = MOST_CHARACTERS - sum(len(row[0]) for row in rows)
        answered = [words.meaning(text) for text in _answers(rows, left)]
        questions, answers = [_all(one) for one in asked], [_all(one) for one in answered]
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
            _entry(row, question, answer, sum(map(self.weight, question)))
            for row, question, answer in zip(rows, questions, answers, strict=True)
        ]
        # Of each token, the entries that have it in their question, and in their answer.
        self._asking, self._answering = _places(questions), _places(answers)
        used = Counter(word for one in (*asked, *answered) for word in one if word[0] != "#")
        self._known = frozenset(used) | words.known_words()
        often = {word: n for word, n in used.items() if len(word) >= MISSPELT_LENGTH}
        # The commonest ones, if there are too many to look among.
        self.vocabulary = sorted(
            {*heapq.nlargest(MOST_KNOWN_WORDS, often, key=often.__getitem__)}
            | {word for word in words.known_words() if len(word) >= MISSPELT_LENGTH}
        )

    def weight(self, token: str) -> float:
        return self.weights.get(token, self.unknown)

    def _tokens(self, text: str) -> list[frozenset[str]]:
        """What each word of `text` stands for; a misspelt one, what its nearest known one does."""
        tokens = []
        left = MOST_MISSPELT
        for word, stands_for in islice(words.meaning(text).items(), MOST_WORDS):
            if (
                left
                and not any(token in self.weights for token in stands_for)
                and word not in self._known
                and len(word) >= MISSPELT_LENGTH
            ):
                left -= 1
                near = process.extractOne(
                    word, self.vocabulary, scorer=fuzz.ratio, score_cutoff=MISSPELT_RATIO
                )
                if near:
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
        in_order = _in_order(said)
        # What shares no word cannot be related: looks alone count 0.15, and less than that here.
        near = sorted({place for token in tokens for place in self._near(token)})
        scored = [
            (self._score(said, in_order, tokens, asked, self.entries[place]), self.entries[place])
            for place in near
        ]
        # Of equals the first, as the owner has them in order.
        best = heapq.nlargest(most, scored, key=lambda pair: pair[0])
        return [_found(entry, score) for score, entry in best if score >= RELATED]

    def _near(self, token: frozenset[str]) -> Iterator[int]:
        """The places of the entries that have what one word stands for."""
        for one in token:
            yield from self._asking.get(one, ())
            yield from self._answering.get(one, ())

    def _score(
        self,
        said: str,
        in_order: str,
        tokens: list[frozenset[str]],
        asked: float,
        entry: _Entry,
    ) -> float:
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
        alike = max(0.0, fuzz.ratio(in_order, entry.in_order) / 100 - 0.4) / 0.6
        return 0.65 * understood + 0.2 * recalled + 0.15 * alike


def _entry(row: Row, question: frozenset[str], answer: frozenset[str], weight: float) -> _Entry:
    plain = words.plain(row[0])
    return _Entry(row, plain, _in_order(plain), question, answer, weight)


def _in_order(plain: str) -> str:
    return " ".join(sorted(plain.split()))


def _answers(rows: tuple[Row, ...], left: int) -> Iterator[str]:
    """The rows' answers as far as they are read; nothing once `left` characters are."""
    for row in rows:
        read = row[1][: words.READ_AT_MOST]
        left -= len(read)
        yield read if left >= 0 else ""


def _places(tokens: list[frozenset[str]]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for place, those in enumerate(tokens):
        for token in those:
            places.setdefault(token, []).append(place)
    return places


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
        )[:MOST_QUESTIONS]
    )
    return _index(rows)
