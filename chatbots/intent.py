"""Whether a message asks for a person instead of the chatbot, in any of many languages.

A message is read clause by clause. A clause asks if it has a phrase that asks and none that takes
it back ("I don't want a human", "are you a human?"); a sentence of nothing but a person and a word
of courtesy ("agent, please") asks too. The phrases are data: person_phrases.py. A chatbot's owner
can add phrases, which ask wherever they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from chatbots import person_phrases, phrase_notation
from chatbots.folding import UNSPACED, folded, folded_message, words_of
from chatbots.misspelling import readings

_spaced = tuple(
    phrase_notation.phrases(table, phrase_notation.SPACED)
    for table in person_phrases.SPACED.values()
)
_unspaced = tuple(
    phrase_notation.phrases(table, phrase_notation.UNSPACED)
    for table in person_phrases.UNSPACED.values()
)
_sentence_ends = re.compile(r"[.!?;\n\r…。؟।॥]+")
_clause_ends = re.compile(rf"[,:()\"«»–—،、]+| - | (?:{'|'.join(person_phrases.BUT.split())}) ")
# "don't", "who's" and "c'è" are one word, "the agent's" and "l'humain" are two.
_contraction = re.compile(r"'(?=(?:t|d|m|ll|re|ve)\b)|(?<=\bc)'(?=e\b)")
_contracted_is = re.compile(
    r"\b(who|what|that|it|he|she|let|here|there|where|how|some(?:one|body))'(?=s\b)"
)
# A comma that ends no clause, and courtesy in the middle of one.
_relative = re.compile(rf",(?= (?:{phrase_notation.any_of(person_phrases.RELATIVE)}) )")
_courtesy = re.compile(rf"[,،] *(?:{phrase_notation.any_of(person_phrases.COURTESY)}) *[,،]")
_meant = readings(
    person_phrases.OFTEN_MISSPELT.split(),
    set().union(*map(phrase_notation.literal_words, person_phrases.SPACED.values())),
)


def asks_for_a_person(text: str, own_phrases: Iterable[str] = ()) -> bool:
    """Whether `text` asks to be put through to a person.

    `own_phrases` are the chatbot's own: any of them, in whatever case and accents, asks. Takes time
    in proportion to the text's length.
    """
    said = folded_message(text)
    written_out = _contracted_is.sub(r"\1", _contraction.sub("", said))
    return _has_one_of(own_phrases, said) or any(
        map(_sentence_asks, filter(None, _sentence_ends.split(written_out)))
    )


def _sentence_asks(sentence: str) -> bool:
    parts = [sentence, *_clause_ends.split(_relative.sub("", sentence))]
    if _courtesy.search(sentence):
        parts += _clause_ends.split(_courtesy.sub(" ", sentence))
    whole, *clauses = [[_meant.get(word, word) for word in words_of(part)] for part in parts]
    if any(language.alone.fullmatch(_line(whole)) for language in _spaced):
        return True
    if any(_asks(clause) for clause in clauses if clause):
        return True
    return bool(UNSPACED.search(sentence)) and any(
        language.alone.fullmatch("".join(whole)) for language in _unspaced
    )


def _asks(clause: list[str]) -> bool:
    line = _line(clause)
    if any(language.take_back.search(line) for language in _spaced):
        return False
    if any(language.ask.search(line) for language in _spaced):
        return True
    if not UNSPACED.search(line):
        return False
    line = "".join(clause)
    return any(
        language.ask.search(line) and not language.take_back.search(line) for language in _unspaced
    )


def _line(words: list[str]) -> str:
    """Each word with one space after it, as phrases are written."""
    return "".join(f"{word} " for word in words)


def _has_one_of(phrases: Iterable[str], said: str) -> bool:
    """Whether one of the phrases stands in a folded text, on word limits."""
    words = words_of(said)
    line, run = f" {_line(words)}", "".join(words)
    for phrase in phrases:
        wanted = words_of(folded(phrase))
        if not wanted:
            continue
        # Scripts without spaces have no word limits to keep to.
        if UNSPACED.search(phrase):
            if "".join(wanted) in run:
                return True
        elif f" {_line(wanted)}" in line:
            return True
    return False
