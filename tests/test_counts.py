"""Every sentence with a count is right for one, too: "1 step", not "1 steps"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from chatbots.counting import counted

ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGES: Final = ("chatbots", "emitter", "inbox", "webhooks")
# What the project counts; another noun is added here when a sentence first counts it.
NOUN: Final = (
    r"(?:accounts|answers|attempts|bytes|characters|chats|conversations|copies|days|deliveries|"
    r"events|fields|hours|keys|messages|minutes|mistakes|pages|requests|results|seconds|secrets|"
    r"steps|times|visitors|webhooks)\b"
)
# A value and a noun in the plural behind it.
PYTHON: Final = re.compile(r"\{([^{}]*)\} (?:more )?" + NOUN)
TEMPLATE: Final = re.compile(r"\{\{ ?([^{}]*?) ?\}\}(?:</\w+>)? (?:more )?" + NOUN)
SCRIPT: Final = re.compile(r"\$\{([^{}]*)\} (?:more |new )?" + NOUN)
# A constant (none of them is 1), or what is compared with such a constant or with 1 beforehand.
CONSTANT: Final = re.compile(r"[A-Z][A-Z_]+(?::[^}]*)?|self\._failures")
COMPARED: Final = {
    "webhooks/webhook_fields.py": "len(secret)",
    "webhooks/api/subscriptions.py": "len(reason)",
    "webhooks/api/signatures.py": "len(secret)",
    "webhooks/api/filters.py": "len(values)",
    "webhooks/diagnosis/no_digest.py": "len(text)",
    "webhooks/diagnosis/keys.py": "size",
    "chatbots/answering.py": "len(text)",
    "chatbots/events.py": "size:,",
    "chatbots/handover_form.py": "longest",
    "chatbots/scenarios/script.py": "len(value)",
    "chatbots/static/chatbots/widget.js": "unread",
    "templates/unfold/helpers/welcomemsg.html": "counter",
}


def counts() -> Iterator[tuple[str, str]]:
    """File and counted value of each plural that stands behind a value."""
    for pattern, paths in (
        (PYTHON, [path for name in PACKAGES for path in (ROOT / name).rglob("*.py")]),
        (TEMPLATE, (ROOT / "templates").rglob("*.html")),
        (SCRIPT, [path for name in PACKAGES for path in (ROOT / name).rglob("*.js")]),
    ):
        for path in paths:
            # What is one sentence may stand in two literals.
            text = re.sub(r'"\s*\n\s*f?"', "", path.read_text())
            for found in pattern.finditer(text):
                yield str(path.relative_to(ROOT)), found[1]


def test_what_is_counted_may_be_one() -> None:
    wrong = [
        (path, value)
        for path, value in counts()
        if not CONSTANT.fullmatch(value) and COMPARED.get(path) != value
    ]
    assert not wrong, "Say it with chatbots.counting.counted, or |pluralize in a template."


def test_each_exception_is_still_there() -> None:
    assert set(COMPARED.items()) <= set(counts())


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 steps"), (1, "1 step"), (2, "2 steps"), (1000, "1,000 steps")]
)
def test_a_number_has_its_noun(count: int, said: str) -> None:
    assert counted(count, "step") == said
    assert counted(1, "delivery", "deliveries") == "1 delivery"
    assert counted(0, "delivery", "deliveries") == "0 deliveries"
