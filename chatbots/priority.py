"""The ticket priority of a handover, read from what the visitor wrote.

Wonderchat's page: "LOW", "MEDIUM", "HIGH", or null. Null where the words tell nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from chatbots.events import Priority

SIGNS: tuple[tuple[Priority, str], ...] = (
    (
        "LOW",
        (
            r"no (?:rush|hurry)|not urgent|whenever (?:you|it)|when you have (?:time|a moment)|"
            r"just (?:curious|wondering)|feature request|suggestion|feedback"
        ),
    ),
    (
        "HIGH",
        (
            r"urgent(?:ly)?|asap|immediately|emergency|critical|right (?:now|away)|at once|"
            r"complex issue|(?:is|are|was|site|server|service) down|outage|hacked|fraud(?:ulent)?|"
            r"stolen|security|lawyer|legal|charged twice|double charged|locked out|data loss|"
            r"lost (?:all )?my data|unacceptable|complaint|deadline|today"
        ),
    ),
    (
        "MEDIUM",
        (
            r"problem|issue|broken|error|fail(?:s|ed|ing)?|refund|cancel|wrong|damaged|missing|late|"
            r"not (?:working|arrived|received)|doesn't work|does not work|can't|cannot|help|order|"
            r"invoice|billing|payment"
        ),
    ),
)
_signs = tuple(
    (priority, re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)) for priority, pattern in SIGNS
)


def priority_of(texts: Iterable[str]) -> Priority | None:
    """The priority that the visitor's words call for: an explicit "no rush" counts first."""
    said = "\n".join(texts).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return next((priority for priority, pattern in _signs if pattern.search(said)), None)
