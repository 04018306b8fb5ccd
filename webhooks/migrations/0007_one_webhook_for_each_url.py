"""One webhook for each URL, however it was typed."""

from __future__ import annotations

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from webhooks import destination
from webhooks.url_key import UrlKey


def tell_apart(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give each webhook its key. Of several to one URL, typed differently, the oldest has it: the
    others go on as they are, and are found out when somebody edits one."""
    rows = apps.get_model("webhooks", "Webhook").objects
    taken = set()
    for row in rows.order_by("pk").iterator():
        key = destination.key(row.url)
        once = (row.chatbot_id, key, row.event)
        if row.status != "deleted" and once in taken:
            key = destination.digest(f"{row.url} {row.pk}")
        elif row.status != "deleted":
            taken.add(once)
        # Once for each: PostgreSQL makes no index of what was changed twice in one transaction.
        rows.filter(pk=row.pk).update(url_key=key)


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0006_secrets_bound_to_their_rows")]

    operations = [
        migrations.AddField("webhook", "url_key", UrlKey(default="", editable=False, max_length=64)),
        migrations.RunPython(tell_apart, migrations.RunPython.noop),
        migrations.RemoveConstraint("webhook", "webhook_once"),
        migrations.AddConstraint(
            "webhook",
            models.UniqueConstraint(
                condition=models.Q(("status", "deleted"), _negated=True),
                fields=("chatbot", "url_key", "event"),
                name="webhook_once",
                violation_error_message=(
                    "This chatbot already sends this event to this URL. "
                    "Change the existing webhook instead."
                ),
            ),
        ),
    ]
