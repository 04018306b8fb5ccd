"""Which key asks, for which chatbot: remembered between requests, and proved where it is written.

Looking both up costs more than recording an event. So a process remembers the rows that it read,
and what they gave is written only on the condition that they still hold (event_rows.insert): a key
that was revoked, or a chatbot that was renamed a moment ago, is seen by the statement that writes.
The caller then asks again with `fresh`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chatbots.models import Account, ApiKey, Chatbot

# Then all is forgotten, and what is still in use is read once more.
MOST: Final = 10_000

_keys: dict[str, ApiKey] = {}
_chatbots: dict[tuple[int, str], Chatbot] = {}


@dataclass(frozen=True, slots=True)
class Standing:
    """A key, and a chatbot of its account, as they were when they were read."""

    key: ApiKey
    chatbot: Chatbot


def key(text: str, *, fresh: bool) -> ApiKey | None:
    """The live key that `text` is, with its account; as remembered, unless `fresh`."""
    hash = ApiKey.hash_of(text)
    found = None if fresh else _keys.get(hash)
    if found is None:
        found = ApiKey.find(text)
        if found is None:
            _keys.pop(hash, None)
        else:
            if len(_keys) >= MOST:
                _keys.clear()
            _keys[hash] = found
    return found


def chatbot(account: Account, chatbot_id: str, *, fresh: bool) -> Chatbot | None:
    """The account's chatbot, with its account; as remembered, unless `fresh`."""
    place = (account.pk, chatbot_id)
    found = None if fresh else _chatbots.get(place)
    if found is None:
        found = Chatbot.objects.filter(account=account, pk=chatbot_id).first()
        if found is None:
            _chatbots.pop(place, None)
        else:
            found.account = account
            if len(_chatbots) >= MOST:
                _chatbots.clear()
            _chatbots[place] = found
    return found
