from __future__ import annotations

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def leave_room(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """All webhooks of a page may succeed at once: each row is written again into the same page."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE webhooks_webhook SET (fillfactor = 45)")


def take_it_back(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE webhooks_webhook SET (fillfactor = 70)")


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0003_room_beside_each_webhook")]

    operations = [migrations.RunPython(leave_room, take_it_back)]
