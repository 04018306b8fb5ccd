"""Tables of phrases, as chatbots/person_phrases.py explains them, made into regular expressions.

Nothing in a phrase is longer than a fixed number of words, so searching takes time in proportion to
the text's length, whatever the text.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from chatbots.folding import folded


@dataclass(frozen=True)
class Script:
    """How words follow each other, and how far `..` and `@list*` may reach."""

    after_word: str
    rest_of_word: str
    gap: str
    begins: str


# A text is matched as words that each have one space after them, or without any space.
SPACED = Script(
    after_word=" ", rest_of_word="[^ ]*", gap="(?:[^ ]+ ){0,5}", begins="(?:(?<= )|(?<![^ ]))"
)
UNSPACED = Script(after_word="", rest_of_word="", gap=".{0,6}", begins="")
REPEAT = "{0,8}"

KINDS = ("ask", "not")


@dataclass(frozen=True)
class Phrases:
    """The phrases of one language."""

    ask: re.Pattern[str]
    take_back: re.Pattern[str]
    alone: re.Pattern[str]


class _Table:
    def __init__(self, text: str, script: Script) -> None:
        self.script = script
        self.lists: defaultdict[str, list[str]] = defaultdict(list)
        self.phrases: defaultdict[str, list[str]] = defaultdict(list)
        for line in folded(text).strip().splitlines():
            name, _, value = line.strip().partition(": ")
            if name in KINDS:
                self.phrases[name].append(value)
            else:
                self.lists[name] += value.split()

    def word(self, word: str) -> str:
        if word.startswith("@"):
            return self.any_of(self.lists[word[1:]])
        if word.endswith("*"):
            pattern = re.escape(word[:-1].replace("_", " ")) + self.script.rest_of_word
        else:
            pattern = re.escape(word.replace("_", " "))
        return pattern.replace(r"\ ", " ") + self.script.after_word

    def any_of(self, words: list[str]) -> str:
        # The longer first: "support team" before "support".
        patterns = sorted(dict.fromkeys(map(self.word, words)), key=len, reverse=True)
        return f"(?:{'|'.join(patterns)})" if patterns else "(?!)"

    def piece(self, piece: str) -> str:
        if piece == "..":
            return self.script.gap
        if piece in ("^", "$"):
            return piece
        ends = "$" if piece.endswith("$") else ""
        bare = piece.removesuffix("$")
        if bare.startswith("@") and bare.endswith("*"):
            return self.word(bare[:-1]) + REPEAT + ends
        maybe = "?" if bare.endswith("?") else ""
        return self.any_of(bare.removesuffix("?").split("/")) + maybe + ends

    def phrase(self, phrase: str) -> str:
        return "".join(map(self.piece, phrase.split()))

    def search(self, kind: str) -> re.Pattern[str]:
        phrases = [self.phrase(phrase) for phrase in self.phrases[kind]]
        return re.compile(f"{self.script.begins}(?:{'|'.join(phrases) or '(?!)'})")

    def alone(self) -> re.Pattern[str]:
        polite = self.any_of(self.lists["polite"]) + REPEAT
        return re.compile(f"{polite}{self.any_of(self.lists['alone'])}{polite}")


def phrases(table: str, script: Script) -> Phrases:
    """The phrases of one language's table."""
    read = _Table(table, script)
    return Phrases(ask=read.search("ask"), take_back=read.search("not"), alone=read.alone())


def finder(table: str, kinds: Iterable[str], script: Script) -> re.Pattern[str]:
    """What finds any word of a table's lists `kinds`, as a group by that name.

    Where several begin at one place the kind named first is found.
    """
    read = _Table(table, script)
    groups = "|".join(f"(?P<{kind}>{read.any_of(read.lists[kind])})" for kind in kinds)
    return re.compile(f"{script.begins}(?:{groups})")


def any_of(words: str) -> str:
    """What matches any of `words` in a folded text; `_` stands for a space."""
    return "|".join(re.escape(word.replace("_", " ")) for word in folded(words).split())


def literal_words(table: str) -> set[str]:
    """Every word that stands in a table, without the notation."""
    return {
        word
        for line in folded(table).splitlines()
        for word in re.findall(r"[^\W_]+", line.partition(": ")[2])
    }
