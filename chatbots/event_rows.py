"""Event rows, many at once, each on the condition that the key and chatbot behind it still hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db import connection

from chatbots import prepared
from chatbots.models import ApiKey, Chatbot, Event
from chatbots.standing import Standing

# The condition and the writing are one statement, so nothing can come between them.
INSERT: Final = """
WITH held AS MATERIALIZED (
  SELECT s.place::int
  FROM unnest(%b::bigint[], %b::text[], %b::text[], %b::text[])
       WITH ORDINALITY AS s(key_id, chatbot_id, name, support_email, place)
  JOIN chatbots_apikey k ON k.id = s.key_id AND k.revoked_at IS NULL
  JOIN chatbots_chatbot c ON c.id = s.chatbot_id AND c.account_id = k.account_id
    AND c.name = s.name AND c.support_email = s.support_email
), made AS (
  INSERT INTO chatbots_event
    (id, chatbot_id, type, occurred_at, chatlog_id, source, body, created_at)
  SELECT e.id, e.chatbot_id, e.type, e.occurred_at, e.chatlog_id, e.source, e.body, e.created_at
  FROM unnest(%b::int[], %b::text[], %b::text[], %b::text[], %b::timestamptz[], %b::text[],
              %b::text[], %b::bytea[], %b::timestamptz[])
       AS e(place, id, chatbot_id, type, occurred_at, chatlog_id, source, body, created_at)
  JOIN held ON held.place = e.place
)
SELECT place FROM held
"""


def insert(asked: Sequence[tuple[Standing, Sequence[Event]]]) -> list[bool]:
    """Insert events whose standing holds; says for each standing whether it did.

    It holds while the key is not revoked, and the chatbot is still its account's and has the name
    and support e-mail that the events' bytes were made from. Call it in a transaction.
    """
    if connection.vendor == "postgresql":
        return _insert_postgresql(asked)
    # A transaction is the only writer here: what is read in it holds until it ends.
    held = [_holds(standing) for standing, _ in asked]
    Event.objects.bulk_create(
        [event for (_, events), holds in zip(asked, held, strict=True) if holds for event in events]
    )
    return held


def _insert_postgresql(asked: Sequence[tuple[Standing, Sequence[Event]]]) -> list[bool]:
    # Requests of one key for one chatbot share their rows, and so their proof.
    standings: dict[tuple[int, int], tuple[int, Standing]] = {}
    rows: list[tuple[Any, ...]] = []
    places: list[int] = []
    for standing, events in asked:
        name = (id(standing.key), id(standing.chatbot))
        place, _ = standings.setdefault(name, (len(standings) + 1, standing))
        places.append(place)
        rows += [
            (
                place,
                event.pk,
                event.chatbot_id,
                event.type,
                event.occurred_at,
                event.chatlog_id,
                event.source,
                event.body,
                event.created_at,
            )
            for event in events
        ]
    proofs = [
        (one.key.pk, one.chatbot.pk, one.chatbot.name, one.chatbot.support_email)
        for _, one in standings.values()
    ]
    columns = [*map(list, zip(*proofs, strict=True)), *map(list, zip(*rows, strict=True))]
    held = {place for (place,) in prepared.run(INSERT, columns)}
    return [place in held for place in places]


def _holds(standing: Standing) -> bool:
    chatbot = standing.chatbot
    return (
        ApiKey.objects.filter(
            pk=standing.key.pk, account=chatbot.account_id, revoked_at=None
        ).exists()
        and Chatbot.objects.filter(
            pk=chatbot.pk,
            account=chatbot.account_id,
            name=chatbot.name,
            support_email=chatbot.support_email,
        ).exists()
    )
