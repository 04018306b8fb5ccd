"""Words with one slip of the finger, read as the words that were meant."""

from __future__ import annotations

from collections.abc import Iterable
from string import ascii_lowercase

# In a short word one wrong letter makes another word ("want", "wait"): there only letters that
# changed places, one that is missing and one typed twice are taken for slips.
ANY_SLIP_FROM = 6
MISSING_LETTER_FROM = 5


def slips(word: str) -> set[str]:
    """What `word` becomes by one slip that leaves its first letter where it is."""
    found = {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(1, len(word) - 1)}
    found |= {word[:i] + word[i] + word[i:] for i in range(len(word))}
    if len(word) >= MISSING_LETTER_FROM:
        found |= {word[:i] + word[i + 1 :] for i in range(1, len(word))}
    if len(word) >= ANY_SLIP_FROM:
        for letter in ascii_lowercase:
            found |= {word[:i] + letter + word[i + 1 :] for i in range(1, len(word))}
            found |= {word[:i] + letter + word[i:] for i in range(1, len(word) + 1)}
    return found


def readings(words: Iterable[str], known: set[str]) -> dict[str, str]:
    """Each misspelling of `words` that is not a `known` word itself, with what was meant."""
    return {
        slip: word
        for word in dict.fromkeys(words)
        for slip in sorted(slips(word))
        if slip not in known
    }
