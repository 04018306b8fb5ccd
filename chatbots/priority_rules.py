"""The rules that judge a priority: what a visitor's words weigh.

Each kind of sign has points; a sign counts once however often it is written.

    urgent    3     trouble itself: "urgent", "charged twice", "hacked"
    again     2     patience running out: "third time", "still waiting", "unacceptable"
    trouble   1     something is wrong: "broken", "refund"; two at most
    calm            "no rush": LOW, and nothing said until then counts

HIGH from three points on, MEDIUM from one, and null where there is no sign.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import accumulate

from chatbots import phrase_notation, priority_phrases
from chatbots.folding import UNSPACED, folded, words_of
from chatbots.priority import UNKNOWN, Judgement

POINTS = {"urgent": 3, "again": 2, "trouble": 1}
MOST_OF_TROUBLE = 2
HIGH_FROM = 3

# Characters, normalised, of a form or message; it is long enough for everything that tells.
READ_AT_MOST = 10_000
# And of a conversation, from its end.
READ_IN_ALL = 30_000

_KINDS = ("calm", "harmless", *POINTS)
_spaced = phrase_notation.finder(priority_phrases.SPACED, _KINDS, phrase_notation.SPACED)
_unspaced = phrase_notation.finder(priority_phrases.UNSPACED, _KINDS, phrase_notation.UNSPACED)


def classify(messages: Sequence[str]) -> Judgement:
    """The priority that a visitor's messages call for, oldest first."""
    signs: dict[str, dict[str, str]] = {kind: {} for kind in POINTS}
    left = READ_IN_ALL
    for message in reversed(messages):
        if not left:
            break
        text = normalised(message)[:left]
        left -= len(text)
        found = _signs(text)
        if calm := [said for kind, _, said in found if kind == "calm"]:
            if _points(signs) >= HIGH_FROM:
                break
            return Judgement("LOW", tuple(dict.fromkeys(calm)))
        for kind, sign, said in found:
            if kind in signs:
                signs[kind].setdefault(sign, said)
    points = _points(signs)
    if not points:
        return UNKNOWN
    reasons = tuple(said for kind in POINTS for said in signs[kind].values())
    return Judgement("HIGH" if points >= HIGH_FROM else "MEDIUM", reasons)


def _points(signs: dict[str, dict[str, str]]) -> int:
    most = {kind: len(found) for kind, found in signs.items()}
    most["trouble"] = min(most["trouble"], MOST_OF_TROUBLE)
    return sum(POINTS[kind] * count for kind, count in most.items())


def normalised(message: str) -> str:
    """What is read of a message. One character may become eighteen (U+FDFA): cut last."""
    return unicodedata.normalize("NFKC", message[:READ_AT_MOST])[:READ_AT_MOST]


def _signs(text: str) -> list[tuple[str, str, str]]:
    """Each sign in a text: its kind, the sign as it is compared, and as the visitor wrote it."""
    said = words_of(text.replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", ""))
    compared = [folded(word).replace(" ", "") for word in said]
    found = _found(_spaced, compared, said, " ")
    if UNSPACED.search(text):
        found += _found(_unspaced, list("".join(compared)), list("".join(said)), "")
    return found


def _found(
    finder: re.Pattern[str], compared: list[str], said: list[str], space: str
) -> list[tuple[str, str, str]]:
    """What `finder` finds in the units of a text, words or characters."""
    line = "".join(f"{unit}{space}" for unit in compared)
    units = list(accumulate((len(unit) + len(space) for unit in compared), initial=0))
    place = {start: number for number, start in enumerate(units)}
    found = []
    for match in finder.finditer(line):
        first, end = place[match.start()], place[match.end()]
        # Folding may make one character of two, then the parts do not match one by one.
        own = said[first:end] if len(said) == len(compared) else compared[first:end]
        found.append((str(match.lastgroup), match.group(), space.join(own)))
    return found
