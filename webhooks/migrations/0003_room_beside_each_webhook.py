from __future__ import annotations

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def leave_room(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """A webhook's row is written again with its successes. Where its page has room for that, none
    of the table's indexes has to change; and all webhooks of a page may succeed at once."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE webhooks_webhook SET (fillfactor = 45)")


def take_it_back(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE webhooks_webhook RESET (fillfactor)")


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0002_settling_and_recovery")]

    operations = [migrations.RunPython(leave_room, take_it_back)]
