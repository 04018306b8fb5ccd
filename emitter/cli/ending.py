"""How a command ends other than well: a sentence, and its exit code."""

from __future__ import annotations

from typing import Final

NO: Final = 1
WRONG_USE: Final = 2
CANNOT_REACH: Final = 3


class Ending(Exception):
    """Ends the command with a sentence. The plain one means: wrong use."""

    code: int = WRONG_USE

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class TheAnswerIsNo(Ending):
    """All was asked as it should be, and the answer is no."""

    code = NO


class WrongUse(Ending):
    """The command, or what it sent, was not as it should be."""

    code = WRONG_USE


class CannotReach(Ending):
    """The emitter did not answer, or not as itself."""

    code = CANNOT_REACH
