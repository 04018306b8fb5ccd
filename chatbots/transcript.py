"""A stretch of a conversation: its latest messages, or those before one of them.

A conversation has no end, so whoever shows one shows so many messages and so many characters of it,
and says where what comes before is found.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from chatbots.models import Conversation, Message

MOST_MESSAGES = 200
MOST_CHARACTERS = 200_000
# Of what is new to somebody who asks again and again.
MOST_NEWS = 200


@dataclass(frozen=True)
class Stretch:
    """Messages, oldest first; `before` is the first of them where others come before it, else 0."""

    messages: list[Message]
    before: int

    @property
    def newest(self) -> int:
        return self.messages[-1].pk if self.messages else 0


def latest(
    conversation: Conversation,
    *,
    before: int = 0,
    until: int = 0,
    most: int = MOST_MESSAGES,
    characters: int = MOST_CHARACTERS,
) -> Stretch:
    """The latest messages: of all, of those before the one numbered `before`, or `until` one.

    At most `most` of them, and of `characters` in all; but one, if there is one.
    """
    said: QuerySet[Message] = conversation.messages.order_by("-id")
    if before:
        said = said.filter(pk__lt=before)
    if until:
        said = said.filter(pk__lte=until)
    found: list[Message] = []
    for message in said[: most + 1]:
        characters -= len(message.content)
        if found and (len(found) == most or characters < 0):
            return Stretch(found[::-1], found[-1].pk)
        found.append(message)
    return Stretch(found[::-1], 0)


def since(conversation: Conversation, after: int) -> tuple[list[Message], bool]:
    """What was said after the message numbered `after`, oldest first, as far as one answer holds.

    And whether there is more: ask again, with the last one's number.
    """
    found: list[Message] = []
    left = MOST_CHARACTERS
    said = conversation.messages.filter(pk__gt=after).order_by("id")[: MOST_NEWS + 1]
    for message in said:
        left -= len(message.content)
        if len(found) == MOST_NEWS or (found and left < 0):
            return found, True
        found.append(message)
    return found, False
