"""Event rows, many at once, each on the condition that the key and chatbot behind it still hold.

A standing holds while its key is not revoked, and its chatbot is still of the key's account and has
the name and support e-mail that the events' bytes were made from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from chatbots.models import ApiKey, Chatbot, Event
from chatbots.standing import Standing

# For PostgreSQL: parts of a WITH that insert events (`made`) if their standing holds (`held`, by
# place), to which whoever listens adds what goes with them (`asked` has the events' columns). One
# statement, so that nothing can come between the condition and the writing, and that neither costs
# a round trip of its own.
WRITE: Final = """
held AS MATERIALIZED (
  SELECT s.place::int, s.chatbot_id
  FROM unnest(%b::bigint[], %b::text[], %b::text[], %b::text[])
       WITH ORDINALITY AS s(key_id, chatbot_id, name, support_email, place)
  JOIN chatbots_apikey k ON k.id = s.key_id AND k.revoked_at IS NULL
  JOIN chatbots_chatbot c ON c.id = s.chatbot_id AND c.account_id = k.account_id
    AND c.name = s.name AND c.support_email = s.support_email
), asked AS MATERIALIZED (
  SELECT e.id, held.chatbot_id, e.type, e.occurred_at, e.chatlog_id, e.source, e.body, e.number
  FROM unnest(%b::int[], %b::text[], %b::text[], %b::timestamptz[], %b::text[], %b::text[],
              %b::bytea[])
       WITH ORDINALITY AS e(place, id, type, occurred_at, chatlog_id, source, body, number)
  JOIN held ON held.place = e.place
), made AS (
  INSERT INTO chatbots_event
    (id, chatbot_id, type, occurred_at, chatlog_id, source, body, created_at)
  SELECT id, chatbot_id, type, occurred_at, chatlog_id, source, body, now() FROM asked
)
"""


class Parameters(NamedTuple):
    """The parameters of WRITE, and of each of the events' groups the place of its standing."""

    columns: list[list[Any]]
    places: list[int]


def parameters(asked: Sequence[tuple[Standing, Sequence[Event]]]) -> Parameters:
    """What WRITE takes to insert these events."""
    # Requests of one key for one chatbot share their rows, and so their proof.
    standings: dict[tuple[int, int], tuple[int, Standing]] = {}
    rows: list[tuple[Any, ...]] = []
    places: list[int] = []
    for standing, events in asked:
        name = (id(standing.key), id(standing.chatbot))
        place, _ = standings.setdefault(name, (len(standings) + 1, standing))
        places.append(place)
        rows += [
            (place, e.pk, e.type, e.occurred_at, e.chatlog_id, e.source, e.body) for e in events
        ]
    proofs = [
        (one.key.pk, one.chatbot.pk, one.chatbot.name, one.chatbot.support_email)
        for _, one in standings.values()
    ]
    return Parameters(
        [*map(list, zip(*proofs, strict=True)), *map(list, zip(*rows, strict=True))], places
    )


def insert(asked: Sequence[tuple[Standing, Sequence[Event]]]) -> list[bool]:
    """For SQLite: insert events whose standing holds; says for each standing whether it did.

    Call it in a transaction, which is the only writer there: what it reads holds until its end.
    """
    held = [_holds(standing) for standing, _ in asked]
    Event.objects.bulk_create(
        [event for (_, events), holds in zip(asked, held, strict=True) if holds for event in events]
    )
    return held


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
