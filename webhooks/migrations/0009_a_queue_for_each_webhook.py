from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Now


def fill(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Each delivery's account, and what it waits for."""
    Delivery = apps.get_model("webhooks", "Delivery")
    Webhook = apps.get_model("webhooks", "Webhook")
    account = Webhook.objects.filter(pk=OuterRef("webhook_id")).values("chatbot__account_id")[:1]
    Delivery.objects.update(account_id=Subquery(account))
    pending = Delivery.objects.filter(status="pending")
    pending.filter(due_at__gt=Now()).update(wait="time")
    pending.filter(lease_until__isnull=False).update(wait="lease")
    # Whatever waited for its conversation is looked at anew.
    pending.filter(failures=0, lease_until=None).update(wait="", due_at=F("created_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("chatbots", "0010_request_counts"),
        ("webhooks", "0008_who_tells_them"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="delivery", name="delivery_due"),
        *(
            operation
            for model in ("webhook",)
            for operation in (
                migrations.AddField(
                    model,
                    "held_since",
                    models.DateTimeField(editable=False, null=True),
                ),
                migrations.AddField(
                    model,
                    "held_until",
                    models.DateTimeField(editable=False, null=True),
                ),
                migrations.AddField(
                    model,
                    "held_pause_seconds",
                    models.PositiveIntegerField(db_default=0, default=0, editable=False),
                ),
                migrations.AddField(
                    model,
                    "held_reason",
                    models.CharField(
                        blank=True, db_default="", default="", editable=False, max_length=100
                    ),
                ),
            )
        ),
        migrations.AlterField(
            "endpoint",
            "held_pause_seconds",
            models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AlterField(
            "endpoint",
            "held_reason",
            models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=100
            ),
        ),
        migrations.AddField(
            "delivery",
            "account",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="chatbots.account",
            ),
        ),
        migrations.AddField(
            "delivery",
            "wait",
            models.CharField(
                blank=True,
                choices=[
                    ("", "Nothing"),
                    ("time", "A time"),
                    ("lease", "Its answer"),
                    ("turn", "Its turn"),
                ],
                default="",
                max_length=5,
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(
            "delivery",
            "account",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="chatbots.account",
            ),
        ),
        migrations.RemoveField("delivery", "lane"),
        migrations.RunPython(
            lambda apps, editor: apps.get_model("webhooks", "Unsettled").objects.all().delete(),
            migrations.RunPython.noop,
        ),
        migrations.RemoveConstraint("unsettled", "unsettled_once"),
        migrations.RemoveField("unsettled", "lane"),
        migrations.AlterField(
            "unsettled",
            "webhook",
            models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="webhooks.webhook",
            ),
        ),
        migrations.AddIndex(
            "delivery",
            models.Index(
                condition=Q(("status", "pending"), ("wait", "")),
                fields=["account", "webhook", "due_at"],
                name="delivery_ready",
            ),
        ),
        migrations.AddIndex(
            "delivery",
            models.Index(
                condition=Q(("status", "pending"), ("wait__in", ["time", "turn"])),
                fields=["due_at"],
                name="delivery_waiting",
            ),
        ),
        migrations.AddIndex(
            "delivery",
            models.Index(
                condition=Q(("status", "pending"), ("wait", "lease")),
                fields=["due_at"],
                name="delivery_leased",
            ),
        ),
        migrations.AddIndex(
            "delivery",
            models.Index(
                condition=Q(("failures__gt", 0), ("status", "pending"), ("wait", "time")),
                fields=["webhook", "id"],
                name="delivery_retry",
            ),
        ),
    ]
