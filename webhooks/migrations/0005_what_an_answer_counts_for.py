"""A webhook's generation, and all secrets of the last day instead of one."""

from __future__ import annotations

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def keep_it(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    rows = apps.get_model("webhooks", "Webhook").objects.exclude(encrypted_previous_secret="")
    for row in rows.exclude(previous_secret_until=None).iterator():
        row.previous_secrets = [
            [row.encrypted_previous_secret, row.previous_secret_until.isoformat()]
        ]
        row.save(update_fields=["previous_secrets"])


def take_it_back(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    rows = apps.get_model("webhooks", "Webhook").objects.exclude(previous_secrets=[])
    for row in rows.iterator():
        row.encrypted_previous_secret, row.previous_secret_until = row.previous_secrets[0]
        row.save(update_fields=["encrypted_previous_secret", "previous_secret_until"])


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0004_how_long_and_until_when")]

    operations = [
        migrations.AddField(
            "webhook", "generation", models.PositiveIntegerField(default=0, db_default=0, editable=False)
        ),
        migrations.AddField(
            "webhook", "previous_secrets", models.JSONField(blank=True, default=list, editable=False)
        ),
        migrations.RunPython(keep_it, take_it_back),
        migrations.RemoveField("webhook", "encrypted_previous_secret"),
        migrations.RemoveField("webhook", "previous_secret_until"),
    ]
