"""How a test that commits leaves its database: as Django's `flush` does, in a tenth of its time.

Django truncates every table and makes all permissions anew, which takes 120 ms on PostgreSQL.
A test has filled few tables with few rows: those are deleted, and the permissions stay.
"""

from __future__ import annotations

from typing import Any

from django.core.management.commands import flush
from django.db import connections, transaction

# What the migrations made, and no test changes.
STAYS = {"auth_permission", "django_content_type"}
# With more rows than this, a table is not emptied row by row.
MANY = 2000


class Command(flush.Command):
    def handle(self, **options: Any) -> None:
        connection = connections[options["database"]]
        names = connection.introspection.django_table_names(include_views=False)
        tables = [connection.ops.quote_name(name) for name in names if name not in STAYS]
        counts = [
            f"(SELECT count(*) FROM (SELECT 1 FROM {t} LIMIT {MANY + 1}) few)" for t in tables
        ]
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(counts)}")
            rows = dict(zip(tables, cursor.fetchone(), strict=True))
            if max(rows.values()) <= MANY:
                # What a row refers to is checked at the end, so their order does not matter.
                for table in filter(rows.get, tables):
                    cursor.execute(f"DELETE FROM {table}")
                return
        super().handle(**options)
