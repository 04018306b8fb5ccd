"""The ticket priority of a handover: the seam behind which it is judged.

Wonderchat's page: "LOW", "MEDIUM", "HIGH", or null. The setting PRIORITY_CLASSIFIER names the
function that judges; chatbots.priority_rules.classify is the one that comes with the emitter.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import get_args

from chatbots.events import Priority
from chatbots.models import Chatbot, Message, MessageType
from chatbots.plugged_in import plugged_in

log = logging.getLogger(__name__)

# Of a long conversation the latest messages tell.
READ_MESSAGES = 30
MOST_REASONS = 6
LONGEST_REASON = 60


@dataclass(frozen=True)
class Judgement:
    """A priority, null where nothing tells, and the visitor's own words that speak for it."""

    priority: Priority | None = None
    reasons: tuple[str, ...] = ()

    @property
    def explanation(self) -> str:
        """ "HIGH because: 'refund', 'third time'"; empty without a priority."""
        if self.priority is None:
            return ""
        words = ", ".join(f"'{reason[:LONGEST_REASON]}'" for reason in self.reasons[:MOST_REASONS])
        return f"{self.priority} because: {words}" if words else self.priority


UNKNOWN = Judgement()


def judge(
    chatbot: Chatbot, text: str, chatlog_id: str | None, form_values: Iterable[str] = ()
) -> Judgement:
    """The priority of a visitor's request `text`, with what they wrote in that chat before.

    Call it outside a transaction: a classifier of the operator's own may ask a server. Whatever
    goes wrong in one is logged, and the priority is null.
    """
    earlier: list[str] = []
    if chatlog_id is not None:
        newest = Message.objects.filter(
            conversation=chatlog_id, conversation__chatbot=chatbot, type=MessageType.USER
        ).order_by("-id")
        earlier = list(newest.values_list("content", flat=True)[:READ_MESSAGES])[::-1]
    latest = "\n".join([text, *form_values])
    try:
        judgement = plugged_in("PRIORITY_CLASSIFIER")([*earlier, latest])
        if not isinstance(judgement, Judgement):
            raise TypeError(f"it gave {type(judgement).__name__}, not a Judgement")
        if judgement.priority not in (None, *get_args(Priority)):
            raise ValueError(f"it gave the priority {judgement.priority!r}")
        _ = judgement.explanation
    except Exception as error:  # noqa: BLE001  # Whatever a function of somebody else's raises.
        log.warning("PRIORITY_CLASSIFIER failed, the priority is null: %r", error)
        return UNKNOWN
    return judgement
