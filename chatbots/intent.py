"""Whether a message asks for a person instead of the chatbot.

English, by patterns: a word for a person near a word for wanting one, or one of the short ways to
say it; not where the message says that it does not want one, or speaks about people otherwise.
"""

from __future__ import annotations

import re

PERSON = (
    r"(?:humans?|persons?|people|agents?|operators?|representatives?|reps?|advisers?|advisors?|"
    r"managers?|supervisors?|somebody|someone|staff|team member|staff member|"
    r"(?:customer |live |technical |tech )?support(?: (?:team|agent|person|staff|rep))?|"
    r"customer (?:service|care)|employees?|colleagues?|specialists?|real one)"
)
REAL = (
    r"(?:(?:a|an|the|your|some|any|another|one of your|one of the|actual|real|live|human|living|"
    r"proper|breathing|flesh and blood) )*"
)
REACH = (
    r"(?:talk(?:ing)?|speak(?:ing)?|chat(?:ting)?|connect(?:ed)?|transfer(?:red)?|forward(?:ed)?|"
    r"put (?:me )?through|pass(?:ed)?(?: me)?(?: on)?|hand(?:ed)?(?: me)?(?: over)?|"
    r"escalate(?:d)?|redirect(?:ed)?|reach|contact|get (?:me|us)|switch(?:ed)?|route(?:d)?)"
)
WORD = r"(?:[\w']+ )"

ASKS = [
    # "can I talk to a real person", "connect me with your support team", "get me an agent"
    (
        rf"\b{REACH} (?:(?:me|us|this|it) )?(?:(?:over|on) )?"
        rf"(?:(?:to|with|through to|in touch with|hold of) )?(?:me )?{REAL}{PERSON}\b"
    ),
    # "can I get a human": not "get support" or "get a staff discount", which are about other things
    rf"\bget (?:hold of |to )?{REAL}(?:humans?|persons?|agents?|operators?|representatives?)\b",
    # "I need a human", "I want an agent", "I'd like a real person", "give me a human"
    (
        rf"\b(?:need|want|wanna|like|prefer|demand|request|give me|gimme|send me|find me|have|see) "
        rf"(?:to (?:have|see|get) )?{REAL}(?:humans?|persons?|agents?|operators?|representatives?|"
        r"reps?|live chat|human being|human (?:help|support|assistance))\b"
    ),
    # "is there a human", "are there any real people here", "can a person help me"
    (
        rf"\b(?:is|are) (?:there|anyone|anybody) {WORD}?{REAL}"
        r"(?:humans?|real persons?|real people|agents?|operators?|live agents?)\b"
    ),
    (
        rf"\b(?:can|could|may|will) {REAL}(?:humans?|persons?|agents?|someone|somebody) {WORD}?"
        r"(?:help|call|contact|assist|speak|talk|take over|answer)\b"
    ),
    # "let me speak to someone", "someone real", "not a bot", "stop this bot"
    r"\b(?:someone|somebody) (?:real|human|who is (?:real|human|not a (?:ro)?bot))\b",
    r"\b(?:talk|speak|chat) (?:to|with) (?:anyone|anybody|someone|somebody)\b",
    (
        r"\b(?:don't|do not|not) (?:want|wish|like) (?:to )?(?:talk|speak|chat|be talking) "
        r"(?:to|with) (?:a |the |this |you |your )*(?:chat|ro)?(?:bot|machine|computer|ai)\b"
    ),
    r"\b(?:start|open|begin) (?:a |the )?live chat\b",
    r"\bcall me back\b",
    r"\bhuman (?:please|pls|now|help|support|agent|assistance|being)\b",
    r"\b(?:live|real|human) (?:agent|person|human|support|chat|operator)(?: please| pls| now)?$",
    # The whole message.
    (
        rf"^(?:please |pls |hi |hello |hey )*{REAL}(?:humans?|persons?|agents?|operators?|"
        r"representatives?|live chat|real people|customer (?:service|support|care))"
        r"(?: please| pls| now| asap)*$"
    ),
]

DENIES = [
    # "I don't need a human", "no need to talk to an agent", "without talking to a person"
    (
        r"\b(?:don't|do not|dont|didn't|did not|doesn't|no need to|never|not|wouldn't|rather not|"
        rf"without|instead of|stop|no longer) {WORD}{{0,4}}?{REAL}{PERSON}\b"
    ),
    rf"\bno (?:need|reason) {WORD}{{0,4}}?{PERSON}\b",
    r"\bno (?:humans?|persons?|agents?|people)\b",
    # Questions about the people, not for them.
    rf"\b(?:are|were) you {REAL}(?:humans?|persons?|bots?|agents?)\b",
    (
        r"\b(?:how many|what is|what's|who is|who are|when is|when are|what are|how much|how big) "
        rf"{WORD}{{0,4}}?{PERSON}\b"
    ),
    (
        r"\b(?:add|invite|remove|delete|assign|create|set up|manage|hire|become|train)\w* "
        rf"{WORD}{{0,3}}?{PERSON}\b"
    ),
    r"\b(?:human (?:resources|rights|error|body)|travel agent|user agent|estate agent)\b",
]
# A denial of a denial: "why can't I talk to a person", "I don't want a bot, I want a human".
STILL = [
    (
        r"\b(?:can't|cannot|can not|couldn't|could not|won't|why (?:don't|not)) "
        rf"{WORD}{{0,3}}?{REACH}\b"
    ),
    (
        rf"\b(?:bot|machine|robot|ai|computer|you)\b[ ,;.]+(?:but |so |just )?(?:i |we )?"
        rf"(?:want|need|would like|'d like|prefer|give me) {WORD}{{0,3}}?{PERSON}\b"
    ),
    (
        r"\b(?:don't|do not) (?:want|wish) (?:to )?(?:talk|speak|chat) (?:to|with) "
        r"(?:a |the |this |your )*(?:chat|ro)?(?:bot|machine|computer|ai)\b"
    ),
    r"\b(?:if|unless) (?:you )?(?:don't|do not|can't|cannot) (?:know|help)\b",
]

_asks = re.compile("|".join(f"(?:{pattern})" for pattern in ASKS))
_denies = re.compile("|".join(f"(?:{pattern})" for pattern in DENIES))
_still = re.compile("|".join(f"(?:{pattern})" for pattern in STILL))
_spaces = re.compile(r"[^\w']+")

# A request for a person is said in a sentence; what follows a thousand letters is a story.
READ_AT_MOST = 1000


def normal(text: str) -> str:
    """Lower case, straight apostrophes, one space between words, no punctuation."""
    straight = text[:READ_AT_MOST].casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return _spaces.sub(" ", straight).strip()


def asks_for_a_person(text: str) -> bool:
    """Whether `text` asks to be put through to a person."""
    said = normal(text)
    if not _asks.search(said):
        return False
    return not _denies.search(said) or bool(_still.search(said))
