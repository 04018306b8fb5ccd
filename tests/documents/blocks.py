"""The blocks of code in README.md and docs/, as they stand there."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path

from tests.emitter.group import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@dataclass(frozen=True)
class Block:
    """`number` counts the blocks of one language in one page, from 0."""

    page: str
    language: str
    number: int
    line: int
    text: str

    @property
    def name(self) -> str:
        return f"{self.page} {self.language} {self.number}"


def read(page: Path) -> list[Block]:
    found: list[Block] = []
    opened: tuple[str, int] | None = None
    inside: list[str] = []
    for number, line in enumerate(page.read_text().splitlines(), 1):
        fence = line.strip()
        if opened is None and fence.startswith("```"):
            opened, inside = (fence.removeprefix("```").strip(), number), []
        elif opened is not None and fence == "```":
            language, begun = opened
            before = sum(block.language == language for block in found)
            text = textwrap.dedent("\n".join(inside)) + "\n"
            found.append(Block(page.name, language, before, begun, text))
            opened = None
        elif opened is not None:
            inside.append(line)
    assert opened is None, f"{page.name}: the block of line {opened} has no end"
    return found


BLOCKS = [block for page in PAGES for block in read(page)]


def of(page: str, language: str) -> list[Block]:
    """The blocks of one language in one page, in their order; at least one."""
    found = [block for block in BLOCKS if (block.page, block.language) == (page, language)]
    assert found, f"{page} has no block in {language} any more: take its line out of the table"
    return found
