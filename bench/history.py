"""Events delivered long ago: copies of a real delivery's rows, made by PostgreSQL itself."""

from __future__ import annotations

from django.db import connection, transaction
from django.db.models import Model

from chatbots.models import Event
from webhooks.models import Attempt, Delivery, Webhook

# The columns in which a copy differs; n is its number, w the webhook whose turn it is.
EVENT_ID = "'c' || lpad(n::text, 24, '0')"
OWN = {
    Event: {"id": EVENT_ID, "chatlog_id": "'h' || n / 10", "chatbot_id": "w.chatbot_id"},
    Delivery: {
        "id": "%(base)s + n",
        "event_id": EVENT_ID,
        "webhook_id": "w.id",
    },
    Attempt: {"delivery_id": "%(base)s + n"},
}
COPY = """
WITH turn AS (
  SELECT id, chatbot_id, endpoint_id, row_number() OVER (ORDER BY id) - 1 AS place
  FROM webhooks_webhook
)
INSERT INTO {table} ({columns})
SELECT {values}
FROM {table} old
CROSS JOIN generate_series(%(first)s::bigint, %(last)s::bigint) AS n
JOIN turn w ON w.place = n %% %(webhooks)s
WHERE old.{key} = %(key)s
"""
SET_SEQUENCE = """
SELECT setval(pg_get_serial_sequence('webhooks_delivery', 'id'), max(id)) FROM webhooks_delivery
"""


def copy(first: int, last: int) -> None:
    """Events number `first` to `last`, each with its delivery and its attempt, over all webhooks.

    They are as large as the first delivery's rows, which must have succeeded at once, and have
    whatever columns those have.
    """
    source = Delivery.objects.filter(status="succeeded").earliest("id")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
        for model, key in ((Event, "id"), (Delivery, "id"), (Attempt, "delivery_id")):
            given = {
                "key": source.event_id if model is Event else source.pk,
                # Past what was delivered before the first copy.
                "base": 1_000_000,
                "webhooks": Webhook.objects.count(),
                "first": first,
                "last": last,
            }
            cursor.execute(_statement(model, key), given)
        cursor.execute(SET_SEQUENCE)


def _statement(model: type[Model], key: str) -> str:
    own = OWN[model]
    columns = [field.column for field in model._meta.concrete_fields if field.column]
    return COPY.format(
        table=model._meta.db_table,
        columns=", ".join(f'"{column}"' for column in columns),
        values=", ".join(own.get(column, f'old."{column}"') for column in columns),
        key=key,
    )
