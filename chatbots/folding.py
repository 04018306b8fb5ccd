"""Text as it is compared: lower case, without accents, split into words in any script."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# A message has at most 4,000 characters (visitor_input.py), and one of them may become eighteen by
# normalising (U+FDFA). So much of what it becomes is looked at: a message of any script in full.
LOOKED_AT = 4000
# Letters and their accents, taken apart, before they are put together again.
APART = 3 * LOOKED_AT

# What Unicode does not take apart into a letter and an accent, and people type either way.
_letters = str.maketrans(
    {"ı": "i", "ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "ى": "ي", "ة": "ه", "ـ": None}
)
_apostrophes = re.compile(r"[\N{RIGHT SINGLE QUOTATION MARK}`\N{MODIFIER LETTER APOSTROPHE}]")
# The vowel signs of Indian and Thai words are no letters to `\w`, but they are to whoever reads.
_word = re.compile(r"(?:[^\W_]|[\u0900-\u0963\u0966-\u0dff\u0e30-\u0e4e\u0eb0-\u0ece])+")
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]+")


def folded(text: str) -> str:
    """`text` in lower case without accents, apostrophes straight; punctuation stays."""
    straight = _apostrophes.sub("'", text)
    if straight.isascii():
        return straight.lower()
    return _put_together(_apart(_apart(straight).casefold()))


@lru_cache(maxsize=256)
def folded_message(text: str) -> str:
    """What a visitor wrote, folded: the first LOOKED_AT characters of what that gives.

    Kept for a while: a message is looked at for several things, and folded once.
    """
    straight = _apostrophes.sub("'", text[:LOOKED_AT])
    if straight.isascii():
        return straight.lower()
    return _put_together(_apart(_apart(straight)[:APART].casefold())[:APART])[:LOOKED_AT]


def _apart(text: str) -> str:
    # Done twice: what is taken apart may have capitals in it, and a small letter may be two.
    return unicodedata.normalize("NFKD", text)


def _put_together(apart: str) -> str:
    # A vowel sign of an Indian script has combining class 0 and stays.
    bare = "".join(c for c in apart if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", bare).translate(_letters)


def words_of(text: str) -> list[str]:
    """The words of a folded text: letters and digits, without punctuation and emojis."""
    return _word.findall(text)
