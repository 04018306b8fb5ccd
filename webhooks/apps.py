from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "webhooks"
    verbose_name = "Webhooks"

    def ready(self) -> None:
        from celery.signals import worker_shutting_down

        from chatbots.events import event_recorded
        from webhooks import engine, outbox

        worker_shutting_down.connect(engine.on_worker_shutting_down, weak=False)
        event_recorded.connect(outbox.on_event_recorded, dispatch_uid="webhooks.outbox")
