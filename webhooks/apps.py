from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "webhooks"
    verbose_name = "Webhooks"

    def ready(self) -> None:
        from celery.signals import worker_shutting_down
        from django.db.models.signals import post_save

        from chatbots.events import event_recorded
        from webhooks import engine, outbox, settling

        worker_shutting_down.connect(engine.on_worker_shutting_down, weak=False)
        post_save.connect(
            settling.on_account_saved, sender="chatbots.Account", dispatch_uid="webhooks.settling"
        )
        event_recorded.connect(outbox.on_event_recorded, dispatch_uid="webhooks.outbox")
